package memory

import (
	"bytes"
	"context"
	"runtime/debug"
	"sync"

	"github.com/acktor/acktor/connector"
)

// sink is a function.
type sink struct {
	write func(context.Context, *connector.Record) error
}

var _ connector.Sink = (*sink)(nil)

// NewSink makes a sink of write, which makes one attempt for one record: it must return when ctx ends, keep nothing of the record,
// and change nothing in it. It is called by as many goroutines at the same time as there are Writes. A panic in it
// fails the record's attempt with a PanicError.
func NewSink(write func(ctx context.Context, record *connector.Record) error) connector.Sink {
	return &sink{write: write}
}

// Open does nothing.
func (*sink) Open(context.Context) error { return nil }

// Write calls the function for one record after the other.
func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	var results []connector.Result
	for i, record := range batch {
		err := s.attempt(ctx, record)
		if err != nil && results == nil {
			results = make([]connector.Result, len(batch))
		}
		if err != nil {
			results[i].Err = err
		}
	}
	return results
}

func (s *sink) attempt(ctx context.Context, record *connector.Record) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &connector.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.write(ctx, record)
}

// Close does nothing.
func (*sink) Close(context.Context) error { return nil }

// Collector keeps copies of the records that it is given, for tests. The zero Collector is ready, and safe for
// concurrent use:
//
//	var collector memory.Collector
//	sink := memory.NewSink(collector.Collect)
type Collector struct {
	mu      sync.Mutex
	records []*connector.Record
}

// Collect keeps a copy of record.
func (c *Collector) Collect(_ context.Context, record *connector.Record) error {
	kept := record.Clone()
	kept.Data = bytes.Clone(record.Data)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, kept)
	return nil
}

// Records returns what was collected so far, in the order of the attempts.
func (c *Collector) Records() []*connector.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*connector.Record(nil), c.records...)
}
