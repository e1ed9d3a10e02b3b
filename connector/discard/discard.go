// Package discard is the connector that takes every record and keeps none: for measuring, and for trying out what stands
// in front of it. With a delay it behaves like a destination that takes that long to answer.
package discard

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
)

// batch is the most records in one write, where there is no delay to be had by each.
const batch = 1024

// Definition announces the connector.
func Definition() connector.Definition {
	return connector.Definition{
		Name:    "discard",
		Summary: "Takes every record and keeps none.",
		Sink:    connector.DefineSink(NewSink),
	}
}

// SinkConfig configures a sink.
type SinkConfig struct {
	Delay time.Duration `config:"delay" min:"0s" example:"50ms" doc:"Time that each attempt takes, as if there were a slow destination."`
}

// NewSink makes the outlet. Its sink takes any number of writes at the same time; with a delay, of one record each.
func NewSink(config SinkConfig, _ connector.Env) (*connector.Outlet, error) {
	outlet := connector.Single("discard", &sink{delay: config.Delay})
	if config.Delay == 0 {
		outlet.Batch = batch
	}
	return outlet, nil
}

type sink struct{ delay time.Duration }

var _ connector.Sink = (*sink)(nil)

// Open does nothing.
func (*sink) Open(context.Context) error { return nil }

// Write waits for the delay, or fails with the error of a context that ends earlier.
func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	if s.delay > 0 {
		timer := time.NewTimer(s.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	err := ctx.Err()
	if err == nil {
		return nil
	}
	results := make([]connector.Result, len(batch))
	for i := range results {
		results[i].Err = err
	}
	return results
}

// Close does nothing.
func (*sink) Close(context.Context) error { return nil }
