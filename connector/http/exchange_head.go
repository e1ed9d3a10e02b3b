package http

import (
	"bytes"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
)

// headOf reads the head of an answer of the usual kind: HTTP/1.1, final, without anything strange, with the length of its
// body, and here already. Of its headers it returns those that are wanted. For every other kind the response is nil and
// nothing is read: that is for net/http.
func (l *line) headOf(wanted []keptHeader) (*nethttp.Response, error) {
	if _, err := l.reader.Peek(1); err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	here, _ := l.reader.Peek(l.reader.Buffered())
	end := bytes.Index(here, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, nil
	}
	h := head{length: -1, header: make(nethttp.Header, 1)}
	first, rest, _ := bytes.Cut(here[:end+2], []byte("\r\n"))
	if !h.first(first) || !h.others(rest, wanted) || !h.framed() {
		return nil, nil
	}
	_, _ = l.reader.Discard(end + 4)
	response := &nethttp.Response{StatusCode: h.status, Header: h.header, ContentLength: h.length, Body: nethttp.NoBody}
	if h.length > 0 {
		response.Body = io.NopCloser(&counted{l.reader, h.length})
	}
	return response, nil
}

// head is what is known of an answer. Its methods return false where it is not of the usual kind.
type head struct {
	status int
	length int64 // -1: unknown
	header nethttp.Header
}

const version = "HTTP/1.1 "

// first reads the line with the status.
func (h *head) first(line []byte) bool {
	if len(line) < len(version)+3 || string(line[:len(version)]) != version || bytes.IndexByte(line, '\n') >= 0 {
		return false
	}
	status, after := line[len(version):len(version)+3], line[len(version)+3:]
	if !digits(string(status)) || status[0] < '2' || len(after) > 0 && after[0] != ' ' {
		return false
	}
	h.status, _ = strconv.Atoi(string(status))
	return true
}

// others reads the lines of headers.
func (h *head) others(lines []byte, wanted []keptHeader) bool {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte("\r\n"))
		name, value, found := bytes.Cut(line, []byte(":"))
		value = bytes.Trim(value, " \t")
		if !found || !usualName(name) || !usualValue(value) || !h.one(name, value, wanted) {
			return false
		}
		lines = rest
	}
	return true
}

// one takes a header in.
func (h *head) one(name, value []byte, wanted []keptHeader) bool {
	switch {
	case is(name, "Content-Length"):
		n, err := strconv.ParseInt(string(value), 10, 64)
		if h.length >= 0 || err != nil || !digits(string(value)) {
			return false
		}
		h.length = n
	case is(name, "Connection"):
		return is(value, "keep-alive")
	case is(name, "Transfer-Encoding"), is(name, "Trailer"), is(name, "Pragma"):
		return false
	}
	for i := range wanted {
		if is(name, wanted[i].lower) {
			h.header[wanted[i].canonical] = append(h.header[wanted[i].canonical], string(value))
		}
	}
	return true
}

// framed reports whether the end of the answer is known (RFC 9112, section 6.3).
func (h *head) framed() bool {
	if h.status == nethttp.StatusNoContent || h.status == nethttp.StatusNotModified {
		h.length = 0
	}
	return h.length >= 0
}

func is(text []byte, name string) bool {
	return len(text) == len(name) && strings.EqualFold(string(text), name)
}

func usualName(name []byte) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(name) > 0
}

func usualValue(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// counted is a body whose length is known.
type counted struct {
	from io.Reader
	left int64
}

// Read tells the end together with the last bytes.
func (c *counted) Read(into []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.from.Read(into[:min(int64(len(into)), c.left)])
	c.left -= int64(n)
	switch {
	case err == io.EOF && c.left > 0:
		err = io.ErrUnexpectedEOF
	case err == nil && c.left == 0:
		err = io.EOF
	}
	return n, err
}
