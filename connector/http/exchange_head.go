package http

import (
	"bytes"
	"io"
	"math"
	nethttp "net/http"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
)

// readUsual reads an answer of the usual kind: HTTP/1.1, final, no redirect, without anything strange, and small enough
// for the reader's buffer. Of its headers it keeps those that are wanted, of its body no more than most. For every other
// kind the response is nil and nothing is read: that is for net/http. It waits for the body only if it may.
func (l *line) readUsual(wanted []keptHeader, most int, wait bool) (*connector.Response, error) {
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
	h := head{length: -1}
	first, rest, _ := bytes.Cut(here[:end+2], []byte(crlf))
	if !h.first(first) || !h.others(rest, len(first)+len(crlf)) || !h.framed() || h.length > int64(l.reader.Size()-end-4) {
		return nil, nil
	}
	whole := end + 4 + int(h.length)
	if len(here) < whole {
		if !wait {
			return nil, nil
		}
		if here, _ = l.reader.Peek(whole); len(here) < whole {
			return nil, nil // it broke off: net/http says how
		}
	}
	response := l.keep(&h, here, wanted)
	if body := here[end+4 : whole]; len(body) > 0 {
		response.Truncated = len(body) > most
		response.Body = bytes.Clone(body[:min(len(body), most)])
	}
	_, _ = l.reader.Discard(whole)
	l.room = math.MaxInt64
	return response, nil
}

// keep makes a response with the headers that are wanted, in the order in which they are.
func (l *line) keep(h *head, text []byte, wanted []keptHeader) *connector.Response {
	kept := &struct {
		connector.Response
		headers [2]connector.Header
	}{Response: connector.Response{Status: h.status}}
	kept.Headers = kept.headers[:0]
	sum := 0
	for w := range wanted {
		for _, line := range h.lines[:h.n] {
			name, value := line.in(text)
			if !is(name, wanted[w].lower) {
				continue
			}
			if sum += len(value); sum > maxHeaderSum {
				return &kept.Response
			}
			kept.Headers = append(kept.Headers, connector.Header{Name: wanted[w].lower, Value: l.text(w, value)})
		}
	}
	if len(kept.Headers) == 0 {
		kept.Headers = nil
	}
	return &kept.Response
}

// text returns value as a string, the same one as for the answer before where it is equal.
func (l *line) text(w int, value []byte) string {
	if w >= len(l.values) {
		return string(value)
	}
	if l.values[w] != string(value) {
		l.values[w] = string(value)
	}
	return l.values[w]
}

// head is what is known of an answer. Its methods return false where it is not of the usual kind.
type head struct {
	status int
	length int64 // -1: unknown
	lines  [mostLines]headerLine
	n      int
}

// mostLines is how many headers an answer of the usual kind has at most, besides its length.
const mostLines = 24

// headerLine is where in the text of an answer a header stands.
type headerLine struct{ at, name, value uint16 }

func (h headerLine) in(text []byte) (name, value []byte) {
	line := text[h.at : h.at+h.value]
	return line[:h.name], bytes.Trim(line[h.name+1:], " \t")
}

const crlf = "\r\n"

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
	return h.status < 300 || h.status > 399 // a redirect may be followed
}

// others reads the lines of headers, of which at is where they begin in the text.
func (h *head) others(lines []byte, at int) bool {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte(crlf))
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return false
		}
		name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
		if !usualName(name) || !usualValue(value) || !h.one(name, value) {
			return false
		}
		if h.n == len(h.lines) {
			return false
		}
		h.lines[h.n] = headerLine{at: uint16(at), name: uint16(colon), value: uint16(len(line))}
		h.n++
		at += len(line) + len(crlf)
		lines = rest
	}
	return true
}

// one takes in a header that says how the answer is to be read.
func (h *head) one(name, value []byte) bool {
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
