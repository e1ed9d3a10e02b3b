package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"time"
)

// plainExchanger speaks HTTP/1.1 without TLS over connections of its own. Answers that are in any way unusual it leaves to
// package net/http to read, so that both exchangers hold the same for one.
type plainExchanger struct {
	lines         *lines
	buffers       *buffers
	headerTimeout time.Duration // 0: none
	wanted        []keptHeader  // of the headers of an answer; nil: all
	most          int           // what is kept of the body of an answer
}

var _ exchanger = (*plainExchanger)(nil)

func newPlainExchanger(p *plan, dial dialFunc) *plainExchanger {
	return &plainExchanger{
		lines: newLines(&p.config, dial), buffers: &p.buffers, headerTimeout: p.config.HeaderTimeout, wanted: p.wanted(), most: int(p.config.MaxResponse),
	}
}

func (e *plainExchanger) close() { e.lines.close() }

// roundTrip is given up when ctx ends: that closes the connection, and with it whatever waits for it.
func (e *plainExchanger) roundTrip(ctx context.Context, m *message) (peerAnswer, error) {
	l, err := e.lines.take(ctx, m.address)
	if err != nil {
		return peerAnswer{}, noAnswer(ctx, causeOf(ctx, err), progress{})
	}
	x := &call{line: l, lines: e.lines, ctx: ctx, stop: afterFunc(ctx, l.abort)}
	a, err := e.converse(x, m)
	if err != nil {
		x.finish(false)
		return peerAnswer{}, noAnswer(ctx, causeOf(ctx, err), progress{connected: true, broken: hasEnded(l.conn)})
	}
	response := a.Response
	switch {
	case a.whole != nil:
		x.finish(x.sent)
	case response.StatusCode < nethttp.StatusOK: // 101: what follows is not HTTP
		x.finish(false)
		response.Body = nethttp.NoBody
	case response.Body == nethttp.NoBody:
		x.finish(x.sent && !response.Close)
	default:
		x.body, x.last = response.Body, response.Close
		response.Body = x
	}
	return a, nil
}

// afterFunc is context.AfterFunc. A context that offers the same by itself is asked directly, which costs less.
func afterFunc(ctx context.Context, run func()) (stop func() bool) {
	if c, ok := ctx.(interface {
		AfterFunc(run func()) (stop func() bool)
	}); ok {
		return c.AfterFunc(run)
	}
	return context.AfterFunc(ctx, run)
}

// causeOf returns why ctx ended, when it has, since what then goes wrong with a connection comes from that.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// together is how much of a request is surely taken by a connection on which nothing else is under way, so that writing
// it does not wait for the peer.
const together = 16 << 10

// converse writes the request and reads the head of the answer.
func (e *plainExchanger) converse(x *call, m *message) (peerAnswer, error) {
	head := e.buffers.get()
	defer e.buffers.put(head)
	m.writeHead(head)
	if head.Len()+len(m.body) > together {
		return e.converseAtLength(x, m, head.Bytes())
	}
	head.Write(m.body)
	if _, err := x.line.conn.Write(head.Bytes()); err != nil {
		return peerAnswer{}, err
	}
	x.sent = true
	e.limitHead(x)
	a, err := e.read(x.line, m.method)
	return a, e.headRead(x, err)
}

// read reads an answer: whole where it is small and of the usual kind, else up to its body.
func (e *plainExchanger) read(l *line, method string) (peerAnswer, error) {
	l.room = maxResponseHeader
	if method != nethttp.MethodHead && e.wanted != nil {
		if whole, err := l.readUsual(e.wanted, e.most, e.headerTimeout == 0); whole != nil || err != nil {
			return peerAnswer{whole: whole}, err
		}
	}
	response, err := l.readHead(method)
	return peerAnswer{Response: response}, err
}

// graceAfterAnswer is for the rest of a request that was answered before it was all written. Package net/http has the
// same one.
const graceAfterAnswer = 50 * time.Millisecond

// converseAtLength looks for the answer while it writes. A peer may answer at once that it does not want so much, and
// read no more.
func (e *plainExchanger) converseAtLength(x *call, m *message, head []byte) (peerAnswer, error) {
	type outcome struct {
		peerAnswer
		err error
	}
	came := make(chan outcome, 1)
	go func() {
		a, err := e.read(x.line, m.method)
		_ = x.line.conn.SetWriteDeadline(time.Now().Add(graceAfterAnswer))
		came <- outcome{a, err}
	}()
	_, broken := x.line.conn.Write(head)
	if broken == nil {
		_, broken = x.line.conn.Write(m.body)
	}
	x.sent = broken == nil
	e.limitHead(x) // also when writing failed: there may be an answer that says why
	o := <-came
	_ = x.line.conn.SetWriteDeadline(time.Time{})
	return o.peerAnswer, e.headRead(x, o.err)
}

func (e *plainExchanger) limitHead(x *call) {
	if e.headerTimeout > 0 {
		_ = x.line.conn.SetReadDeadline(time.Now().Add(e.headerTimeout))
	}
}

// headRead ends the limit on the head's time. It says more of the errors that say little.
func (e *plainExchanger) headRead(x *call, err error) error {
	switch {
	case e.headerTimeout > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no headers of an answer within %v: %w", e.headerTimeout, err)
	case e.headerTimeout > 0 && err == nil:
		return x.line.conn.SetReadDeadline(time.Time{})
	case err != nil && x.line.room == maxResponseHeader:
		return fmt.Errorf("the connection ended without an answer: %w", err)
	}
	return err
}

// call is one exchange over a line, and the body of its answer.
type call struct {
	line  *line
	lines *lines
	ctx   context.Context
	stop  func() bool // ends the watch over ctx; false: it has closed the line
	sent  bool        // all of the request was written

	body io.Reader
	last bool // the peer closes the connection after this answer
	done bool // all of the body was read
	over bool
}

// Read reads the body.
func (x *call) Read(into []byte) (int, error) {
	if x.over {
		return 0, net.ErrClosed
	}
	n, err := x.body.Read(into)
	switch {
	case err == io.EOF:
		x.done = true
	case err != nil:
		err = causeOf(x.ctx, err)
	}
	return n, err
}

// Close gives the connection back, or closes it where the next answer would not be found at once.
func (x *call) Close() error {
	x.finish(x.done && x.sent && !x.last)
	return nil
}

func (x *call) finish(reuse bool) {
	if x.over {
		return
	}
	x.over = true
	watched := x.stop()
	x.lines.give(x.line, reuse && watched)
}
