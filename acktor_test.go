package acktor_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/memory"
	"github.com/acktor/acktor/store"
)

func TestPipelineThatIsWrongOrThereAlreadyIsNotAdded(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Add(b.pipeline("orders", b.source)); err == nil || !strings.Contains(err.Error(), `"orders" is there already`) {
			t.Errorf("a second one: %v", err)
		}
		if err := b.Add(b.pipeline("Bad Name", b.source)); err == nil || !strings.Contains(err.Error(), "Bad Name") {
			t.Errorf("a bad name: %v", err)
		}
		if err := b.Add(acktor.Pipeline{Name: "x", Source: b.source}); err == nil || !strings.Contains(err.Error(), "no sink") {
			t.Errorf("no sink: %v", err)
		}
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(b.pipeline("orders", b.source)); err == nil {
			t.Error("a second one of a running pipeline is added")
		}
	})
}

func TestPipelineThatIsAddedToARunningEngineRunsAtOnce(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		source := memory.NewSource(memory.Options{})
		defer source.End()
		if err := b.Add(b.pipeline("later", source)); err != nil {
			t.Fatal(err)
		}
		outcome, err := source.Send(t.Context(), &acktor.Record{})
		if err != nil || outcome.State != connector.Delivered {
			t.Errorf("got %v, %v", outcome, err)
		}
	})
}

func TestEngineIsStartedOnceAndStoppedForGood(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Start(t.Context()); err == nil {
			t.Error("it starts twice")
		}
		for range 2 {
			if err := b.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
		if err := b.Add(b.pipeline("more", b.source)); !errors.Is(err, acktor.ErrStopped) {
			t.Errorf("Add after Stop: %v", err)
		}
		if err := b.Start(t.Context()); err == nil {
			t.Error("it starts after Stop")
		}
		if err := b.Wait(t.Context()); err != nil {
			t.Errorf("Wait after Stop: %v", err)
		}
	})
}

func TestEngineThatWasNeverStartedCanBeStopped(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStartGivesUpOnlyWhereTryingCannotHelp(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"an address in use", syscall.EADDRINUSE, true},
		{"a permanent error", &connector.PermanentError{Err: errors.New("never")}, true},
		{"a locked directory", &store.LockedError{}, true},
		{"a peer that is not there yet", errors.New("refused"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inEngine(t, func(t *testing.T, b *bundle) {
				if err := b.Add(b.pipeline("other", &opening{c.err})); err != nil {
					t.Fatal(err)
				}
				err := b.Start(t.Context())
				if c.want != (err != nil) || c.want != errors.Is(err, c.err) {
					t.Fatalf("Start returns %v", err)
				}
				if c.want && !strings.Contains(err.Error(), "pipeline other") {
					t.Errorf("%q does not name the pipeline", err)
				}
				if again := b.Add(b.pipeline("more", b.source)); c.want != errors.Is(again, acktor.ErrStopped) {
					t.Errorf("afterwards Add returns %v", again)
				}
			})
		})
	}
}

func TestStartThatTakesTooLongStopsTheEngine(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		b.does(hang)
		if err := b.source.SendAsync(t.Context(), &acktor.Record{}, func(*acktor.Outcome) {}); err != nil {
			t.Fatal(err)
		}
		if err := b.Add(b.pipeline("slow", &opening{})); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := b.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Start returns %v", err)
		}
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := b.Add(b.pipeline("more", b.source)); !errors.Is(err, acktor.ErrStopped) {
			t.Errorf("afterwards Add returns %v", err)
		}
	})
}

func TestWaitReturnsWhenEverySourceHasEnded(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before the end Wait returns %v", err)
		}
		b.source.End()
		if err := b.Wait(t.Context()); err != nil {
			t.Errorf("Wait returns %v", err)
		}
	})
}

func TestStopSaysWhatWasGivenUp(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		b.does(hang)
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		outcomes := make(chan *acktor.Outcome, 2)
		for range 2 {
			if err := b.source.SendAsync(t.Context(), &acktor.Record{}, func(o *acktor.Outcome) { outcomes <- o }); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := b.Stop(ctx); err == nil || !strings.Contains(err.Error(), "pipeline orders: 2 records were given up") {
			t.Errorf("Stop returns %v", err)
		}
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
		for range 2 {
			if o := <-outcomes; o.State != connector.Failed || o.Failure.Class != connector.Cancelled || !o.Failure.Ambiguous {
				t.Errorf("got %+v", o)
			}
		}
	})
}

func TestPauseResumeAndDrainSteerOnePipeline(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Pause("orders"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := b.source.Send(ctx, &acktor.Record{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a paused pipeline reads: %v", err)
		}
		b.expectState(t, "paused")
		if err := b.Resume("orders"); err != nil {
			t.Fatal(err)
		}
		if o, err := b.source.Send(t.Context(), &acktor.Record{}); err != nil || o.State != connector.Delivered {
			t.Errorf("got %v, %v", o, err)
		}
		b.expectState(t, "running")
		if err := b.Drain(t.Context(), "orders"); err != nil {
			t.Errorf("Drain returns %v", err)
		}
		b.expectState(t, "ended")
	})
}

func (b *bundle) expectState(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	if got := b.Pipelines()[0].State; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

func TestDrainGivesUpWhenItsContextEnds(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		b.does(hang)
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = b.source.SendAsync(t.Context(), &acktor.Record{}, func(*acktor.Outcome) {})
		synctest.Wait()
		if err := b.Drain(ended(), "orders"); err == nil || !strings.Contains(err.Error(), "1 records were given up") {
			t.Errorf("Drain returns %v", err)
		}
	})
}

func TestPipelineThatIsNotThereCannotBeSteered(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		for _, err := range []error{b.Pause("x"), b.Resume("x"), b.Drain(t.Context(), "x")} {
			if !errors.Is(err, acktor.ErrUnknownPipeline) || !strings.Contains(err.Error(), `"x"`) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestStatusTellsOfRecordsAndDestinations(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _ = b.source.Send(t.Context(), &acktor.Record{ID: "well"})
		b.does(func(context.Context, *acktor.Record) error {
			return &connector.PermanentError{Err: errors.New("no such customer")}
		})
		_, _ = b.source.Send(t.Context(), &acktor.Record{ID: "ill"})
		synctest.Wait()
		s := b.Pipelines()[0]
		if s.Pipeline != "orders" || s.Read != 2 || s.Delivered != 1 || s.Failed != 1 || s.InFlight != 0 {
			t.Errorf("got %+v", s)
		}
		if len(s.Failures) != 1 || s.Failures[0].ID != "ill" || s.Failures[0].Class != "rejected" {
			t.Errorf("the failures are %+v", s.Failures)
		}
		if len(s.Destinations) != 1 || s.Destinations[0].Attempts != 2 || s.Destinations[0].State != "delivering" {
			t.Errorf("the destinations are %+v", s.Destinations)
		}
	})
}
