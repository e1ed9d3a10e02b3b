package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// maxDetail bounds Failure.Detail, in bytes.
const maxDetail = 512

// Classify turns the error of one attempt into an AttemptError. Errors that say nothing of
// themselves count as unavailable, which is retryable.
func Classify(err error) *AttemptError {
	if attempt, ok := errors.AsType[*AttemptError](err); ok {
		return attempt
	}
	e := &AttemptError{Class: classOf(err), Err: err, Detail: Bound(err.Error(), maxDetail)}
	if throttled, ok := errors.AsType[*ThrottledError](err); ok {
		e.After = throttled.After
	}
	switch e.Class {
	case Timeout, Reset, Unavailable, Panicked, Cancelled:
		e.Ambiguous = true
	}
	return e
}

func classOf(err error) Class {
	switch {
	case is[*PanicError](err):
		return Panicked
	case is[*PermanentError](err):
		return Rejected
	case is[*ThrottledError](err):
		return Throttled
	case errors.Is(err, context.Canceled):
		return Cancelled
	}
	if class := networkClass(err); class != 0 {
		return class
	}
	if is[*NotConnectedError](err) {
		return Refused
	}
	return Unavailable
}

// networkClass recognises what the net and crypto/tls packages return, or returns 0. A dial error
// is told from a later one because only the former proves that nothing was sent.
func networkClass(err error) Class {
	op, isOp := errors.AsType[*net.OpError](err)
	dialing := isOp && op.Op == "dial"
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case is[*net.DNSError](err):
		return DNS
	case isTLS(err):
		return TLS
	case dialing && netErr.Timeout():
		return ConnectTimeout
	case dialing:
		return Refused
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isNet && netErr.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return Reset
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	}
	return 0
}

func isTLS(err error) bool {
	return is[tls.RecordHeaderError](err) || is[*tls.CertificateVerificationError](err) || is[tls.AlertError](err) ||
		is[x509.HostnameError](err) || is[x509.UnknownAuthorityError](err) || is[x509.CertificateInvalidError](err) ||
		strings.Contains(err.Error(), "tls: ")
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Bound cuts text to at most limit bytes, at a rune's edge, and marks the cut.
func Bound(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit - len("...")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
