// Embedding runs an engine inside a program: a record goes in with Send, and its outcome comes back.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector/memory"
)

func main() {
	if err := run(context.Background(), post); err != nil {
		log.Fatal(err)
	}
}

// run sends one record through an engine and prints what became of it.
func run(ctx context.Context, post func(context.Context, *acktor.Record) error) error {
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		return err
	}
	source := memory.NewSource(memory.Options{})
	orders := acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{acktor.SinkFunc("crm", post)}}
	if err := errors.Join(engine.Add(orders), engine.Start(ctx)); err != nil {
		return err
	}
	outcome, err := source.Send(ctx, &acktor.Record{Data: []byte(`{"id": 7}`)})
	if err == nil {
		fmt.Println(outcome.State, "after", outcome.Attempts, "attempts")
	}
	return errors.Join(err, engine.Stop(ctx))
}

// post delivers one record. It is called from many goroutines at the same time; an error is retried unless it says
// that this is of no use.
func post(_ context.Context, record *acktor.Record) error {
	fmt.Printf("crm got %s\n", record.Data)
	return nil
}
