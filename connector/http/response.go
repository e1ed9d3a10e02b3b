package http

import (
	"bytes"
	"fmt"
	"io"
	nethttp "net/http"
	"sync"

	"github.com/acktor/acktor/connector"
)

const (
	firstRead    = 4 << 10   // what a buffer starts with
	keptBuffer   = 256 << 10 // a larger buffer is not kept for the next response
	maxDrain     = 64 << 10  // what is read of a body only to keep the connection
	maxHeaderSum = 8 << 10   // what is kept of all headers together
)

// buffers hold bodies while they are read; what is kept is copied out.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *bytes.Buffer {
	if buffer, ok := b.pool.Get().(*bytes.Buffer); ok {
		return buffer
	}
	return bytes.NewBuffer(make([]byte, 0, firstRead))
}

func (b *buffers) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= keptBuffer {
		buffer.Reset()
		b.pool.Put(buffer)
	}
}

// read takes from answer what is kept, and closes it so that the connection can be used again where that costs
// little. broken says that the body ended too early; the response then holds what came.
func (p *plan) read(answer *nethttp.Response) (response *connector.Response, broken error) {
	response = &connector.Response{Status: answer.StatusCode}
	p.keepHeaders(response, answer.Header)
	defer answer.Body.Close()
	if answer.Body == nethttp.NoBody || answer.StatusCode < 200 { // 101: the body is the raw connection
		return response, nil
	}
	limit := int64(p.config.MaxResponse)
	buffer := p.buffers.get()
	defer p.buffers.put(buffer)
	// One byte more than is kept tells whether there is more; reading on to the end frees the connection.
	_, err := buffer.ReadFrom(io.LimitReader(answer.Body, limit+1))
	body := buffer.Bytes()
	if int64(len(body)) > limit {
		response.Truncated = true
		body = body[:limit]
		if rest := answer.ContentLength - limit; rest > 0 && rest <= maxDrain {
			_, _ = io.Copy(io.Discard, answer.Body)
		}
	}
	if len(body) > 0 {
		response.Body = bytes.Clone(body)
	}
	if err != nil {
		response.Note = connector.Bound(fmt.Sprintf("the body of the response broke off after %d bytes: %v", len(body), err), maxDetail)
	}
	return response, err
}

func (p *plan) keepHeaders(response *connector.Response, header nethttp.Header) {
	if p.needsHeaders { // for an expression; trim drops those that are not kept
		for name, values := range header {
			for _, value := range values {
				response.Headers.Add(name, value)
			}
		}
		return
	}
	sum := 0
	for _, kept := range p.kept {
		for _, value := range header[kept.canonical] {
			if sum += len(value); sum > maxHeaderSum {
				return
			}
			response.Headers = append(response.Headers, connector.Header{Name: kept.lower, Value: value})
		}
	}
}

// trim drops the headers that were there for expressions only.
func (p *plan) trim(response *connector.Response) {
	if !p.needsHeaders {
		return
	}
	var headers connector.Headers
	sum := 0
	for _, kept := range p.kept {
		for _, value := range response.Headers.Values(kept.lower) {
			if sum += len(value); sum > maxHeaderSum {
				break
			}
			headers = append(headers, connector.Header{Name: kept.lower, Value: value})
		}
	}
	response.Headers = headers
}
