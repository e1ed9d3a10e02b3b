package acktor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync/atomic"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/all"
	"github.com/acktor/acktor/connector/memory"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
)

// An engine moves what the program sends, and each Send returns what became of its record.
func Example() {
	ctx := context.Background()
	source := memory.NewSource(memory.Options{})
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = engine.Add(acktor.Pipeline{
		Name:   "orders",
		Source: source,
		Sinks: []acktor.Sink{acktor.SinkFunc("crm", func(_ context.Context, record *acktor.Record) error {
			fmt.Printf("crm gets %s\n", record.Data)
			return nil
		})},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Start(ctx); err != nil {
		log.Fatal(err)
	}

	outcome, err := source.Send(ctx, &acktor.Record{Data: []byte("an order")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outcome.State, "after", outcome.Attempts, "attempt")

	if err := engine.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// crm gets an order
	// delivered after 1 attempt
}

// A pipeline may be written in YAML, in the form that the command line takes. Mistakes are all shown at once.
func ExampleLoad() {
	_, err := acktor.Load([]byte(`
pipelines:
  demo:
    source:
      generate: {count: 3}
    sinks:
      nowhere:
        discard: {}
        in_flihgt: 4
`), all.Registry(), nil)
	fmt.Println(err)

	pipelines, err := acktor.Load([]byte(`
pipelines:
  demo:
    source:
      generate: {count: 3}
    sinks:
      nowhere:
        discard: {}
        in_flight: 4
`), all.Registry(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, status := range run(pipelines...) {
		fmt.Println(status.Pipeline, "delivered", status.Delivered)
	}
	// Output:
	// config:9:9: unknown key "in_flihgt" in pipelines.demo.sinks.nowhere; did you mean "in_flight"?
	//             in_flihgt: 4
	//             ^^^^^^^^^
	// demo delivered 3
}

// run runs pipelines to the end of their sources.
func run(pipelines ...acktor.Pipeline) []acktor.Status {
	ctx := context.Background()
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range pipelines {
		if err := engine.Add(p); err != nil {
			log.Fatal(err)
		}
	}
	if err := engine.Start(ctx); err != nil {
		log.Fatal(err)
	}
	if err := engine.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	if err := engine.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	return engine.Pipelines()
}

// list is a source of the given texts.
func list(texts ...string) acktor.Source {
	return acktor.SourceFunc(func(context.Context) (*acktor.Record, error) {
		if len(texts) == 0 {
			return nil, connector.ErrEndOfSource
		}
		text := texts[0]
		texts = texts[1:]
		return &acktor.Record{ID: connector.RecordID(text), Data: []byte(text)}, nil
	})
}

// A function is a sink, called for many records at the same time. What it returns decides what follows: most errors are
// tried again after a while, a connector.PermanentError is not.
func ExampleSinkFunc() {
	var tried atomic.Bool
	crm := acktor.SinkFunc("crm", func(_ context.Context, record *acktor.Record) error {
		switch {
		case record.ID == "bad":
			return &connector.PermanentError{Err: errors.New("no such customer")}
		case !tried.Swap(true):
			return errors.New("not now")
		}
		return nil
	})
	for _, status := range run(acktor.Pipeline{Name: "orders", Source: list("good", "bad"), Sinks: []acktor.Sink{crm}}) {
		fmt.Println(status.Delivered, "delivered,", status.Failed, "failed")
		for _, failure := range status.Failures {
			fmt.Println(failure.ID, failure.Class, failure.Detail)
		}
	}
	// Output:
	// 1 delivered, 1 failed
	// bad rejected no such customer
}

// A function is a source: it returns one record after the other, and connector.ErrEndOfSource at the end.
func ExampleSourceFunc() {
	n := 0
	source := acktor.SourceFunc(func(context.Context) (*acktor.Record, error) {
		if n++; n > 3 {
			return nil, connector.ErrEndOfSource
		}
		return &acktor.Record{ID: connector.RecordID(fmt.Sprint(n))}, nil
	})
	status := run(acktor.Pipeline{Name: "count", Source: source, Sinks: []acktor.Sink{acktor.SinkFunc("nowhere", accept)}})
	fmt.Println(status[0].Read, "read,", status[0].Delivered, "delivered")
	// Output:
	// 3 read, 3 delivered
}

func accept(context.Context, *acktor.Record) error { return nil }

func refuse(context.Context, *acktor.Record) error {
	return &connector.PermanentError{Err: errors.New("closed")}
}

// Steps change or drop records, several sinks are tried one after the other, and a dead letter gets what fails for good.
func ExamplePipeline() {
	var dead memory.Collector
	letters := acktor.SinkFunc("dead", dead.Collect)
	status := run(acktor.Pipeline{
		Name:       "orders",
		Source:     list("small", "large"),
		Steps:      []steps.Step{steps.Filter{Condition: expression.Must[expression.Condition](`record.id == "large"`)}},
		Sinks:      []acktor.Sink{acktor.SinkFunc("primary", refuse), acktor.SinkFunc("fallback", refuse)},
		FanOut:     pipeline.First,
		DeadLetter: &letters,
	})
	fmt.Println(status[0].Filtered, "filtered,", status[0].Failed, "failed")
	for _, branch := range status[0].Failures[0].Branches {
		fmt.Println(branch.Sink, branch.Outcome)
	}
	fmt.Println(len(dead.Records()), "dead letter")
	// Output:
	// 1 filtered, 1 failed
	// primary failed
	// fallback failed
	// 1 dead letter
}

// Whoever watches hears of changes of state and, if asked for, of every step of every record. A slow watcher loses
// events and slows nobody.
func ExampleEngine_Watch() {
	ctx := context.Background()
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		log.Fatal(err)
	}
	watch := engine.Watch(ctx, acktor.WatchOptions{Records: true})
	err = engine.Add(acktor.Pipeline{Name: "orders", Source: list("a"), Sinks: []acktor.Sink{acktor.SinkFunc("crm", accept)}})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Start(ctx); err != nil {
		log.Fatal(err)
	}
	for event := range watch.C {
		switch e := event.(type) {
		case *acktor.AttemptStarted:
			fmt.Println("attempt", e.N, "of", e.Record, "at", e.Sink)
		case *acktor.Settled:
			fmt.Println(e.Record.ID, "is", e.Outcome.State)
		case *acktor.PipelineChanged:
			fmt.Println(e.Pipeline, "is", e.State)
		}
		if e, ok := event.(*acktor.PipelineChanged); ok && e.State == "ended" {
			break
		}
	}
	if err := engine.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Unordered output:
	// orders is starting
	// orders is running
	// attempt 1 of a at crm
	// a is delivered
	// orders is ended
}
