package credential

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The forms in which AWS Signature Version 4 signs the parts of a request: "Create a signed AWS API request" of the AWS documentation,
// section "Create a canonical request".

// canonicalPath resolves dots and double slashes, and escapes what it is given once more: the path of a URL is escaped already,
// and for all services but S3 it is signed escaped twice.
func canonicalPath(path string) string {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			segments = segments[:max(len(segments)-1, 0)]
		default:
			segments = append(segments, escape(segment))
		}
	}
	clean := "/" + strings.Join(segments, "/")
	if len(segments) > 0 && endsInFolder(path) {
		clean += "/"
	}
	return clean
}

func endsInFolder(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
}

var errQuery = errors.New("credential: the query of the URL has a % that is no escape")

// canonicalQuery sorts the parameters by name and value and escapes them in one way.
func canonicalQuery(raw string) (string, error) {
	type parameter struct{ name, value string }
	var parameters []parameter
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		plainName, nameErr := url.QueryUnescape(name)
		plainValue, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return "", errQuery
		}
		parameters = append(parameters, parameter{escape(plainName), escape(plainValue)})
	}
	slices.SortFunc(parameters, func(a, b parameter) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var sorted strings.Builder
	for i, p := range parameters {
		if i > 0 {
			sorted.WriteByte('&')
		}
		sorted.WriteString(p.name + "=" + p.value)
	}
	return sorted.String(), nil
}

// escape writes all but letters, digits and -._~ as %XX.
func escape(text string) string {
	const digits = "0123456789ABCDEF"
	var escaped strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			escaped.WriteByte(c)
			continue
		}
		escaped.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return escaped.String()
}

// unsigned are headers that are set or changed after a request was signed.
func unsigned(name string) bool {
	switch name {
	case "authorization", "user-agent", "x-amzn-trace-id", "accept-encoding", "connection", "content-length", "expect", "host", "te", "traceparent",
		"tracestate", "transfer-encoding":
		return true
	}
	return false
}

// canonicalHeaders returns the names of the headers that are signed, sorted, and the headers, one a line.
func canonicalHeaders(host string, header http.Header) (names, block string) {
	lines := map[string]string{"host": host}
	signed := []string{"host"}
	for name, values := range header {
		name = strings.ToLower(name)
		if unsigned(name) || len(values) == 0 {
			continue
		}
		trimmed := make([]string, len(values))
		for i, value := range values {
			trimmed[i] = strings.Join(strings.Fields(value), " ")
		}
		lines[name] = strings.Join(trimmed, ",")
		signed = append(signed, name)
	}
	slices.Sort(signed)
	var text strings.Builder
	for _, name := range signed {
		text.WriteString(name + ":" + lines[name] + "\n")
	}
	return strings.Join(signed, ";"), text.String()
}
