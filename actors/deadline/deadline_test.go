package deadline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/actors/deadline"
)

func TestContextEndsAtItsDeadlineWithItsParentAndWithEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(c *deadline.Context, parent context.CancelFunc)
		want error
	}{
		{"deadline", func(*deadline.Context, context.CancelFunc) { time.Sleep(time.Second) }, context.DeadlineExceeded},
		{"parent", func(_ *deadline.Context, cancel context.CancelFunc) { cancel() }, context.Canceled},
		{"End", func(c *deadline.Context, _ context.CancelFunc) { c.End() }, context.Canceled},
	} {
		for _, waited := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, cancel := context.WithCancel(t.Context())
					defer cancel()
					ctx := deadline.New(parent, time.Now().Add(time.Second))
					defer ctx.End()
					if ctx.Err() != nil {
						t.Fatalf("ended at once: %v", ctx.Err())
					}
					var derived context.Context
					if waited { // as most connectors do that take a context on
						var stop context.CancelFunc
						derived, stop = context.WithCancel(ctx)
						defer stop()
					}
					c.end(ctx, cancel)
					synctest.Wait()
					<-ctx.Done()
					if !errors.Is(ctx.Err(), c.want) {
						t.Errorf("ended with %v, want %v", ctx.Err(), c.want)
					}
					if waited && !errors.Is(derived.Err(), c.want) {
						t.Errorf("what was derived ended with %v, want %v", derived.Err(), c.want)
					}
				})
			})
		}
	}
}

func TestContextThatNobodyWaitsForAllocatesOnlyItself(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		ctx := deadline.New(t.Context(), time.Now().Add(time.Second))
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			t.Fatal("no deadline, or ended")
		}
		ctx.End()
	})
	if n > 1 {
		t.Errorf("%v allocations, want at most 1", n)
	}
}
