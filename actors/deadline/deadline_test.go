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
					keeper := deadline.NewKeeper(parent)
					defer keeper.Close()
					keeper.Begin(time.Now().Add(10 * time.Millisecond)).End()
					ctx := keeper.Begin(time.Now().Add(time.Second))
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
	keeper := deadline.NewKeeper(t.Context())
	defer keeper.Close()
	n := testing.AllocsPerRun(100, func() {
		ctx := keeper.Begin(time.Now().Add(time.Second))
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			t.Fatal("no deadline, or ended")
		}
		ctx.End()
	})
	if n > 1 {
		t.Errorf("%v allocations, want at most 1", n)
	}
}

func TestFunctionRunsWhenTheContextEndsAndNotAfterItWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keeper := deadline.NewKeeper(t.Context())
		defer keeper.Close()
		for range 3 { // the timer of the first is still set when the others begin
			begun, ran := time.Now(), make([]time.Duration, 3)
			ctx := keeper.Begin(begun.Add(time.Second))
			var stops []func() bool
			for i := range ran {
				stops = append(stops, context.AfterFunc(ctx, func() { ran[i] = time.Since(begun) }))
			}
			if !stops[1]() || stops[1]() {
				t.Fatal("stopped not at all, or twice")
			}
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			if ran[0] != time.Second || ran[1] != 0 || ran[2] != time.Second {
				t.Fatalf("ran after %v", ran)
			}
			if stops[0]() || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Fatalf("stopped late, or ended with %v", ctx.Err())
			}
			late := make(chan struct{})
			context.AfterFunc(ctx, func() { close(late) })
			<-late
			ctx.End()
			next := keeper.Begin(time.Now().Add(time.Second))
			never := context.AfterFunc(next, func() { t.Error("ran for a context that was ended after it was stopped") })
			never()
			next.End()
		}
	})
}

func TestShorterDeadlineGoesBeforeTheTimerThatIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keeper := deadline.NewKeeper(t.Context())
		defer keeper.Close()
		for _, wait := range []time.Duration{time.Hour, time.Second, time.Minute, time.Second} {
			begun := time.Now()
			ctx := keeper.Begin(begun.Add(wait))
			done := ctx.Done()
			if wait == time.Second {
				<-done
				if time.Since(begun) != wait {
					t.Errorf("ended after %v, want %v", time.Since(begun), wait)
				}
			}
			ctx.End()
			<-done
		}
	})
}
