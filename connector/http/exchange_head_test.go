package http

import (
	"bufio"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/iotest"
)

var allWanted = []keptHeader{{"Content-Type", "content-type"}, {"X-A", "x-a"}, {"Location", "location"}, {"Cache-Control", "cache-control"}}

// readWith reads an answer and returns in words what was understood of it.
func readWith(answer string, read func(l *line) (*nethttp.Response, error)) string {
	l := &line{room: 1 << 20}
	l.reader = bufio.NewReaderSize(strings.NewReader(answer), firstRead)
	response, err := read(l)
	if response == nil || err != nil {
		return fmt.Sprint(response != nil, err != nil)
	}
	text := fmt.Sprint(response.StatusCode, response.ContentLength, response.Close, response.Body == nethttp.NoBody)
	for _, w := range allWanted {
		text += fmt.Sprintf(" %q", response.Header[w.canonical])
	}
	body, err := io.ReadAll(response.Body)
	rest, _ := io.ReadAll(l.reader)
	return fmt.Sprintf("%s %q %v %q", text, body, err, rest)
}

func asNetHTTP(l *line) (*nethttp.Response, error) { return nethttp.ReadResponse(l.reader, nil) }

func asUsual(l *line) (*nethttp.Response, error) { return l.headOf(allWanted) }

// isUsual reports whether an answer is read without net/http.
func isUsual(answer string) bool { return readWith(answer, asUsual) != "false false" }

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
		if got, want := readWith(answer, asUsual), readWith(answer, asNetHTTP); got != want && answer != "" {
			t.Errorf("%q means %s, to net/http %s", answer, got, want)
		}
	})
}

func TestBodyOfKnownLengthEndsWithItsLastByte(t *testing.T) {
	if err := iotest.TestReader(&counted{strings.NewReader("abcdef"), 3}, []byte("abc")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(&counted{strings.NewReader("ab"), 3}); err != io.ErrUnexpectedEOF {
		t.Errorf("error is %v", err)
	}
}
