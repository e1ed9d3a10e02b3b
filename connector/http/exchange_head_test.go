package http

import (
	"bufio"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
)

var allWanted = []keptHeader{{"Content-Type", "content-type"}, {"X-A", "x-a"}, {"Location", "location"}, {"Cache-Control", "cache-control"}}

func lineWith(answer string) *line {
	l := &line{room: 1 << 20}
	l.reader = bufio.NewReaderSize(strings.NewReader(answer), firstRead)
	return l
}

// asNetHTTP returns in words what package net/http understands of an answer, if it reads it to its end.
func asNetHTTP(answer string) string {
	l := lineWith(answer)
	response, err := nethttp.ReadResponse(l.reader, nil)
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprint(response.StatusCode, response.Close)
	for _, w := range allWanted {
		for _, value := range response.Header[w.canonical] {
			text += fmt.Sprintf(" %s=%q", w.lower, value)
		}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	rest, _ := io.ReadAll(l.reader)
	return fmt.Sprintf("%s %q %q", text, body, rest)
}

// asUsual does so for the quick way; "" when it leaves the answer alone.
func asUsual(answer string) string {
	l := lineWith(answer)
	l.values[0], l.values[1] = "of the answer", "before"
	response, err := l.readUsual(allWanted, 1<<20, true)
	if response == nil || err != nil {
		return ""
	}
	text := fmt.Sprint(response.Status, false)
	for _, h := range response.Headers {
		text += fmt.Sprintf(" %s=%q", h.Name, h.Value)
	}
	rest, _ := io.ReadAll(l.reader)
	return fmt.Sprintf("%s %q %q", text, response.Body, rest)
}

// isUsual reports whether an answer is read without net/http.
func isUsual(answer string) bool { return asUsual(answer) != "" }

func TestUsualAnswersAreReadQuickly(t *testing.T) {
	for answer, usual := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\r\nok": true,
		"HTTP/1.1 204 No Content\r\n\r\n":                                     true,
		"HTTP/1.1 503\r\ncontent-length:0\r\nConnection: Keep-Alive\r\n\r\n":  true,
		"HTTP/1.1 200 OK\r\n\r\n":                                             false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":      false,
		"HTTP/1.1 100 Continue\r\n\r\n":                                       false,
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n":                        false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n":   false,
	} {
		if isUsual(answer) != usual {
			t.Errorf("%q is usual: %t", answer, !usual)
		}
	}
}

func FuzzUsualAnswersMeanWhatNetHTTPSays(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a:  2 \r\n\r\nok", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 999\r\nPragma: no-cache\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 O\rK\r\nContent-Length: 10\r\n\r\nshort",
		"HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\nHTTP", "HTTP/1.1 200 OK\nX-A: y\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 007\r\nTrailer: X\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
	} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if !isUsual(answer) {
			return
		}
		if got, want := asUsual(answer), asNetHTTP(answer); got != want {
			t.Errorf("%q means %s, to net/http %s", answer, got, want)
		}
	})
}

func TestUsualAnswerKeepsNoMoreOfItsBodyThanIsWanted(t *testing.T) {
	l := lineWith("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcdeHTTP")
	response, err := l.readUsual(allWanted, 3, true)
	rest, _ := io.ReadAll(l.reader)
	if err != nil || string(response.Body) != "abc" || !response.Truncated || string(rest) != "HTTP" {
		t.Errorf("kept %+v, %v, left %q", response, err, rest)
	}
}
