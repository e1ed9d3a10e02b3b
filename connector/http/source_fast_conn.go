package http

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	nethttp "net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

const (
	// readAhead is the size of a connection's buffer. A longer head is for net/http.
	readAhead = 4 << 10
	// maxSkipped is how much of a body that nobody wanted is read to keep the connection.
	maxSkipped = 256 << 10
	// usualAnswer is the room for the body of an answer to begin with.
	usualAnswer = 512
)

// fastConn is one connection of a fastServer. It belongs to the goroutine that runs it; only plain is closed by others.
type fastConn struct {
	server *fastServer
	plain  net.Conn // as it was accepted
	conn   net.Conn // plain, or TLS over it
	reader *bufio.Reader
	begun  time.Time            // of the request at hand
	state  *tls.ConnectionState // nil: there is no TLS, or nobody asks for certificates
	client netip.Addr

	head fastHead
	in   incoming
	body declaredBody

	text  []byte // room for the body of an answer
	reply replyWriter
}

func newFastConn(server *fastServer, conn net.Conn) *fastConn {
	c := &fastConn{server: server, plain: conn, conn: conn, text: make([]byte, 0, usualAnswer)}
	if address, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		c.client = address.AddrPort().Addr()
	}
	return c
}

// run serves requests until the connection ends or is given to net/http.
func (c *fastConn) run() {
	defer c.server.forget(c)
	defer func() {
		if p := recover(); p != nil {
			c.server.log.Error("http source: a handler has panicked", "panic", p, "stack", string(debug.Stack()))
			_ = c.conn.Close()
		}
	}()
	if c.server.tls != nil && !c.handshake() {
		return
	}
	c.reader = bufio.NewReaderSize(c.conn, readAhead)
	wait := c.server.config.ReadHeaderTimeout
	for {
		switch c.readHead(wait) {
		case headUsual:
			if c.exchange() {
				wait = c.server.config.IdleTimeout
				continue
			}
		case headOther:
			begun := io.LimitReader(c.reader, int64(c.reader.Buffered()))
			c.server.others.give(&begunConn{Conn: c.conn, begun: begun, state: c.state, latest: c.begun.Add(c.server.config.ReadHeaderTimeout)})
			return
		}
		_ = c.conn.Close()
		return
	}
}

// handshake returns false when the connection is no longer ours: it has ended, or speaks HTTP/2.
func (c *fastConn) handshake() bool {
	config := c.server.config
	over := tls.Server(c.plain, c.server.tls)
	_ = over.SetDeadline(time.Now().Add(min(config.ReadHeaderTimeout, config.ReadTimeout)))
	if err := over.HandshakeContext(context.Background()); err != nil {
		if breach, ok := errors.AsType[tls.RecordHeaderError](err); ok && breach.Conn != nil && letters(breach.RecordHeader[:]) {
			_, _ = io.WriteString(breach.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS, and this was an HTTP request.\n")
		}
		c.server.log.Debug("http source: TLS handshake", "error", err)
		_ = c.plain.Close()
		return false
	}
	_ = over.SetDeadline(time.Time{})
	if over.ConnectionState().NegotiatedProtocol == "h2" {
		c.server.others.give(over)
		return false
	}
	if c.server.handler.source.guard.wantsCertificate() {
		state := over.ConnectionState()
		c.state = &state
	}
	c.conn = over
	return true
}

// letters says whether what should be a TLS record begins like the name of a method.
func letters(text []byte) bool {
	return len(text) > 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' && text[2] >= 'A' && text[2] <= 'Z'
}

// readHead waits for a request, and reads its head. For anything but headUsual it leaves what has come in the reader.
func (c *fastConn) readHead(wait time.Duration) headKind {
	if c.reader.Buffered() == 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(wait))
	}
	if c.skipEmptyLine() != nil {
		return headNone
	}
	c.head.reset()
	c.begun = time.Now()
	for late := false; ; {
		here, _ := c.reader.Peek(c.reader.Buffered())
		kind := c.head.read(here)
		if kind != headUnfinished {
			return kind
		}
		if len(here) == readAhead {
			return headOther
		}
		if !late {
			late = true
			_ = c.conn.SetReadDeadline(c.begun.Add(c.server.config.ReadHeaderTimeout))
		}
		if _, err := c.reader.Peek(len(here) + 1); errors.Is(err, io.EOF) {
			return headOther // it knows what to say to half a head
		} else if err != nil {
			return headNone
		}
	}
}

// skipEmptyLine waits for a request. Some clients send an empty line behind the body of a POST, which is passed over, as
// net/http does (RFC 9112, section 2.2).
func (c *fastConn) skipEmptyLine() error {
	for skipped := 0; ; skipped++ {
		first, err := c.reader.Peek(1)
		if err != nil || c.head.method != nethttp.MethodPost || skipped == 4 || first[0] != '\r' && first[0] != '\n' {
			return err
		}
		_, _ = c.reader.Discard(1)
	}
}

// exchange serves the request whose head was read. It returns false when the connection is to be closed.
func (c *fastConn) exchange() bool {
	last, entered := c.serve()
	if !entered {
		return false
	}
	if c.body.left == 0 {
		return !last
	}
	until := c.begun.Add(c.server.config.ReadTimeout)
	if last {
		until = time.Now().Add(linger) // however much that is
	}
	_ = c.conn.SetReadDeadline(until)
	_, err := c.reader.Discard(int(c.body.left))
	return err == nil && !last
}

// serve answers the request, and reports whether it was the last of the connection. It does nothing when the session is
// over.
func (c *fastConn) serve() (last, entered bool) {
	h, head := c.server.handler, &c.head
	if !h.session.enter() {
		return true, false
	}
	defer h.session.leave()
	_, _ = c.reader.Discard(head.end)
	c.body = declaredBody{c.reader, head.length}
	if int64(c.reader.Buffered()) < head.length {
		_ = c.conn.SetReadDeadline(c.begun.Add(c.server.config.ReadTimeout))
	}
	c.in = incoming{
		config: c.server.config, head: head, method: head.method, path: head.path(c.server.config.Path), length: head.length, body: &c.body,
		client: c.client, secure: c.state,
	}
	r := h.serve(&c.in, c.text[:0])
	r.last = r.last || head.closes || c.body.left > maxSkipped
	err := c.reply.write(c.conn, &r, c.server.config.WriteTimeout)
	c.in = incoming{} // a connection that waits for its next request holds no record
	return r.last || err != nil, true
}
