package roles

import (
	"context"
	"time"

	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/connector"
)

// clock measures how long records take. Only Settle writes to it.
type clock struct{ latency *measure.Histogram }

// clocked is a source that measures how long its records take from being read to being settled. It costs one allocation for
// each Read.
type clocked struct {
	connector.Source
	clock *clock
}

// Read marks what it read with the time.
func (c *clocked) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	records, err := c.Source.Read(ctx, credit)
	if len(records) > 0 {
		now := new(time.Now())
		for _, record := range records {
			record.Ref = now
		}
	}
	return records, err
}

// Settle counts how long it took.
func (c *clocked) Settle(ctx context.Context, settled []connector.Settled) error {
	now := time.Now()
	for i := 0; i < len(settled); {
		read, ok := settled[i].Record.Ref.(*time.Time)
		if !ok {
			i++
			continue
		}
		first := i
		for i < len(settled) && settled[i].Record.Ref == any(read) {
			i++
		}
		c.clock.latency.Record(now.Sub(*read), int64(i-first))
	}
	return c.Source.Settle(ctx, settled)
}

// count makes the sinks of an outlet keep a ledger of the records, whose numbers are their offsets behind first.
func count(outlet *connector.Outlet, taken *taken, first int64) {
	inner := outlet.New
	outlet.New = func(destination string) (connector.Sink, error) {
		sink, err := inner(destination)
		if err != nil {
			return nil, err
		}
		return &counted{Sink: sink, taken: taken, first: first}, nil
	}
}

type counted struct {
	connector.Sink
	taken *taken
	first int64
}

var _ connector.Sink = (*counted)(nil)

// Write notes what was delivered.
func (c *counted) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	results := c.Sink.Write(ctx, batch)
	for i, record := range batch {
		if results == nil || results[i].Err == nil {
			c.taken.take(c.first + record.Position.Offset)
		}
	}
	return results
}
