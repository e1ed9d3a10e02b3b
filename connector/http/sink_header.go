package http

import (
	"errors"
	"fmt"
	"maps"
	nethttp "net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/expression"
)

// headerSet is the headers of every request of a sink: those that are the same each time, made once, and
// those that depend on the record.
type headerSet struct {
	host    string // the Host header, when it is configured
	static  fields
	dynamic []headerTemplate
}

type headerTemplate struct {
	name     string // as in headerName
	template expression.Template
}

// reserved are the headers that belong to the connection, or to the message's framing.
var reserved = [...]string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// headerName is the key of a header in a request. Package net/http sends a request again by itself when it has one of
// two headers, looked up by their canonical name; on the wire the case of a name has no meaning.
func headerName(name string) string {
	switch name = nethttp.CanonicalHeaderKey(name); name {
	case "Idempotency-Key", "X-Idempotency-Key":
		return strings.ToLower(name)
	}
	return name
}

// newHeaderSet checks the keys headers and idempotency_header.
func newHeaderSet(config *SinkConfig) (*headerSet, error) {
	h := &headerSet{static: fields{{"User-Agent", "acktor"}}}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(config.Headers)) {
		if err := h.add(name, config.Headers[name]); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if name := config.IdempotencyHeader; name != "" {
		if err := checkHeaderName("idempotency_header", name); err != nil {
			mistakes = append(mistakes, err)
		} else if h.has(name) {
			mistakes = append(mistakes, wrong("idempotency_header", fmt.Sprintf("%s is set in headers as well", name), "leave one of them out"))
		}
	}
	mistakes = append(mistakes, h.leaveRoom(config))
	return h, errors.Join(mistakes...)
}

func (h *headerSet) add(name string, template expression.Template) error {
	key := "headers." + name
	constant, isConstant := template.Constant()
	if strings.EqualFold(name, "Host") {
		if !isConstant || !httpguts.ValidHostHeader(constant) {
			return wrong(key, "must be a fixed host", "use the URL for a host that varies")
		}
		h.host = constant
		return nil
	}
	if err := checkHeaderName(key, name); err != nil {
		return err
	}
	if h.has(name) && headerName(name) != "User-Agent" {
		return wrong(key, "is there twice", "")
	}
	if !isConstant {
		h.static.remove(headerName(name))
		h.dynamic = append(h.dynamic, headerTemplate{headerName(name), template})
		return nil
	}
	if !httpguts.ValidHeaderFieldValue(constant) {
		return wrong(key, "holds a character that a header cannot carry", "")
	}
	h.static.put(headerName(name), constant)
	return nil
}

func checkHeaderName(key, name string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return wrong(key, fmt.Sprintf("%q is no name of a header", name), "")
	}
	if slices.Contains(reserved[:], nethttp.CanonicalHeaderKey(name)) || strings.EqualFold(name, "Host") {
		return wrong(key, fmt.Sprintf("%s belongs to the connection and cannot be set", name), "")
	}
	return nil
}

// leaveRoom refuses headers that auth sets.
func (h *headerSet) leaveRoom(config *SinkConfig) error {
	for _, name := range authHeaders(config.Auth) {
		for given := range config.Headers {
			if strings.EqualFold(name, given) {
				return wrong("headers."+given, "is set by auth as well", "leave one of them out")
			}
		}
		if strings.EqualFold(name, config.IdempotencyHeader) {
			return wrong("idempotency_header", name+" is set by auth as well", `write another, or "" for none`)
		}
	}
	return nil
}

// has reports whether config sets the header.
func (h *headerSet) has(name string) bool {
	name = headerName(name)
	_, ok := h.static.find(name)
	return ok || slices.ContainsFunc(h.dynamic, func(d headerTemplate) bool { return d.name == name })
}

// render appends to header, which is empty, the headers for the record that scope shows.
func (h *headerSet) render(scope *expression.Scope, header fields) (fields, error) {
	header = append(header, h.static...)
	for _, d := range h.dynamic {
		value, err := d.template.Render(scope)
		if err != nil {
			return header, invalid("header %s: %w", d.name, err)
		}
		if err := header.set(d.name, value); err != nil {
			return header, err
		}
	}
	header.setDefault("User-Agent", "") // when one was rendered to nothing: or net/http names itself
	return header, nil
}
