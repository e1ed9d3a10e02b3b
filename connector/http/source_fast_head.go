package http

import (
	"bytes"
	"strings"

	"github.com/acktor/acktor/connector"
)

// headKind says what has come of a request.
type headKind int

const (
	headNone       headKind = iota // nothing, and the connection is to be closed
	headUnfinished                 // the beginning of what may be a head of the usual kind
	headUsual                      // a whole one
	headOther                      // one for net/http
)

const (
	maxUsualHeaders = 64
	maxUsualDigits  = 15 // of a Content-Length
)

// fastHead reads the head of a request of the usual kind: HTTP/1.1, one of a few methods, a path and headers of plain
// letters, one Host, the length of the body said once or not at all, nothing that needs a second thought. What is
// usual means the same here and in net/http; all else is headOther.
//
// The head stays in the buffer of its connection. It is good until more than the head is read from there.
type fastHead struct {
	bytes   []byte // what there is of it; of a whole one, all of it
	end     int    // of the lines that were read
	wanted  span   // the target
	host    span   // empty: none yet
	method  string // empty: the request line was not read yet
	length  int64  // of the body; 0 when it is not said
	sized   bool   // the length is said
	closes  bool   // the client wants the connection to end
	headers [maxUsualHeaders]headerSpan
	count   int // of headers
}

// span is a part of the head.
type span struct{ from, to int }

// headerSpan is a header that belongs to the record.
type headerSpan struct{ name, value span }

func (h *fastHead) reset() {
	h.bytes, h.end, h.method, h.length, h.sized, h.closes, h.count = nil, 0, "", 0, false, false, 0
	h.wanted, h.host = span{}, span{}
}

// read goes on where it ended the last time; here begins with the head.
func (h *fastHead) read(here []byte) headKind {
	h.bytes = here
	for {
		n := bytes.IndexByte(here[h.end:], '\n')
		if n < 0 {
			return headUnfinished
		}
		from, to := h.end, h.end+n-1
		if n == 0 || here[to] != '\r' {
			return headOther
		}
		h.end += n + 1
		switch {
		case h.method == "":
			if !h.first(from, to) {
				return headOther
			}
		case from == to:
			h.bytes = here[:h.end]
			if h.host == (span{}) {
				return headOther
			}
			return headUsual
		case !h.line(from, to):
			return headOther
		}
	}
}

// first reads the request line.
func (h *fastHead) first(from, to int) bool {
	line := h.bytes[from:to]
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	if string(version) != "HTTP/1.1" || !usualTarget(target) {
		return false
	}
	start := from + len(method) + 1
	h.wanted = span{start, start + len(target)}
	switch string(method) {
	case "POST":
		h.method = "POST"
	case "PUT":
		h.method = "PUT"
	case "PATCH":
		h.method = "PATCH"
	case "DELETE":
		h.method = "DELETE"
	case "GET":
		h.method = "GET"
	}
	return h.method != ""
}

// usualTarget says whether a target is a path, perhaps with a query, in which nothing is encoded.
func usualTarget(target []byte) bool {
	path, query, _ := bytes.Cut(target, []byte("?"))
	if len(path) == 0 || path[0] != '/' || len(path) > 1 && path[1] == '/' {
		return false
	}
	for _, c := range path {
		if !alphanumeric(c) && c != '/' && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	for _, c := range query {
		if c <= ' ' || c > '~' || c == '#' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// line reads the line of a header.
func (h *fastHead) line(from, to int) bool {
	colon := bytes.IndexByte(h.bytes[from:to], ':')
	if colon <= 0 {
		return false
	}
	name, value := span{from, from + colon}, span{from + colon + 1, to}
	for value.from < value.to && blank(h.bytes[value.from]) {
		value.from++
	}
	for value.from < value.to && blank(h.bytes[value.to-1]) {
		value.to--
	}
	if !usualName(h.in(name)) || !usualValue(h.in(value)) {
		return false
	}
	return h.take(name, value)
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

func (h *fastHead) in(s span) []byte { return h.bytes[s.from:s.to] }

// take takes a header in.
func (h *fastHead) take(name, value span) bool {
	text := h.in(name)
	switch text[0] | 0x20 { // few names need a closer look
	case 'c':
		switch {
		case is(text, "Content-Length"):
			return h.size(h.in(value))
		case is(text, "Connection"):
			ends := is(h.in(value), "close")
			h.closes = h.closes || ends
			return ends || is(h.in(value), "keep-alive")
		case is(text, "Close"): // which Connection: close would make one of the connection
			return false
		}
	case 'h':
		switch {
		case is(text, "Host"):
			first := h.host == span{}
			h.host = value
			return first && usualHost(h.in(value))
		case is(text, "HTTP2-Settings"):
			return false
		}
	case 'e', 'k', 'p', 't', 'u':
		if ofConnection(text) {
			return false
		}
	}
	if h.count == len(h.headers) {
		return false
	}
	h.headers[h.count] = headerSpan{name, value}
	h.count++
	return true
}

// ofConnection says whether a header is about the connection or the framing (see perConnection), or, as Pragma, has a
// meaning of its own to net/http.
func ofConnection(name []byte) bool {
	return is(name, "Transfer-Encoding") || is(name, "TE") || is(name, "Trailer") || is(name, "Expect") || is(name, "Upgrade") ||
		is(name, "Keep-Alive") || is(name, "Pragma") || len(name) > 6 && is(name[:6], "Proxy-")
}

// size reads a Content-Length.
func (h *fastHead) size(value []byte) bool {
	if h.sized || len(value) == 0 || len(value) > maxUsualDigits {
		return false
	}
	h.sized = true
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
		h.length = h.length*10 + int64(c-'0')
	}
	return true
}

func usualHost(host []byte) bool {
	for _, c := range host {
		if !alphanumeric(c) && c != '.' && c != '-' && c != ':' && c != '_' && c != '[' && c != ']' {
			return false
		}
	}
	return len(host) > 0
}

// path returns the path of the request; it costs no memory when it is the wanted one.
func (h *fastHead) path(wanted string) string {
	path, _, _ := bytes.Cut(h.in(h.wanted), []byte("?"))
	if string(path) == wanted {
		return wanted
	}
	return string(path)
}

func (h *fastHead) target() (host, path, query string) {
	path, query, _ = strings.Cut(string(h.in(h.wanted)), "?")
	return string(h.in(h.host)), path, query
}

// recordHeaders makes two allocations: one for the list, one for all the text.
func (h *fastHead) recordHeaders() connector.Headers {
	size := 0
	for i := range h.headers[:h.count] {
		header := &h.headers[i]
		size += header.name.to - header.name.from + header.value.to - header.value.from
	}
	var text strings.Builder
	text.Grow(size)
	headers := make(connector.Headers, h.count)
	for i := range headers {
		name, value := h.in(h.headers[i].name), h.in(h.headers[i].value)
		start := text.Len()
		for _, c := range name {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			_ = text.WriteByte(c)
		}
		_, _ = text.Write(value)
		here := text.String()[start:]
		headers[i] = connector.Header{Name: here[:len(name)], Value: here[len(name):]}
	}
	sortByName(headers)
	return headers
}
