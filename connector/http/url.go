package http

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// target is one URL that requests go to, as configured. It is immutable.
type target struct {
	template expression.Template
	fixed    place  // when the template holds no expression
	whole    bool   // the template is one expression, and its value is the URL
	origin   string // scheme://host:port where that is fixed, else empty
}

const (
	templateOpen  = "{{"
	templateClose = "}}"
)

// newTarget checks what can be known of a URL before there is a record.
func newTarget(template expression.Template) (*target, error) {
	t := &target{template: template}
	text := template.String()
	if constant, ok := template.Constant(); ok {
		fixed, err := parseURL(constant)
		if err != nil {
			return nil, err
		}
		t.fixed, t.origin = placeOf(fixed), originOf(fixed)
		return t, nil
	}
	trimmed := strings.TrimSpace(text)
	head, _, _ := strings.Cut(text, templateOpen)
	if strings.HasPrefix(trimmed, templateOpen) && strings.HasSuffix(trimmed, templateClose) &&
		strings.Count(trimmed, templateOpen) == 1 {
		t.whole = true
		return t, nil
	}
	scheme, rest, ok := strings.Cut(head, "://")
	if !ok || !httpScheme(scheme) {
		return nil, errors.New("must begin with http:// or https://, or be one expression alone whose value is the URL")
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		fixed, err := parseURL(scheme + "://" + rest[:end])
		if err != nil {
			return nil, err
		}
		t.origin = originOf(fixed)
	}
	return t, nil
}

// resolve returns the URL for the record that scope shows, not to be changed. A value that comes from the record
// stays within the part of the URL where its expression stands. The error is of class invalid.
func (t *target) resolve(scope *expression.Scope) (place, error) {
	if t.fixed.url != nil {
		return t.fixed, nil
	}
	text, err := t.render(scope)
	if err != nil {
		return place{}, invalid("url: %w", err)
	}
	resolved, err := parseURL(text)
	if err != nil {
		return place{}, invalid("url: %w", err)
	}
	return placeOf(resolved), nil
}

// place is a URL, never changed, with what a connection needs of it.
type place struct {
	url     *url.URL
	uri     string // what stands in the first line of a request
	address string // host:port
}

func placeOf(u *url.URL) place {
	return place{url: u, uri: u.RequestURI(), address: addressOf(u)}
}

func (t *target) render(scope *expression.Scope) (string, error) {
	if t.whole {
		text, err := t.template.Render(scope)
		return strings.TrimSpace(text), err
	}
	return t.template.RenderWith(scope, escapeURL)
}

// escapeURL makes value fit for the place in a URL that follows before.
func escapeURL(before, value string) (string, error) {
	_, rest, _ := strings.Cut(before, "://")
	switch {
	case strings.ContainsAny(rest, "?#"):
		return url.QueryEscape(value), nil
	case strings.Contains(rest, "/"):
		return url.PathEscape(value), nil
	}
	if i := strings.IndexFunc(value, notInHost); i >= 0 || value == "" {
		return "", fmt.Errorf("%q cannot stand in the host of a URL", connector.Bound(value, 64))
	}
	return value, nil
}

func notInHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != ':'
}

// parseURL reads an absolute http or https URL without user information and fragment. Segments . and .. are
// refused, since the peer might leave with them the path that was configured.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The text of the error is not passed on: it repeats the URL, which may hold a secret.
		return nil, errors.New("not a URL such as https://host/path")
	}
	host := u.Hostname()
	switch {
	case !httpScheme(u.Scheme):
		return nil, errors.New("must begin with http:// or https://")
	case u.User != nil:
		return nil, errors.New("must not hold a user or a password; use auth")
	case !validHost(host):
		return nil, errors.New("has no valid host")
	case !validPort(u.Port()):
		return nil, errors.New("has no valid port")
	case hasDotSegment(u.Path):
		return nil, errors.New("must not hold a path segment that is one or two dots")
	}
	u.Fragment, u.RawFragment, u.RawQuery = "", "", escapeQuery(u.RawQuery)
	return u, nil
}

// escapeQuery escapes what may not stand in the first line of a request, such as the space that ends the target there. The rest of a
// URL net/url escapes by itself.
func escapeQuery(query string) string {
	isPlain := func(c byte) bool { return c > ' ' && c < 0x7f }
	for i := range len(query) {
		if isPlain(query[i]) {
			continue
		}
		var escaped strings.Builder
		for i := range len(query) {
			if c := query[i]; isPlain(c) {
				escaped.WriteByte(c)
			} else {
				escaped.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
			}
		}
		return escaped.String()
	}
	return query
}

func httpScheme(scheme string) bool { return scheme == "http" || scheme == "https" }

func validHost(host string) bool {
	if strings.Contains(host, ":") {
		return net.ParseIP(host) != nil || strings.Contains(host, "%") // IPv6, perhaps with a zone
	}
	return host != "" && host[0] != '.' && !strings.Contains(host, "..") && !strings.ContainsFunc(host, func(r rune) bool {
		return r < 0x80 && r != '_' && notInHost(r)
	})
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func hasDotSegment(path string) bool {
	if !strings.Contains(path, "/.") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// originOf returns scheme://host:port, the default destination.
func originOf(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// invalid says that a record cannot be sent as it is. Nothing was sent.
func invalid(format string, args ...any) *connector.AttemptError {
	err := fmt.Errorf(format, args...)
	return &connector.AttemptError{Class: connector.Invalid, Err: err, Detail: connector.Bound(legible(err.Error()), maxDetail)}
}
