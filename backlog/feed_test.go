package backlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// wellSource hands over what is put into it, and is told of it.
type wellSource struct {
	accepts bool
	in      chan []*connector.Record // closed: it has ended
	mu      sync.Mutex
	told    []string
}

func newWell(accepts bool) *wellSource {
	return &wellSource{accepts: accepts, in: make(chan []*connector.Record, 100)}
}

func (w *wellSource) WantsAccepted() bool                              { return w.accepts }
func (w *wellSource) Open(context.Context, []connector.Position) error { return nil }
func (w *wellSource) Close(context.Context) error                      { return nil }

func (w *wellSource) Read(ctx context.Context, _ connector.Credit) ([]*connector.Record, error) {
	select {
	case records, ok := <-w.in:
		if !ok {
			return nil, connector.ErrEndOfSource
		}
		return records, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wellSource) Settle(_ context.Context, settled []connector.Settled) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range settled {
		text := fmt.Sprint(s.Record.ID, " ", s.Outcome.State)
		if s.Outcome.Failure != nil {
			text += " " + s.Outcome.Failure.Class.String()
		}
		w.told = append(w.told, text)
	}
	return nil
}

func (w *wellSource) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.told, ", ")
}

// moody is a store that fails when it is told to.
type moody struct {
	store.Store
	mu    sync.Mutex
	fails error
}

func (m *moody) failWith(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
}

func (m *moody) mood() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fails
}

func (m *moody) Keep(ctx context.Context, change *store.Change) error {
	if err := m.mood(); err != nil {
		return err
	}
	return m.Store.Keep(ctx, change)
}

func (m *moody) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*store.Entry, error) {
	if err := m.mood(); err != nil {
		return nil, err
	}
	return m.Store.Fresh(ctx, pipeline, after, limit, maxBytes)
}

func entries(from, to int) []*store.Entry {
	var all []*store.Entry
	for n := from; n <= to; n++ {
		all = append(all, &store.Entry{Pipeline: "p", Record: &connector.Record{ID: connector.RecordID(fmt.Sprint(n)), Data: []byte("data")}})
	}
	return all
}

func records(ids ...string) []*connector.Record {
	var all []*connector.Record
	for _, id := range ids {
		all = append(all, &connector.Record{ID: connector.RecordID(id), Data: []byte("data")})
	}
	return all
}

func keep(t *testing.T, kept store.Store, change *store.Change) {
	t.Helper()
	if err := kept.Keep(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T, source connector.Source, kept store.Store, options Options) *Feed {
	t.Helper()
	f := New(source, kept, "p", options, slog.New(slog.DiscardHandler))
	if err := f.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close(context.Background()) })
	return f
}

var much = connector.Credit{Records: 100, Bytes: 1 << 20}

// read reads once, for at most a second, and returns the ids.
func read(t *testing.T, f *Feed, credit connector.Credit) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got, err := f.Read(ctx, credit)
	var ids []string
	for _, record := range got {
		ids = append(ids, string(record.ID))
	}
	if err != nil {
		ids = append(ids, err.Error())
	}
	return strings.Join(ids, " ")
}

// settle keeps that entries are done with.
func settle(t *testing.T, f *Feed, kept store.Store, seqs ...int64) {
	t.Helper()
	change := &store.Change{Remove: seqs}
	keep(t, kept, change)
	f.Settled(change, int64(len(seqs)*records("1")[0].Size()), len(seqs))
}

func TestBacklogLongerThanItsQueueIsHandedOverOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), newWell(true)
		keep(t, kept, &store.Change{Add: entries(1, 700)})
		f := opened(t, source, kept, Options{})
		for n := 701; n <= 3000; n++ { // more than the queue holds, while nobody reads
			source.in <- records(fmt.Sprint(n))
			if n%50 == 0 {
				_, _ = f.Read(ended(), much) // lets it accept
				synctest.Wait()
			}
		}
		next := 1
		for next <= 3000 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			got, err := f.Read(ctx, much)
			cancel()
			if err != nil {
				t.Fatalf("after %d: %v", next-1, err)
			}
			for _, record := range got {
				if string(record.ID) != fmt.Sprint(next) || record.Ref.(*store.Entry).Seq == 0 {
					t.Fatalf("got %s, want %d", record.ID, next)
				}
				next++
			}
		}
		if got := read(t, f, much); got != context.DeadlineExceeded.Error() {
			t.Errorf("after all came %q", got)
		}
	})
}

// ended is a context that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestLookFindsWhatHasLowerNumbersAndNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		keep(t, kept, &store.Change{Add: entries(1, 3)})
		late := &hiding{Store: kept, hidden: map[int64]bool{1: true}}
		f := opened(t, newWell(false), late, Options{})
		if got := read(t, f, much); got != "2 3" {
			t.Errorf("got %q", got)
		}
		late.hidden = nil // another process has committed it since
		f.Look()
		if got := read(t, f, much); got != "1" {
			t.Errorf("got %q", got)
		}
		settle(t, f, kept, 1, 2, 3)
		f.Look()
		if got := read(t, f, much); got != context.DeadlineExceeded.Error() {
			t.Errorf("got %q", got)
		}
		if n, bytes := f.Kept(); n != 0 || bytes != 0 {
			t.Errorf("%d records of %d bytes are left", n, bytes)
		}
	})
}

// hiding is a store in which some entries are not to be seen yet.
type hiding struct {
	store.Store
	hidden map[int64]bool
}

func (h *hiding) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*store.Entry, error) {
	var seen []*store.Entry
	all, err := h.Store.Fresh(ctx, pipeline, after, limit, maxBytes)
	for _, e := range all {
		if !h.hidden[e.Seq] {
			seen = append(seen, e)
		}
	}
	return seen, err
}

func TestParkedRecordInterruptsAReadWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		f := opened(t, newWell(false), kept, Options{})
		change := &store.Change{Add: entries(1, 1)}
		change.Add[0].Due = time.Now().Add(700 * time.Millisecond)
		keep(t, kept, change)
		begun := time.Now()
		go func() {
			time.Sleep(100 * time.Millisecond)
			f.Settled(change, 0, 0)
		}()
		if got, took := read(t, f, much), time.Since(begun); got != "1" || took != 700*time.Millisecond {
			t.Errorf("got %q after %s", got, took)
		}
	})
}

func TestParkedRecordsComeAsFarAsCreditAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		change := &store.Change{Add: entries(1, 3)}
		for _, e := range change.Add {
			e.Due = time.Now()
		}
		keep(t, kept, change)
		f := opened(t, newWell(false), kept, Options{})
		small := connector.Credit{Records: 100, Bytes: 1}
		if got := read(t, f, small) + "|" + read(t, f, much); got != "1|2 3" {
			t.Errorf("got %q", got)
		}
	})
}

func TestParkedRecordThatTheStoreHasLostHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		change := &store.Change{Add: entries(1, 2)}
		for _, e := range change.Add {
			e.Due, e.Progress.Legs = time.Now(), []store.Leg{{Sink: "s", Key: "k"}}
		}
		keep(t, kept, change)
		f := opened(t, newWell(false), kept, Options{})
		keep(t, kept, &store.Change{Remove: []int64{1}})
		if got := read(t, f, much); got != "2" {
			t.Errorf("got %q", got)
		}
	})
}

func TestSourceThatHasEndedIsOverWhenNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), newWell(true)
		f := opened(t, source, kept, Options{})
		source.in <- records("1")
		close(source.in)
		if got := read(t, f, much) + "|" + read(t, f, much); got != "1|"+context.DeadlineExceeded.Error() {
			t.Errorf("got %q", got)
		}
		settle(t, f, kept, 1)
		if got := read(t, f, much); got != connector.ErrEndOfSource.Error() {
			t.Errorf("got %q", got)
		}
		if source.heard() != "1 accepted" {
			t.Errorf("the source heard %q", source.heard())
		}
	})
}

func TestReadThatIsCutOffIsNotTheEnd(t *testing.T) {
	kept, source := &moody{Store: store.NewMemory()}, newWell(false)
	keep(t, kept, &store.Change{Add: entries(1, 1)})
	close(source.in)
	f := opened(t, source, kept, Options{})
	f.ended = true
	ctx, cancel := context.WithCancel(t.Context())
	f.store = &cutting{kept, cancel}
	if _, err := f.Read(ctx, much); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.store = kept
	if got := read(t, f, much); got != "1" {
		t.Errorf("got %q", got)
	}
}

// cutting is a store whose caller is cut off while it is asked.
type cutting struct {
	store.Store
	cut context.CancelFunc
}

func (c *cutting) Fresh(ctx context.Context, _ string, _ int64, _, _ int) ([]*store.Entry, error) {
	c.cut()
	return nil, ctx.Err()
}

func TestStoreThatCannotBeReadIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &moody{Store: store.NewMemory()}
		keep(t, kept, &store.Change{Add: entries(1, 1)})
		kept.failWith(errors.New("no"))
		f := opened(t, newWell(false), kept, Options{})
		if got := read(t, f, much); got != context.DeadlineExceeded.Error() {
			t.Errorf("got %q", got)
		}
		kept.failWith(nil)
		time.Sleep(askAgain)
		if got := read(t, f, much); got != "1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestFullStoreRefusesAndGoesOnWhenThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := &moody{Store: store.NewMemory()}, newWell(true)
		f := opened(t, source, kept, Options{})
		kept.failWith(&store.FullError{Path: "x", Err: errors.New("full")})
		source.in <- records("1")
		_ = read(t, f, much)
		synctest.Wait()
		if source.heard() != "1 failed throttled" || !f.Refusing() {
			t.Errorf("heard %q, refusing %t", source.heard(), f.Refusing())
		}
		kept.failWith(nil)
		time.Sleep(askAgain)
		source.in <- records("2")
		got := read(t, f, much)
		synctest.Wait() // the source is told behind the hand-over
		if got != "2" || f.Refusing() || source.heard() != "1 failed throttled, 2 accepted" {
			t.Errorf("got %q, heard %q, refusing %t", got, source.heard(), f.Refusing())
		}
	})
}

func TestFullBacklogAcceptsNothingUntilThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), newWell(true)
		f := opened(t, source, kept, Options{Records: 2})
		for _, id := range []string{"1", "2", "3"} {
			source.in <- records(id)
		}
		_ = read(t, f, connector.Credit{Records: 1, Bytes: 1})
		synctest.Wait()
		if source.heard() != "1 accepted, 2 accepted" {
			t.Errorf("heard %q", source.heard())
		}
		settle(t, f, kept, 1)
		synctest.Wait()
		if source.heard() != "1 accepted, 2 accepted, 3 accepted" {
			t.Errorf("heard %q", source.heard())
		}
	})
}

func TestHaltedFeedReadsNothingUntilTheNextRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), newWell(true)
		f := opened(t, source, kept, Options{})
		_ = read(t, f, much)
		f.Halt()
		synctest.Wait()
		source.in <- records("1")
		synctest.Wait()
		if source.heard() != "" {
			t.Errorf("heard %q", source.heard())
		}
		if got := read(t, f, much); got != "1" || source.heard() != "1 accepted" {
			t.Errorf("got %q, heard %q", got, source.heard())
		}
	})
}

func TestEntryThatWasReadFromTheStoreBeforeItsKeeperSpokeComesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		f := opened(t, newWell(true), kept, Options{})
		change := &store.Change{Add: entries(1, 1)}
		keep(t, kept, change)
		f.Look()
		if got := read(t, f, much); got != "1" {
			t.Errorf("got %q", got)
		}
		_ = read(t, f, much) // sees that there is no more
		settle(t, f, kept, 1)
		f.accepted(change.Add)
		if got := read(t, f, much); got != context.DeadlineExceeded.Error() {
			t.Errorf("got %q", got)
		}
	})
}

func TestSourceIsNotReadWhileTheBacklogIsFullOfRecordsBehindOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), newWell(false)
		change := &store.Change{Add: entries(1, 2)}
		for _, e := range change.Add {
			e.Due, e.Progress.Legs = time.Now().Add(time.Hour), []store.Leg{{Sink: "s", Key: "k"}}
		}
		keep(t, kept, change)
		f := opened(t, source, kept, Options{Records: 2})
		source.in <- records("3")
		if got := read(t, f, much); got != context.DeadlineExceeded.Error() {
			t.Errorf("got %q", got)
		}
		settle(t, f, kept, 1)
		if got := read(t, f, much); got != "3" {
			t.Errorf("got %q", got)
		}
	})
}
