package acktor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
)

// received returns what waits in the channel, by type.
func received(w *acktor.Watch) (types []string) {
	synctest.Wait()
	for {
		select {
		case event := <-w.C:
			types = append(types, fmt.Sprintf("%T", event)[len("*messages."):])
		default:
			return types
		}
	}
}

func TestWatcherHearsTheWayOfARecordOnlyWhenItAsksForRecords(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		coarse := b.Watch(b.watching, acktor.WatchOptions{})
		fine := b.Watch(b.watching, acktor.WatchOptions{Records: true})
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		attempts := 0
		b.does(func(context.Context, *acktor.Record) error {
			if attempts++; attempts == 1 {
				return errors.New("not now")
			}
			return nil
		})
		if _, err := b.source.Send(t.Context(), &acktor.Record{}); err != nil {
			t.Fatal(err)
		}
		if got, want := received(coarse), []string{"PipelineChanged", "PipelineChanged"}; !slices.Equal(got, want) {
			t.Errorf("one hears %q, want %q", got, want)
		}
		want := []string{"PipelineChanged", "PipelineChanged", "Queued", "AttemptStarted", "AttemptFailed", "AttemptStarted", "Settled"}
		if got := received(fine); !slices.Equal(got, want) {
			t.Errorf("the other hears %q, want %q", got, want)
		}
	})
}

func TestWatcherThatIsSlowLosesEventsAndSlowsNobody(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		w := b.Watch(b.watching, acktor.WatchOptions{Records: true, Buffer: 3})
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 10 { // three events each
			if _, err := b.source.Send(t.Context(), &acktor.Record{}); err != nil {
				t.Fatal(err)
			}
		}
		if got := received(w); len(got) != 3 || w.Dropped() != 2+30-3 {
			t.Errorf("it hears %d events, %d are dropped", len(got), w.Dropped())
		}
	})
}

func TestWatcherHearsNothingAfterItsEnd(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		ctx, cancel := context.WithCancel(t.Context())
		w := b.Watch(ctx, acktor.WatchOptions{Records: true})
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		received(w)
		cancel()
		synctest.Wait()
		_, _ = b.source.Send(t.Context(), &acktor.Record{})
		if got := received(w); len(got) > 0 {
			t.Errorf("it hears %q", got)
		}
	})
}

func TestWatcherHearsOfABreakerThatOpensAndCloses(t *testing.T) {
	inEngine(t, func(t *testing.T, b *bundle) {
		w := b.Watch(b.watching, acktor.WatchOptions{})
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		received(w)
		b.does(func(context.Context, *acktor.Record) error { return errors.New("down") })
		for range 20 {
			if err := b.source.SendAsync(t.Context(), &acktor.Record{}, func(*acktor.Outcome) {}); err != nil {
				t.Fatal(err)
			}
		}
		if got := received(w); !slices.Equal(got, []string{"BreakerOpened"}) {
			t.Errorf("it hears %q", got)
		}
		b.does(func(context.Context, *acktor.Record) error { return nil })
		time.Sleep(time.Minute)
		if got := received(w); !slices.Equal(got, []string{"Resumed"}) {
			t.Errorf("then it hears %q", got)
		}
	})
}
