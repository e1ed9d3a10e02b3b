package http

import (
	"context"
	"io"
	nethttp "net/http"
	"net/url"
	"strings"

	"github.com/acktor/acktor/connector"
)

// exchanger sends requests over the connections that it keeps. Any number of goroutines use it.
//
// There are two. The standard one is package net/http, which speaks all that there is to speak. The plain one speaks
// HTTP/1.1 without TLS, for much less: a goroutine writes its request and reads the answer by itself, where net/http
// hands both to two goroutines of the connection.
type exchanger interface {
	// roundTrip sends one request, once, and returns the answer. The error is an *connector.AttemptError.
	roundTrip(ctx context.Context, m *message) (peerAnswer, error)
	// close closes the connections that nobody uses. The others are closed when what they are used for is over.
	close()
}

// peerAnswer is what a peer answered: whole, or as far as its head, with a Body that is to be read and closed, from the
// goroutine that has asked.
type peerAnswer struct {
	whole *connector.Response // nil: see Response
	*nethttp.Response
}

// status is that of the answer.
func (a *peerAnswer) status() int {
	if a.whole != nil {
		return a.whole.Status
	}
	return a.StatusCode
}

// discard ends an answer that nobody reads. A short one leaves its connection for the next request.
func (a *peerAnswer) discard() {
	if a.whole != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, a.Body, firstRead)
	_ = a.Body.Close()
}

// newExchanger makes what is configured. Each connection is made by dial.
func newExchanger(p *plan, transport *nethttp.Transport, dial dialFunc) exchanger {
	standard := &standardExchanger{transport}
	if p.config.Client == clientStandard || p.config.HTTP2 == http2Always || transport.Proxy != nil || !seesTheEnd {
		return standard
	}
	return &eitherExchanger{standard: standard, plain: newPlainExchanger(p, dial)}
}

// eitherExchanger sends by the plain exchanger what that can send. The choice depends on scheme and host alone, so
// the bound on connections to one host holds.
type eitherExchanger struct {
	standard *standardExchanger
	plain    *plainExchanger
}

var _ exchanger = (*eitherExchanger)(nil)

func (e *eitherExchanger) roundTrip(ctx context.Context, m *message) (peerAnswer, error) {
	if m.url.Scheme == "http" && plainHost(m.url) && isASCII(m.host) {
		return e.plain.roundTrip(ctx, m)
	}
	return e.standard.roundTrip(ctx, m)
}

func (e *eitherExchanger) close() {
	e.standard.close()
	e.plain.close()
}

// plainHost reports whether the host goes to the peer as it stands in the URL: it is not internationalised and has no zone.
func plainHost(u *url.URL) bool { return isASCII(u.Host) && !strings.Contains(u.Host, "%") }

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
