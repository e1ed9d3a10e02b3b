package acktor_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/memory"
)

func TestDestinationsThatWerePassivatedLeaveLittleBehind(t *testing.T) {
	const many = 3000
	synctest.Test(t, func(t *testing.T) {
		engine, err := acktor.New(acktor.Options{})
		if err != nil {
			t.Fatal(err)
		}
		source := memory.NewSource(memory.Options{})
		outlet := &connector.Outlet{
			Destination: func(r *acktor.Record) (string, error) { return r.Key, nil },
			New:         func(string) (connector.Sink, error) { return nothing{}, nil },
		}
		options := acktor.DefaultSinkOptions()
		options.IdleAfter = time.Minute
		if err := engine.Add(acktor.Pipeline{Name: "p", Source: source, Sinks: []acktor.Sink{{Name: "s", Outlet: outlet, Options: options}}}); err != nil {
			t.Fatal(err)
		}
		if err := engine.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		heap := func(wave, destinations int) int64 {
			for i := range destinations {
				if _, err := source.Send(t.Context(), &acktor.Record{ID: "x", Key: fmt.Sprint(wave, ".", i)}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if open := len(engine.Pipelines()[0].Destinations); open != 0 {
				t.Fatalf("%d destinations are open", open)
			}
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		// What is left of each is a little, for the next that are open at the same time.
		before := heap(1, 10)
		if left := (heap(2, many) - before) / many; left > 2400 {
			t.Errorf("%d destinations left %d bytes each", many, left)
		} else {
			t.Logf("left %d bytes each", left)
		}
		source.End()
		_ = engine.Stop(context.Background())
		time.Sleep(time.Minute)
	})
}
