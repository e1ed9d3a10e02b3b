package http

import (
	"context"
	"net"
	nethttp "net/http"
	"net/http/httptrace"
)

// standardExchanger sends by package net/http.
type standardExchanger struct{ transport *nethttp.Transport }

var _ exchanger = (*standardExchanger)(nil)

func (e *standardExchanger) roundTrip(ctx context.Context, m *message) (peerAnswer, error) {
	var w watch
	w.trace.GotConn = w.gotConn
	request := m.request().WithContext(httptrace.WithClientTrace(ctx, &w.trace))
	response, err := e.transport.RoundTrip(request)
	if err != nil {
		return peerAnswer{}, noAnswer(ctx, err, progress{connected: w.conn != nil, secure: m.url.Scheme == "https", broken: hasEnded(w.conn)})
	}
	return peerAnswer{Response: response}, nil
}

func (e *standardExchanger) close() { e.transport.CloseIdleConnections() }

// watch sees whether a request got a connection. Package net/http calls it from within RoundTrip.
type watch struct {
	trace httptrace.ClientTrace
	conn  net.Conn // nil: none
}

func (w *watch) gotConn(info httptrace.GotConnInfo) { w.conn = info.Conn }
