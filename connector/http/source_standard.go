package http

import (
	nethttp "net/http"
	"strconv"
	"time"
)

// linger is how long a client that is refused may go on sending. To close at once could destroy the answer on
// its way (RFC 9112, section 9.6).
const linger = 500 * time.Millisecond

// guessedLength is up to where net/http finds the length of an answer by itself; longer ones it would send in chunks.
const guessedLength = 2 << 10

// ServeHTTP answers one request that package net/http has read. It does not look at the request's context: what was read
// whole is handed over whether or not the client stays, and a client that only closed its sending side still gets its
// answer.
func (h *handler) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	if !h.session.enter() {
		panic(nethttp.ErrAbortHandler)
	}
	defer h.session.leave()
	in := incoming{
		config: &h.source.config, head: (*standardHead)(r), method: r.Method, path: r.URL.Path, length: r.ContentLength, body: r.Body,
		client: clientOf(r), secure: stateOf(r),
	}
	reply := h.serve(&in, nil)
	if reply.last {
		_ = nethttp.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
	}
	reply.last = reply.last || endsConnection(r)
	h.source.write(w, &reply)
}

// endsConnection says whether the connection must not carry another request. net/http hides whether a chunked
// request had a Content-Length as well, and a Transfer-Encoding in HTTP/1.0: both are how a second request is smuggled
// past a proxy (RFC 9112, sections 6.1 and 11.2), so that nothing behind such a request is ever served.
func endsConnection(r *nethttp.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

// write sends a reply within write_timeout. That the client may be gone is no concern of the record.
func (s *source) write(w nethttp.ResponseWriter, r *reply) {
	header := w.Header()
	header["Content-Type"] = nil // keeps net/http from guessing one
	if r.contentType != "" {
		header["Content-Type"] = []string{r.contentType}
	}
	for _, line := range r.header {
		header[line.name] = append(header[line.name], line.value)
	}
	if len(r.body) > guessedLength && hasBody(r.code) {
		header["Content-Length"] = []string{strconv.Itoa(len(r.body))}
	}
	if r.last {
		header["Connection"] = []string{"close"}
	}
	_ = nethttp.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.config.WriteTimeout))
	w.WriteHeader(r.code)
	_, _ = w.Write(r.body)
}
