package acktor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

// feed is a source that hands over n records and remembers their outcomes.
type feed struct {
	n, next  int
	mu       sync.Mutex
	outcomes map[connector.RecordID][]*connector.Outcome
	closed   atomic.Bool
}

func (f *feed) Open(context.Context, []connector.Position) error { return nil }
func (f *feed) Close(context.Context) error                      { f.closed.Store(true); return nil }

func (f *feed) Read(_ context.Context, max connector.Credit) ([]*connector.Record, error) {
	var records []*connector.Record
	for len(records) < max.Records && f.next < f.n {
		f.next++
		records = append(records, &connector.Record{
			ID: connector.RecordID(fmt.Sprint(f.next)), Data: []byte(`{"n":1}`),
			Position: connector.Position{Partition: "p", Offset: int64(f.next)},
		})
	}
	if f.next == f.n {
		return records, connector.ErrEndOfSource
	}
	return records, nil
}

func (f *feed) Settle(_ context.Context, settled []connector.Settled) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.outcomes == nil {
		f.outcomes = make(map[connector.RecordID][]*connector.Outcome)
	}
	for _, s := range settled {
		f.outcomes[s.Record.ID] = append(f.outcomes[s.Record.ID], s.Outcome)
	}
	return nil
}

func TestEveryRecordOfAFiniteSourceIsSettledOnceBeforeThePipelineEnds(t *testing.T) {
	var calls atomic.Int64
	source := &feed{n: 20000}
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	options := acktor.DefaultSinkOptions()
	options.Retry.Initial = time.Millisecond
	options.Breaker.Enabled = false
	sink := acktor.SinkFunc("crm", func(context.Context, *acktor.Record) error {
		if calls.Add(1)%10 == 0 {
			return errors.New("flaky")
		}
		return nil
	})
	sink.Options = options
	if err := engine.Add(acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{sink}}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := engine.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, outcomes := range source.outcomes {
		if len(outcomes) != 1 || outcomes[0].State != connector.Delivered {
			t.Fatalf("record %s: %d outcomes, the first %+v", id, len(outcomes), outcomes[0])
		}
	}
	if len(source.outcomes) != source.n || !source.closed.Load() {
		t.Fatalf("%d of %d settled, closed %v", len(source.outcomes), source.n, source.closed.Load())
	}
}
