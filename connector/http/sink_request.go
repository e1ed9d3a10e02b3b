package http

import (
	"bytes"
	"io"
	nethttp "net/http"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// envelope is what a request is beside its body.
type envelope struct {
	method string
	place
	host   string
	header fields
}

// envelope renders method, URL and headers for the record that scope shows. The headers go into room, which is empty.
func (p *plan) envelope(scope *expression.Scope, t *target, room fields) (envelope, error) {
	e := envelope{method: p.method, host: p.headers.host, header: room}
	var err error
	if e.method == "" {
		if e.method, err = p.config.Method.Render(scope); err == nil {
			err = checkMethod(e.method)
		}
		if err != nil {
			return e, invalid("method: %w", err)
		}
	}
	if e.place, err = t.resolve(scope); err != nil {
		return e, err
	}
	e.header, err = p.headers.render(scope, room)
	return e, err
}

// message is one request that is ready to be sent, and can be made again for a redirect.
type message struct {
	envelope
	body []byte
	id   string // of the record, or of the batch: the same in every attempt
}

// compose makes m the request for one record, which scope shows. The error is of class invalid.
func (p *plan) compose(m *message, scope *expression.Scope, t *target, record *connector.Record) (err error) {
	if m.envelope, err = p.envelope(scope, t, m.header[:0]); err != nil {
		return err
	}
	m.id = string(record.ID)
	if p.idempotencyHeader != "" {
		if err := m.header.set(p.idempotencyHeader, m.id); err != nil {
			return err
		}
	}
	if bodiless(m.method) && p.format != formatTemplate {
		return nil
	}
	m.body, err = p.encode(scope, record, &m.header)
	return err
}

// message borrows a message, to be given back with dismiss when nothing looks at it any more.
func (p *plan) message() *message {
	if m, ok := p.messages.Get().(*message); ok {
		return m
	}
	return &message{}
}

func (p *plan) dismiss(m *message) {
	room := m.header[:cap(m.header)]
	clear(room)
	*m = message{envelope: envelope{header: room[:0]}}
	p.messages.Put(m)
}

// bodiless says whether a request with that method has a body only where one is configured.
func bodiless(method string) bool { return method == nethttp.MethodGet || method == nethttp.MethodHead }

// encode returns the body for record and sets the headers that go with it. The body may be record.Data itself.
func (p *plan) encode(scope *expression.Scope, record *connector.Record, header *fields) ([]byte, error) {
	switch p.format {
	case formatTemplate:
		text, err := p.config.Body.Render(scope)
		if err != nil {
			return nil, invalid("body: %w", err)
		}
		header.setDefault("Content-Type", typeOf(text))
		return []byte(text), nil
	case formatBinary:
		return record.Data, setEventHeaders(header, record)
	case formatStructured:
		body, err := encodeStructured(record)
		if err != nil {
			return nil, invalid("%w", err)
		}
		header.setDefault("Content-Type", structuredType)
		return body, nil
	}
	return record.Data, setContentHeaders(header, record)
}

// setContentHeaders passes on how Data is to be understood: it goes out byte for byte.
func setContentHeaders(header *fields, record *connector.Record) error {
	for i := range record.Headers {
		name := ""
		switch record.Headers[i].Name {
		case "content-type":
			name = "Content-Type"
		case "content-encoding":
			name = "Content-Encoding"
		default:
			continue
		}
		if _, configured := header.find(name); configured {
			continue
		}
		if err := header.set(name, record.Headers[i].Value); err != nil {
			return err
		}
	}
	return nil
}

func setEventHeaders(header *fields, record *connector.Record) error {
	headers, err := binaryHeaders(record)
	if err != nil {
		return invalid("%w", err)
	}
	for _, h := range headers {
		if err := header.set(nethttp.CanonicalHeaderKey(h.Name), h.Value); err != nil {
			return err
		}
	}
	return setContentHeaders(header, record)
}

// typeOf guesses the content type of a body that was made from a template.
func typeOf(text string) string {
	if text != "" && (text[0] == '{' || text[0] == '[') {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// request makes the request in the form that package net/http does not send twice by itself.
//
// It would resend, on a new connection, what it believes to be idempotent and can send again: GET, HEAD and OPTIONS
// always, any method that has an Idempotency-Key, and with HTTP/2 whatever the peer refused. Attempts would not
// be counted. It cannot send again a request whose body it cannot make again: one with a Body and without GetBody.
// Where there is nothing to send, a method for which it is not assumed that there is a body gets an empty one,
// which net/http finds to be empty and leaves out. For the other methods it looks for the header Idempotency-Key
// as spelled here; headerName spells it differently. What remains is a POST without data over HTTP/2 that the peer says
// it did not take.
func (m *message) request() *nethttp.Request {
	request := &nethttp.Request{
		Method: m.method, URL: m.url, Host: m.host, Header: m.header.standard(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(m.body)),
	}
	if len(m.body) > 0 || mayLackBody(m.method) {
		// This very type lets net/http write headers and body together.
		request.Body = io.NopCloser(bytes.NewReader(m.body))
	}
	return request
}

func mayLackBody(method string) bool {
	switch method {
	case nethttp.MethodGet, nethttp.MethodHead, nethttp.MethodDelete, nethttp.MethodOptions:
		return true
	}
	return false
}
