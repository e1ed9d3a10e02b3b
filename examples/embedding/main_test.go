package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/all"
	"github.com/acktor/acktor/connector/memory"
	"github.com/acktor/acktor/store"
)

func Example() {
	tries := 0
	flaky := func(ctx context.Context, record *acktor.Record) error {
		if tries++; tries == 1 {
			return errors.New("not yet")
		}
		return post(ctx, record)
	}
	if err := run(context.Background(), flaky); err != nil {
		panic(err)
	}
	// Output:
	// crm got {"id": 7}
	// delivered after 2 attempts
}

// Pipelines come from a file, and connectors from a list that the program chooses.
func Example_fromYAML() {
	ctx := context.Background()
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, "with key", r.Header.Get("Idempotency-Key") != "")
	}))
	defer crm.Close()
	os.Setenv("CRM", crm.URL)
	text := []byte(`
pipelines:
  orders:
    source:
      generate: {count: 1}
    sinks:
      crm:
        http: {url: "${CRM}/hook"}
`)

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	pipelines, err := acktor.Load(text, all.Registry(), log)
	if err != nil {
		panic(err) // every mistake, each with its place
	}
	engine, err := acktor.New(acktor.Options{Logger: log})
	if err != nil {
		panic(err)
	}
	for _, pipeline := range pipelines {
		if err := engine.Add(pipeline); err != nil {
			panic(err)
		}
	}
	if err := errors.Join(engine.Start(ctx), engine.Wait(ctx), engine.Stop(ctx)); err != nil {
		panic(err)
	}
	status := engine.Pipelines()[0]
	fmt.Println(status.Pipeline, status.State, status.Delivered)
	// Output:
	// POST with key true
	// orders ended 1
}

// Options of a sink begin with the documented defaults.
func Example_options() {
	ctx := context.Background()
	source := memory.NewSource(memory.Options{})
	down := func(context.Context, *acktor.Record) error { return errors.New("down") }

	crm := acktor.SinkFunc("crm", down)
	crm.Options = acktor.DefaultSinkOptions()
	crm.Options.Timeout = 2 * time.Second
	crm.Options.Retry.MaxAttempts = 3
	crm.Options.Retry.Initial = 10 * time.Millisecond

	var letters memory.Collector
	dead := acktor.SinkFunc("dead", letters.Collect)
	orders := acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{crm}, DeadLetter: &dead}

	engine, err := acktor.New(acktor.Options{Store: store.NewMemory()})
	if err != nil {
		panic(err)
	}
	if err := errors.Join(engine.Add(orders), engine.Start(ctx)); err != nil {
		panic(err)
	}
	outcome, err := source.Send(ctx, &acktor.Record{ID: "order-7"})
	if err != nil {
		panic(err)
	}
	fmt.Println(outcome.State, outcome.Failure.Class, "after", outcome.Attempts, "attempts; dead letters:", len(letters.Records()))
	if err := engine.Stop(ctx); err != nil {
		panic(err)
	}
	// Output: failed unavailable after 3 attempts; dead letters: 1
}

// What happens on the way is there for those who watch.
func Example_watch() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	source := memory.NewSource(memory.Options{})
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		panic(err)
	}
	crm := acktor.SinkFunc("crm", func(context.Context, *acktor.Record) error { return nil })
	if err := errors.Join(engine.Add(acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{crm}}), engine.Start(ctx)); err != nil {
		panic(err)
	}

	watch := engine.Watch(ctx, acktor.WatchOptions{Records: true})
	if _, err := source.Send(ctx, &acktor.Record{ID: "order-7"}); err != nil {
		panic(err)
	}
	for settled := false; !settled; {
		switch event := (<-watch.C).(type) {
		case *acktor.AttemptStarted:
			fmt.Println("attempt", event.N, "of", event.Record)
		case *acktor.Settled:
			fmt.Println(event.Record.ID, event.Outcome.State)
			settled = true
		}
	}

	if err := engine.Stop(ctx); err != nil {
		panic(err)
	}
	// Output:
	// attempt 1 of order-7
	// order-7 delivered
}

// tenants is a sink that says what became of each record of a batch.
type tenants struct{ name string }

var _ connector.Sink = (*tenants)(nil)

func (*tenants) Open(context.Context) error  { return nil }
func (*tenants) Close(context.Context) error { return nil }

func (t *tenants) Write(_ context.Context, batch []*connector.Record) []connector.Result {
	results := make([]connector.Result, len(batch))
	for i, record := range batch {
		if len(record.Data) == 0 {
			results[i].Err = &connector.AttemptError{Class: connector.Invalid, Detail: "there is no data"}
		}
	}
	return results
}

// A connector of one's own: one Sink for each destination, made when it is needed.
func Example_connector() {
	ctx := context.Background()
	outlet := &connector.Outlet{
		Destination: func(record *connector.Record) (string, error) { return record.Headers.Get("tenant"), nil },
		New:         func(destination string) (connector.Sink, error) { return &tenants{destination}, nil },
		InFlight:    4,
		Batch:       100,
	}

	source := memory.NewSource(memory.Options{})
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		panic(err)
	}
	orders := acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{{Name: "tenants", Outlet: outlet}}}
	if err := errors.Join(engine.Add(orders), engine.Start(ctx)); err != nil {
		panic(err)
	}
	for _, data := range []string{"hello", ""} {
		record := &acktor.Record{Headers: connector.Headers{{Name: "tenant", Value: "acme"}}, Data: []byte(data)}
		outcome, err := source.Send(ctx, record)
		if err != nil {
			panic(err)
		}
		fmt.Println(outcome.Destination, outcome.State)
	}
	if err := engine.Stop(ctx); err != nil {
		panic(err)
	}
	// Output:
	// acme delivered
	// acme failed
}
