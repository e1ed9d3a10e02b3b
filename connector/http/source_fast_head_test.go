package http

import (
	"bufio"
	"bytes"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// usualRequests are what common clients send. All of them must be read without net/http.
var usualRequests = map[string]string{
	"nothing but what must be": "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
	"curl":                     "POST /orders HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n",
	"Go":                       "POST /a/b HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 12\r\nAccept-Encoding: gzip\r\n\r\n",
	"Python":                   "PUT /a?b=c&d=%20 HTTP/1.1\r\nHost: x.example\r\nUser-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
	"a CloudEvent":             "POST / HTTP/1.1\r\nhost: h\r\nce-id: 1\r\nce-type: t\r\nce-source: /s\r\nce-specversion: 1.0\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ncontent-length: 1\r\n\r\n",
	"values of many kinds":     "PATCH /-._~ HTTP/1.1\r\nHost:h\r\nX-A:\t 1 \t\r\nx-a:2\r\nX-Empty:\r\nX-1: \"q\" (c) {} 100%\r\nAuthorization: Bearer a.b-c_d==\r\n\r\n",
	"the last one":             "DELETE / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n",
	"without a body":           "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
}

// otherHeads are heads that need a second thought, which is for net/http.
var otherHeads = map[string]string{
	"two lengths":            post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
	"signed length":          post + "Content-Length: +1\r\n\r\n",
	"length without digits":  post + "Content-Length:\r\n\r\n",
	"length beyond reason":   post + "Content-Length: 1000000000000000\r\n\r\n",
	"chunked":                post + "Transfer-Encoding: chunked\r\n\r\n",
	"chunked in disguise":    post + "transfer-encodinG:\tchunked\r\n\r\n",
	"expectation":            post + "Expect: 100-continue\r\n\r\n",
	"upgrade":                post + "Upgrade: h2c\r\n\r\n",
	"settings of HTTP/2":     post + "HTTP2-Settings: x\r\n\r\n",
	"nominated header":       post + "Connection: close, X-A\r\nX-A: 1\r\n\r\n",
	"close and nominated":    post + "Connection: close\r\nConnection: X-A\r\nX-A: 1\r\n\r\n",
	"close named close":      post + "Connection: close\r\nClose: 1\r\n\r\n",
	"trailer":                post + "Trailer: X\r\n\r\n",
	"TE":                     post + "TE: trailers\r\n\r\n",
	"proxy":                  post + "Proxy-Authorization: x\r\n\r\n",
	"pragma":                 post + "Pragma: no-cache\r\n\r\n",
	"folded line":            post + "X: a\r\n b\r\n\r\n",
	"bare line feed":         "POST / HTTP/1.1\nHost: h\n\n",
	"bare line feed later":   post + "X: a\nContent-Length: 1\r\n\r\n",
	"bare carriage return":   post + "X: a\rContent-Length: 1\r\n\r\n",
	"NUL":                    post + "X: a\x00\r\n\r\n",
	"beyond ASCII":           post + "X: \xe4\r\n\r\n",
	"space before the colon": post + "Content-Length : 0\r\n\r\n",
	"space before the name":  "POST / HTTP/1.1\r\n Host: h\r\n\r\n",
	"no name":                post + ": x\r\n\r\n",
	"no colon":               post + "x\r\n\r\n",
	"no host":                "POST / HTTP/1.1\r\n\r\n",
	"two hosts":              post + "Host: h\r\n\r\n",
	"no name of a host":      "POST / HTTP/1.1\r\nHost:\r\n\r\n",
	"bad host":               "POST / HTTP/1.1\r\nHost: h/x\r\n\r\n",
	"HTTP/1.0":               "POST / HTTP/1.0\r\nHost: h\r\n\r\n",
	"HTTP/2":                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"no version":             "POST /\r\nHost: h\r\n\r\n",
	"two blanks":             "POST  / HTTP/1.1\r\nHost: h\r\n\r\n",
	"blank at the end":       "POST / HTTP/1.1 \r\nHost: h\r\n\r\n",
	"blank line first":       "\r\nPOST / HTTP/1.1\r\nHost: h\r\n\r\n",
	"whole URL":              "POST http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
	"two slashes":            "POST //h/ HTTP/1.1\r\nHost: h\r\n\r\n",
	"encoded path":           "POST /%2e HTTP/1.1\r\nHost: h\r\n\r\n",
	"fragment":               "POST /?a#b HTTP/1.1\r\nHost: h\r\n\r\n",
	"asterisk":               "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
	"HEAD":                   "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
	"CONNECT":                "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
	"method in lower case":   "post / HTTP/1.1\r\nHost: h\r\n\r\n",
	"many headers":           post + strings.Repeat("X: 1\r\n", maxUsualHeaders+1) + "\r\n",
	"TLS":                    "\x16\x03\x01\x00\xc8\x01\x00\n\xc4\x03\x03",
}

func TestUsualHeadsAreReadWithoutNetHTTP(t *testing.T) {
	for name, text := range usualRequests {
		if kind := inPieces([]byte(text), 1, new(fastHead)); kind != headUsual {
			t.Errorf("%s: kind %d", name, kind)
		}
		checkHead(t, []byte(text+"POST"))
	}
}

func TestOtherHeadsAreLeftToNetHTTP(t *testing.T) {
	for name, text := range otherHeads {
		if kind := inPieces([]byte(text), 1, new(fastHead)); kind != headOther {
			t.Errorf("%s: kind %d", name, kind)
		}
	}
}

// FuzzHead holds what is read without net/http against what net/http reads.
func FuzzHead(f *testing.F) {
	for _, text := range usualRequests {
		f.Add([]byte(text))
	}
	for _, text := range otherHeads {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkHead(t, text) })
}

// inPieces reads what comes so many bytes at a time.
func inPieces(text []byte, size int, h *fastHead) headKind {
	h.reset()
	for n := min(size, len(text)); ; n = min(n+size, len(text)) {
		if kind := h.read(slices.Clone(text[:n])); kind != headUnfinished || n == len(text) {
			return kind
		}
	}
}

func checkHead(t *testing.T, text []byte) {
	if len(text) > readAhead {
		return
	}
	var h fastHead
	kind := inPieces(text, len(text), &h)
	if pieces := inPieces(text, 3, new(fastHead)); pieces != kind {
		t.Fatalf("%q: kind %d in pieces, %d in one", text, pieces, kind)
	}
	if kind != headUsual {
		return
	}
	r, err := nethttp.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatalf("%q: net/http says %v", text, err)
	}
	end := bytes.Index(text, []byte("\r\n\r\n")) + 4
	if h.end != end || h.method != r.Method || h.path("/a") != r.URL.Path || h.length != r.ContentLength || h.closes != r.Close ||
		r.ProtoMajor != 1 || r.ProtoMinor != 1 || len(r.TransferEncoding) > 0 || r.Trailer != nil {
		t.Fatalf("%q: %q %q, length %d, closes %v, end %d; net/http has %+v", text, h.method, h.path("/a"), h.length, h.closes, h.end, r)
	}
	host, path, query := h.target()
	if wantHost, wantPath, wantQuery := (*standardHead)(r).target(); host != wantHost || path != wantPath || query != wantQuery {
		t.Fatalf("%q: %q %q %q, net/http has %q %q %q", text, host, path, query, wantHost, wantPath, wantQuery)
	}
	got, want := h.recordHeaders(), (*standardHead)(r).recordHeaders()
	if !slices.Equal(got, want) {
		t.Fatalf("%q: %q, net/http has %q", text, got, want)
	}
	// What the server of net/http asks for besides.
	if !httpguts.ValidHostHeader(host) || strings.Count(strings.ToLower(string(text[:end])), "\r\nhost:") != 1 {
		t.Fatalf("%q: host %q", text, host)
	}
	for _, header := range got {
		if !httpguts.ValidHeaderFieldName(header.Name) || !httpguts.ValidHeaderFieldValue(header.Value) {
			t.Fatalf("%q: %q", text, header)
		}
	}
}
