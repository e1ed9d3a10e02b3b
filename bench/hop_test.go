package main

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/sink"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/telemetry"
)

// The benchmarks of single parts. Those that are not here stand beside the part: policy and breaker in delivery, filters and
// templates in expression and steps, positions in store, lines and requests in the connectors, a whole record in the root.

// inFlight is how many messages are under way at once.
const inFlight = 1024

func newSystem(b *testing.B) *actor.ActorSystem {
	discard := slog.New(slog.DiscardHandler)
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return discard }))
	b.Cleanup(func() { system.Shutdown() })
	return system
}

// exchange sends n Delivers to the actor, at most inFlight without an Outcome, and returns when each has one.
func exchange(b *testing.B, system *actor.ActorSystem, to *actor.PID, n int) {
	var credit sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	credit.Add(n)
	from := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*messages.Outcome); ok {
			<-slots
			credit.Done()
		}
	}))
	record := &connector.Record{ID: "x", Data: make([]byte, 200)}
	system.Root.Send(to, &messages.Connect{Source: from, Session: 1})
	b.ReportAllocs()
	b.ResetTimer()
	for i := range n {
		slots <- struct{}{}
		system.Root.Send(to, &messages.Deliver{Ticket: messages.Ticket{Session: 1, Seq: uint64(i)}, ReplyTo: from, Record: record})
	}
	credit.Wait()
	b.StopTimer()
	_ = system.Root.StopFuture(from).Wait()
}

// BenchmarkMessageHop is a Deliver and an Outcome between two actors that do nothing: two mailbox hops.
func BenchmarkMessageHop(b *testing.B) {
	system := newSystem(b)
	echo := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if deliver, ok := ctx.Message().(*messages.Deliver); ok {
			ctx.Send(deliver.ReplyTo, &messages.Outcome{Ticket: deliver.Ticket})
		}
	}))
	exchange(b, system, echo, b.N)
	_ = system.Root.StopFuture(echo).Wait()
}

type nowhere struct{}

func (nowhere) Open(context.Context) error                                    { return nil }
func (nowhere) Close(context.Context) error                                   { return nil }
func (nowhere) Write(context.Context, []*connector.Record) []connector.Result { return nil }

// BenchmarkDeliverToOutcome is what a sink actor costs: leave of the breaker, queue, one write by a goroutine, the decision, the
// Outcome.
func BenchmarkDeliverToOutcome(b *testing.B) {
	for _, c := range []struct {
		name  string
		batch int
	}{{"one-by-one", 1}, {"batched", 256}} {
		b.Run(c.name, func(b *testing.B) {
			system := newSystem(b)
			options := field.Defaults[pipeline.Options]()
			outlet := connector.Single("nowhere", nowhere{})
			outlet.Batch = c.batch
			config := &sink.Config{
				Pipeline: "bench", Sink: &pipeline.Sink{Name: "nowhere", Outlet: outlet, Options: options},
				Policy: delivery.NewPolicy(options.Retry), Metrics: telemetry.NewMetrics(nil).Sink("bench", "nowhere"),
				Board: telemetry.NewBoard(), Log: slog.New(slog.DiscardHandler), Running: &sync.WaitGroup{},
				Events: system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {})),
			}
			to := system.Root.Spawn(config.Props("nowhere", nowhere{}))
			exchange(b, system, to, b.N)
			_ = system.Root.StopFuture(to).Wait()
			config.Running.Wait()
		})
	}
}
