package acktor_test

import (
	"context"
	"testing"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/memory"
)

// slab is a source of n equal records, cut from slabs.
type slab struct{ left int }

func (s *slab) Open(context.Context, []connector.Position) error  { return nil }
func (s *slab) Settle(context.Context, []connector.Settled) error { return nil }
func (s *slab) Close(context.Context) error                       { return nil }
func (s *slab) Read(_ context.Context, max connector.Credit) ([]*connector.Record, error) {
	n := min(max.Records, s.left)
	s.left -= n
	if n == 0 {
		return nil, connector.ErrEndOfSource
	}
	records, pointers := make([]connector.Record, n), make([]*connector.Record, n)
	for i := range records {
		records[i] = connector.Record{ID: "x", Data: payload}
		pointers[i] = &records[i]
	}
	return pointers, nil
}

var payload = make([]byte, 200)

type nothing struct{}

func (nothing) Open(context.Context) error                                    { return nil }
func (nothing) Close(context.Context) error                                   { return nil }
func (nothing) Write(context.Context, []*connector.Record) []connector.Result { return nil }

// BenchmarkRecord is the engine's own cost of one record: read, Deliver, write, Outcome, settle.
func BenchmarkRecord(b *testing.B) {
	b.ReportAllocs()
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		b.Fatal(err)
	}
	outlet := connector.Single("discard", nothing{})
	outlet.Batch, outlet.InFlight = 256, 4
	if err := engine.Add(acktor.Pipeline{Name: "p", Source: &slab{left: b.N}, Sinks: []acktor.Sink{{Name: "s", Outlet: outlet}}}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if err := engine.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := engine.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if err := engine.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSend is what a caller waits for when the sink is a function: Send, Deliver, write, Outcome, settle, with 64 callers.
func BenchmarkSend(b *testing.B) {
	b.ReportAllocs()
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		b.Fatal(err)
	}
	source := memory.NewSource(memory.Options{})
	sink := acktor.SinkFunc("s", func(context.Context, *acktor.Record) error { return nil })
	if err := engine.Add(acktor.Pipeline{Name: "p", Source: source, Sinks: []acktor.Sink{sink}}); err != nil {
		b.Fatal(err)
	}
	if err := engine.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := source.Send(b.Context(), &acktor.Record{Data: payload}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	if err := engine.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}
