package http

import (
	"context"
	"net"
	nethttp "net/http"
	"sync"
	"time"
)

// session is the time between one Open and its Close.
type session struct {
	server   *nethttp.Server
	fast     *fastServer // nil when net/http serves everything
	listener net.Listener

	cut   chan struct{} // closed when Close waits for outcomes no longer
	ended chan struct{} // closed when the server accepts no more, be it by itself or because of Close
	err   error         // why; to be read after ended is closed

	mu      sync.Mutex
	active  int           // handlers that run
	closing bool          // Close was called
	idle    chan struct{} // closed when closing, the first time that no handler runs
}

func newSession(listener net.Listener) *session {
	return &session{listener: listener, cut: make(chan struct{}), ended: make(chan struct{}), idle: make(chan struct{})}
}

// run serves until the listener is closed or broken.
func (s *session) run() {
	defer close(s.ended)
	switch {
	case s.fast != nil:
		go func() { _ = s.server.Serve(s.fast.others) }()
		s.err = s.fast.accept(s.listener)
	case s.server.TLSConfig != nil:
		s.err = s.server.ServeTLS(s.listener, "", "")
	default:
		s.err = s.server.Serve(s.listener)
	}
}

// enter counts a handler in. It returns false once the last handler has left a closing session.
func (s *session) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing && s.active == 0 {
		return false
	}
	s.active++
	return true
}

func (s *session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.closing && s.active == 0 {
		close(s.idle)
	}
}

func (s *session) startClosing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if s.active == 0 {
		close(s.idle)
	}
}

// lastWords is how long, at the end of a Close, the answers of the last handlers may take.
const lastWords = 100 * time.Millisecond

// shutdown closes the listener, waits for the handlers while ctx lasts, wakes those that then still wait for an
// outcome, and closes every connection.
func (s *session) shutdown(ctx context.Context) {
	_ = s.listener.Close() // the server closes it again
	s.startClosing()
	patient, cancel := ahead(ctx, lastWords)
	defer cancel()
	select {
	case <-s.idle:
	case <-patient.Done():
	}
	close(s.cut)
	hurried, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if s.fast != nil {
		s.fast.shutdown(hurried)
	}
	if s.server.Shutdown(hurried) != nil {
		_ = s.server.Close() // cuts the connections that are left, and with them the handlers
	}
	<-s.idle
	<-s.ended
}

// ahead returns a context that ends by margin before ctx does, or at half of the time when that is short.
func ahead(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-min(margin, max(time.Until(deadline), 0)/2)))
}
