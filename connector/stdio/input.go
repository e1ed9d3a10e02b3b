package stdio

import (
	"context"
	"io"
)

// blockSize is how much is asked of the reader at once.
const blockSize = 64 << 10

// input reads from a reader on behalf of callers who may go away: a read that nobody waits for any more
// is kept for the next caller. It serves one caller at a time.
type input struct {
	reader  io.Reader
	block   []byte    // belongs to the running read while there is one
	rest    []byte    // of block, not yet handed out
	done    chan read // holds the result of the running read; nil when there is none
	failure error     // comes after rest
}

type read struct {
	n   int
	err error
}

func newInput(reader io.Reader) *input {
	return &input{reader: reader, block: make([]byte, blockSize)}
}

// read copies input into p, and waits for some if there is none. Its error is the reader's, which stays,
// or that of ctx, after which nothing is lost.
func (i *input) read(ctx context.Context, p []byte) (int, error) {
	for len(i.rest) == 0 {
		if i.failure != nil {
			return 0, i.failure
		}
		if i.done == nil {
			i.start()
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case r := <-i.done:
			i.done, i.rest, i.failure = nil, i.block[:r.n], r.err
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

func (i *input) start() {
	reader, block, done := i.reader, i.block, make(chan read, 1)
	i.done = done
	go func() {
		n, err := reader.Read(block)
		done <- read{n, err}
	}()
}
