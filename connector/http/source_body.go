package http

import (
	"errors"
	"io"
	nethttp "net/http"
	"os"

	"github.com/acktor/acktor/field"
)

const (
	firstGrant  = 4 << 10  // room for a body of unknown length, to begin with
	trustedSize = 64 << 10 // up to here a declared length is believed before the bytes are there
)

// readBody reads the whole body, and reserves its memory in the waiting list as it grows, so that neither a length
// that is only declared nor a body without end costs more than was really sent. What it returns as held is to be
// released by the caller; with a refusal nothing is held. An empty body is nil.
func (h *handler) readBody(in *incoming) (held int64, refused *problem) {
	b := pendingBody{limit: int64(h.source.config.MaxBody), declared: in.length, waiting: h.source.waiting}
	if refused := b.read(in.body); refused != nil {
		b.waiting.release(b.held)
		return 0, refused
	}
	in.data = b.data
	return b.held, nil
}

// pendingBody is a body that is being read.
type pendingBody struct {
	limit    int64
	declared int64 // -1 when unknown
	waiting  *waitingList
	held     int64
	data     []byte
}

// most is how long the data may get: as long as declared, else one byte beyond the limit, which tells.
func (b *pendingBody) most() int64 {
	if b.declared >= 0 {
		return b.declared
	}
	return b.limit + 1
}

func (b *pendingBody) read(from io.Reader) *problem {
	for int64(len(b.data)) < b.most() {
		if len(b.data) == cap(b.data) && !b.grow() {
			return noRoom()
		}
		n, err := from.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bodyBroken(err)
		}
	}
	switch n := int64(len(b.data)); {
	case n > b.limit:
		return bodyTooLarge(field.Bytes(b.limit))
	case n < b.declared:
		return bodyBroken(io.ErrUnexpectedEOF)
	case n == 0:
		b.data = nil
	}
	return nil
}

// grow makes room, and returns false when the budget has none.
func (b *pendingBody) grow() bool {
	size := int64(cap(b.data)) * 2
	if size == 0 && b.declared < 0 {
		size = firstGrant
	} else if size == 0 {
		size = trustedSize
	}
	size = min(size, b.most())
	more := size - int64(cap(b.data))
	if !b.waiting.reserve(more) {
		return false
	}
	b.held += more
	grown := make([]byte, len(b.data), size)
	copy(grown, b.data)
	b.data = grown
	return true
}

func bodyTooLarge(limit field.Bytes) *problem {
	return &problem{
		code: nethttp.StatusRequestEntityTooLarge, kind: "too_large", title: "the request is larger than is taken",
		detail: "the limit of a body is " + limit.String(), close: true,
	}
}

func bodyBroken(err error) *problem {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &problem{code: nethttp.StatusRequestTimeout, kind: "request_timeout", title: "the body did not come in time", close: true}
	}
	return &problem{code: nethttp.StatusBadRequest, kind: "bad_request", title: "the body could not be read whole", close: true}
}
