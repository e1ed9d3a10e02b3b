package http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"
	"unicode"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/egress"
)

// maxDetail bounds what is said of a failure, in bytes.
const maxDetail = 512

// connectError is an error of making a connection: nothing was sent.
type connectError struct{ err error }

// Error returns the text of the cause.
func (e *connectError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *connectError) Unwrap() error { return e.err }

// notEstablished is what net/http says of an HTTP/2 connection that ended before the peer's first frame.
const notEstablished = "http2: client conn could not be established"

// unwritten is what net/http says when the connection that it had chosen was gone before anything was written, or took no further
// stream: of our requests it takes no others up again.
const unwritten = "net/http: cannot rewind body after connection loss"

// progress is how far an exchange came that brought no answer.
type progress struct {
	connected bool // the request had a connection, so some of it may have been sent
	secure    bool // the URL's scheme is https
	broken    bool // the connection ended while more of the answer was wanted
}

// noAnswer judges an exchange that brought no answer. A request that never had a connection cannot have been
// processed; one that had may have been, except that a peer which does not trust us did not listen.
func noAnswer(ctx context.Context, err error, p progress) *connector.AttemptError {
	class, detail := classOf(ctx, err, p), err.Error()
	switch {
	case class == connector.ConnectTimeout && ctx.Err() != nil:
		detail = "no connection within the time of the attempt"
	case class == connector.Timeout && ctx.Err() != nil:
		detail = "no answer within the time of the attempt"
	}
	return &connector.AttemptError{
		Class: class, Err: err, Detail: connector.Bound(legible(detail), maxDetail),
		Ambiguous: p.connected && class != connector.TLS && !unprocessed(err),
	}
}

// legible replaces what could do harm in a log or on a terminal: words of a peer, or of a record, stand in errors.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

func classOf(ctx context.Context, err error, p progress) connector.Class {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return connector.Cancelled
		case p.connected:
			return connector.Timeout
		}
		return connector.ConnectTimeout
	}
	switch {
	case p.connected && p.secure && err.Error() == notEstablished:
		return connector.TLS // a refused client certificate, most likely: net/http does not tell
	case p.connected:
		return exchangeClass(err, p.broken)
	}
	return connectClass(err, p.secure)
}

// connectClass judges an error of making a connection: DNS, TCP, a proxy's CONNECT, TLS.
func connectClass(err error, secure bool) connector.Class {
	_, dialing := errors.AsType[*connectError](err)
	netErr, isNet := errors.AsType[net.Error](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	_, isDenied := errors.AsType[*egress.DeniedError](err)
	switch {
	case isDenied:
		return connector.Denied
	case isDNS:
		return connector.DNS
	case isNet && netErr.Timeout():
		return connector.ConnectTimeout
	case dialing:
		return connector.Refused
	case secure:
		return connector.TLS
	}
	return connector.Refused
}

// exchangeClass judges an error on a connection that stood. An answer that was cut short often makes no sense either:
// that it was cut says more.
func exchangeClass(err error, broken bool) connector.Class {
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case isTLS(err):
		return connector.TLS
	case isNet && netErr.Timeout():
		return connector.Timeout
	case isReset(err), broken:
		return connector.Reset
	}
	return connector.Parse // what came is not HTTP
}

// isTLS recognises alerts, which with TLS 1.3 may come after the handshake seemed done: the peer refuses our certificate then.
func isTLS(err error) bool {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error") && strings.Contains(op.Err.Error(), "tls: ")
}

// isReset recognises a connection that broke. The net/http package has no names for some of its errors.
func isReset(err error) bool {
	for _, broken := range [...]error{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, broken) {
			return true
		}
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return false
	}
	text := err.Error()
	return text == "http: server closed idle connection" || text == unwritten || http2Error(text)
}

// http2Error recognises an HTTP/2 connection or stream that was ended, by the beginning of the text: its end may be the peer's.
func http2Error(text string) bool {
	return strings.HasPrefix(text, "http2: ") || strings.HasPrefix(text, "stream error: ")
}

// unprocessed recognises the word of an HTTP/2 peer that it did not touch the request (RFC 9113, section 8.7), and that
// there was no peer yet.
func unprocessed(err error) bool {
	text := err.Error()
	return text == notEstablished || text == unwritten || http2Error(text) && (strings.Contains(text, "REFUSED_STREAM") || strings.Contains(text, "graceful shutdown GOAWAY"))
}
