package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// slow is a store that keeps nothing before it is let go, and nothing at all while it fails.
type slow struct {
	store.Store
	mu    sync.Mutex
	hold  chan struct{}
	fails error
}

func (s *slow) Keep(ctx context.Context, change *store.Change) error {
	s.mu.Lock()
	hold, err := s.hold, s.fails
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if err != nil {
		return err
	}
	return s.Store.Keep(ctx, change)
}

func (s *slow) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

func story(n int) *store.Story {
	return &store.Story{Pipeline: "p", ID: connector.RecordID(fmt.Sprint(n)), At: time.Now(), Outcome: &connector.Outcome{State: connector.Delivered}}
}

func told(t *testing.T, kept store.Store) int {
	t.Helper()
	stories, _, err := kept.Stories(t.Context(), store.StoryQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return len(stories)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestFullQueueDropsAndCountsAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &slow{Store: store.NewMemory(), hold: make(chan struct{})}
		counted := 0
		w := New(kept, DefaultOptions(), quiet(), func(n int) { counted += n })
		w.Tell(story(0))
		synctest.Wait() // it is being written
		for n := range queued + 10 {
			w.Tell(story(n + 1))
		}
		if w.Dropped() != 10 || counted != 10 {
			t.Errorf("dropped %d, counted %d", w.Dropped(), counted)
		}
		close(kept.hold)
		w.Close()
		if n := told(t, kept); n != queued+1 {
			t.Errorf("%d stories are kept", n)
		}
	})
}

func TestStoreThatFailsCostsTheStoriesOfThatTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &slow{Store: store.NewMemory(), fails: errors.New("no")}
		w := New(kept, DefaultOptions(), quiet(), nil)
		w.Tell(story(1))
		w.Tell(story(2))
		synctest.Wait()
		kept.failWith(nil)
		w.Tell(story(3))
		synctest.Wait()
		if n := told(t, kept); n != 1 || w.Dropped() != 2 {
			t.Errorf("kept %d, dropped %d", n, w.Dropped())
		}
		w.Close()
	})
}

func TestOldStoriesGoAndOnlySoManyStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, options := store.NewMemory(), DefaultOptions()
		options.KeepFor, options.Keep = 10*time.Minute, 5
		w := New(kept, options, quiet(), nil)
		for n := range 8 {
			w.Tell(story(n))
		}
		time.Sleep(2 * expireEvery)
		if n := told(t, kept); n != 5 {
			t.Errorf("%d stories are kept, want 5", n)
		}
		time.Sleep(options.KeepFor)
		if n := told(t, kept); n != 0 {
			t.Errorf("%d stories are kept beyond their time", n)
		}
		w.Close()
	})
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	kept := store.NewMemory()
	w := New(kept, DefaultOptions(), quiet(), nil)
	for n := range 1000 {
		w.Tell(story(n))
	}
	w.Close()
	w.Tell(story(1000)) // forgotten
	if n := told(t, kept); n != 1000 || w.Dropped() != 0 {
		t.Errorf("kept %d, dropped %d", n, w.Dropped())
	}
}

func TestWriterOfNothingWritesNothing(t *testing.T) {
	var w *Writer
	w.Tell(story(1))
	w.Close()
	if w.Wants(&connector.Outcome{State: connector.Failed}, time.Now()) {
		t.Error("it wants a story")
	}
}
