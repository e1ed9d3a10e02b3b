package http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// fastServer serves the connections of one session in one goroutine each, which reads the request, waits for the outcome
// and writes the answer. It reads requests of the usual kind alone (see fastHead). With the first request of any
// other kind the connection goes to net/http, as if nothing of that request had been read, and stays there.
type fastServer struct {
	handler *handler
	config  *SourceConfig
	log     *slog.Logger
	tls     *tls.Config // nil: no TLS
	others  *handOver   // what net/http accepts from

	running sync.WaitGroup // the goroutines of connections
	mu      sync.Mutex
	conns   map[*fastConn]struct{}
	closed  bool
}

// newFastServer makes a server; secure is nil where there is no TLS.
func newFastServer(h *handler, secure *tls.Config) *fastServer {
	s := &fastServer{
		handler: h, config: &h.source.config, log: h.source.log,
		others: &handOver{conns: make(chan net.Conn), closed: make(chan struct{})},
		conns:  make(map[*fastConn]struct{}),
	}
	if secure != nil {
		s.tls = secure
		s.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	return s
}

// accept serves what comes to listener until that is closed or broken, and returns why.
func (s *fastServer) accept(listener net.Listener) error {
	s.others.address = listener.Addr()
	for wait := time.Duration(0); ; {
		conn, err := listener.Accept()
		if err == nil {
			wait = 0
			s.start(conn)
			continue
		}
		if temporary, ok := errors.AsType[interface {
			error
			Temporary() bool
		}](err); !ok || !temporary.Temporary() {
			return err
		}
		// Too many open files, for instance, which passes when connections end.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.log.Warn("http source cannot accept a connection", "error", err, "again_in", wait)
		select {
		case <-time.After(wait):
		case <-s.handler.session.cut:
		}
	}
}

func (s *fastServer) start(conn net.Conn) {
	c := newFastConn(s, conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Go(c.run)
}

// forget is called when a connection has ended, or is net/http's.
func (s *fastServer) forget(c *fastConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// shutdown lets handlers write their answers while ctx lasts, then closes every connection and waits for its end.
func (s *fastServer) shutdown(ctx context.Context) {
	select {
	case <-s.handler.session.idle:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.plain.Close()
	}
	s.mu.Unlock()
	_ = s.others.Close()
	s.running.Wait()
}

// handOver is the listener from which net/http accepts the connections that are not for us.
type handOver struct {
	conns   chan net.Conn
	address net.Addr

	once   sync.Once
	closed chan struct{}
}

// give hands a connection over, or closes it when nobody accepts any more.
func (h *handOver) give(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.closed:
		_ = conn.Close()
	}
}

// Accept waits for a connection to be given.
func (h *handOver) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and give.
func (h *handOver) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is where the connections come to.
func (h *handOver) Addr() net.Addr { return h.address }

// begunConn is a connection whose next bytes have been read already.
type begunConn struct {
	net.Conn
	begun  io.Reader            // nil when all of it was taken
	state  *tls.ConnectionState // nil: see fastConn
	latest time.Time            // when the request must be read, if it has begun; zero: not before it is asked for
}

// Read returns what was read before, then what comes.
func (c *begunConn) Read(into []byte) (int, error) {
	if c.begun != nil {
		if n, err := c.begun.Read(into); err != io.EOF {
			return n, err
		}
		c.begun = nil
	}
	return c.Conn.Read(into)
}

// SetReadDeadline does not let the time for the head of the request begin anew.
func (c *begunConn) SetReadDeadline(t time.Time) error {
	if !c.latest.IsZero() && t.After(c.latest) {
		t = c.latest
	}
	c.latest = time.Time{}
	return c.Conn.SetReadDeadline(t)
}
