package acktor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/store"
)

// shelf is a source of records with positions, behind which it goes on when it is opened. It ends, or not.
type shelf struct {
	records []*connector.Record
	endless bool
	accepts bool

	mu      sync.Mutex
	next    int
	settled []string
}

func (s *shelf) WantsAccepted() bool { return s.accepts }

func (s *shelf) Open(_ context.Context, from []connector.Position) error {
	for _, p := range from {
		s.next = int(p.Offset)
	}
	return nil
}

func (s *shelf) Close(context.Context) error { return nil }

func (s *shelf) Read(ctx context.Context, max connector.Credit) ([]*connector.Record, error) {
	n := min(max.Records, len(s.records)-s.next)
	if n == 0 && s.endless {
		<-ctx.Done()
		return nil, ctx.Err()
	} else if n == 0 {
		return nil, connector.ErrEndOfSource
	}
	s.next += n
	return s.records[s.next-n : s.next], nil
}

func (s *shelf) Settle(_ context.Context, settled []connector.Settled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range settled {
		s.settled = append(s.settled, fmt.Sprint(x.Record.ID, " ", x.Outcome.State))
	}
	return nil
}

func (s *shelf) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.settled))
}

// shelved returns a source of the records named, a colon and a key after the name.
func shelved(names ...string) *shelf {
	s := &shelf{}
	for i, name := range names {
		record := &connector.Record{ID: connector.RecordID(name[:1]), Data: []byte(name), Position: connector.Position{Partition: "p", Offset: int64(i + 1)}}
		if len(name) > 1 {
			record.Key = name[2:]
		}
		s.records = append(s.records, record)
	}
	return s
}

// peer is a sink that does what the test says, and writes down what it gets.
type peer struct {
	mu     sync.Mutex
	got    []string
	answer func(record *connector.Record, n int) error
	n      map[connector.RecordID]int
}

func (p *peer) write(ctx context.Context, record *connector.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n == nil {
		p.n = map[connector.RecordID]int{}
	}
	p.n[record.ID]++
	p.got = append(p.got, string(record.ID))
	if p.answer == nil {
		return nil
	}
	return p.answer(record, p.n[record.ID])
}

func (p *peer) written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.got)
}

// patient are options whose second attempt is due after a minute.
func patient() acktor.SinkOptions {
	options := acktor.DefaultSinkOptions()
	options.Retry.Initial, options.Retry.Max, options.Retry.Jitter, options.Retry.MaxElapsed = time.Minute, time.Hour, 0, 0
	options.Breaker.Enabled = false
	return options
}

// runs runs a pipeline with a store until its end, or for a time.
func runs(t *testing.T, kept store.Store, source acktor.Source, options acktor.SinkOptions, p *peer, wait time.Duration, change ...func(*acktor.Pipeline)) {
	t.Helper()
	engine, err := acktor.New(acktor.Options{Store: kept})
	if err != nil {
		t.Fatal(err)
	}
	sink := acktor.SinkFunc("crm", p.write)
	sink.Options = options
	pipeline := acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{sink}}
	for _, c := range change {
		c(&pipeline)
	}
	if err := engine.Add(pipeline); err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_ = engine.Wait(ctx)
	stopping, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	_ = engine.Stop(stopping)
	time.Sleep(time.Minute)
}

func pending(t *testing.T, kept store.Store) int {
	t.Helper()
	n, _, err := kept.Count(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func committed(t *testing.T, kept store.Store) int64 {
	t.Helper()
	positions, err := kept.Load(t.Context(), "orders")
	if err != nil || len(positions) > 1 {
		t.Fatal(positions, err)
	}
	if len(positions) == 0 {
		return 0
	}
	return positions[0].Offset
}

func TestRecordWhoseNextAttemptIsFarAwayLeavesTheWindowAndSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), shelved("a", "b", "c")
		source.endless = true
		p := &peer{answer: func(record *connector.Record, n int) error {
			if record.ID == "a" && n < 3 {
				return errors.New("not now")
			}
			return nil
		}}
		runs(t, kept, source, patient(), p, 5*time.Second)
		if got := fmt.Sprint(source.told()); got != "[a accepted b delivered c delivered]" {
			t.Errorf("the source was told %s", got)
		}
		if committed(t, kept) != 3 || pending(t, kept) != 1 || len(p.got) != 3 {
			t.Fatalf("committed %d, pending %d, written %s", committed(t, kept), pending(t, kept), p.written())
		}
		runs(t, kept, source, patient(), p, 30*time.Minute)
		if committed(t, kept) != 3 || pending(t, kept) != 0 || len(p.got) != 5 || p.n["a"] != 3 {
			t.Errorf("committed %d, pending %d, written %s", committed(t, kept), pending(t, kept), p.written())
		}
		stories, _, err := kept.Stories(t.Context(), store.StoryQuery{ID: "a"})
		if err != nil || len(stories) != 1 || stories[0].Outcome.Attempts != 3 || len(stories[0].Outcome.Trail) != 2 ||
			stories[0].Outcome.Trail[1].N != 2 || stories[0].Outcome.Trail[0].Wait != time.Minute || !stories[0].Accepted {
			t.Errorf("story: %+v, %v", stories, err)
		}
	})
}

func TestFiniteSourceEndsOnceWhatIsParkedIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, p := store.NewMemory(), &peer{answer: func(_ *connector.Record, n int) error {
			if n < 4 {
				return errors.New("not now")
			}
			return nil
		}}
		begun := time.Now()
		runs(t, kept, shelved("a", "b"), patient(), p, 24*time.Hour)
		if took := time.Since(begun); pending(t, kept) != 0 || len(p.got) != 8 || took > 10*time.Minute {
			t.Errorf("pending %d, written %s, took %s", pending(t, kept), p.written(), took)
		}
	})
}

func TestSuccessorsOfAParkedRecordWaitForItAlsoOverARestart(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			kept, source := store.NewMemory(), shelved("a:x", "b:y", "c:x", "d:x", "e:y", "f:x")
			source.endless = true
			p := &peer{answer: func(record *connector.Record, n int) error {
				if record.ID == "a" && n < 2 || record.ID == "d" && n < 2 {
					return errors.New("not now")
				}
				return nil
			}}
			options := patient()
			options.OrderBy = expression.Must[expression.Value]("record.key")
			if restart {
				runs(t, kept, source, options, p, 5*time.Second)
				if committed(t, kept) != 6 || pending(t, kept) != 4 {
					t.Errorf("committed %d, pending %d", committed(t, kept), pending(t, kept))
				}
				source.records = append(source.records, shelved("g:x").records...)
				source.records[6].Position.Offset = 7
			}
			runs(t, kept, source, options, p, time.Hour)
			var x []string
			for _, id := range p.got {
				if id != "b" && id != "e" {
					x = append(x, id)
				}
			}
			want := "[a a c d d f]"
			if restart {
				want = "[a a c d d f g]"
			}
			if fmt.Sprint(x) != want || pending(t, kept) != 0 {
				t.Errorf("written in the order %v, want %s; pending %d", x, want, pending(t, kept))
			}
		})
	}
}

func TestAcceptedRecordsAreDeliveredAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		source := shelved("a", "b", "c", "d", "e")
		source.accepts, source.endless = true, true
		hangs := &peer{answer: func(*connector.Record, int) error { return errors.New("not now") }}
		runs(t, kept, source, acktor.DefaultSinkOptions(), hangs, time.Second, func(p *acktor.Pipeline) { p.InFlight = acktor.Window{Records: 2, Bytes: 1 << 20} })
		if got := fmt.Sprint(source.told()); got != "[a accepted b accepted c accepted d accepted e accepted]" || pending(t, kept) != 5 {
			t.Fatalf("the source was told %s, %d are pending", got, pending(t, kept))
		}
		p := &peer{}
		source.next = len(source.records)
		runs(t, kept, source, acktor.DefaultSinkOptions(), p, time.Second)
		if p.written() != "[a b c d e]" && len(p.got) != 5 || pending(t, kept) != 0 {
			t.Errorf("written %s, pending %d", p.written(), pending(t, kept))
		}
	})
}

// brittle is a store that cannot keep anything while it is broken.
type brittle struct {
	store.Store
	mu     sync.Mutex
	broken bool
}

func (b *brittle) breaks(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
}

func (b *brittle) Keep(ctx context.Context, change *store.Change) error {
	b.mu.Lock()
	broken := b.broken
	b.mu.Unlock()
	if broken {
		return &store.FullError{Path: "x", Err: errors.New("no space")}
	}
	return b.Store.Keep(ctx, change)
}

func TestFailedRecordIsNotSettledBeforeItsDeadLetterIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := &brittle{Store: store.NewMemory(), broken: true}, shelved("a")
		source.endless = true
		p := &peer{answer: func(*connector.Record, int) error { return &connector.PermanentError{Err: errors.New("never")} }}
		go func() {
			time.Sleep(time.Minute)
			if told := source.told(); len(told) != 0 {
				t.Errorf("told %v while the store is full", told)
			}
			kept.breaks(false)
		}()
		runs(t, kept, source, acktor.DefaultSinkOptions(), p, 2*time.Minute)
		letters, _, err := kept.List(t.Context(), store.LetterQuery{WithData: true})
		if err != nil || len(letters) != 1 || string(letters[0].Record.Data) != "a" || fmt.Sprint(source.told()) != "[a failed]" || committed(t, kept) != 1 {
			t.Fatalf("letters %v, %v; told %v; committed %d", letters, err, source.told(), committed(t, kept))
		}
	})
}

func TestReplayedRecordIsDeliveredUnderItsIDAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, source := store.NewMemory(), shelved("a")
		source.endless = true
		var replays []string
		p := &peer{answer: func(record *connector.Record, n int) error {
			replays = append(replays, record.Headers.Get("acktor-replays"))
			if n < 3 {
				return &connector.PermanentError{Err: errors.New("never")}
			}
			return nil
		}}
		engine, _ := acktor.New(acktor.Options{Store: kept})
		if err := engine.Add(acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{acktor.SinkFunc("crm", p.write)}}); err != nil {
			t.Fatal(err)
		}
		if err := engine.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(time.Minute)
			if _, err := engine.Replay(t.Context(), store.LetterQuery{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		left, _ := kept.CountLetters(t.Context(), store.LetterQuery{})
		if fmt.Sprint(replays) != "[ 1 2]" || p.written() != "[a a a]" || left != 0 || pending(t, kept) != 0 {
			t.Errorf("replays %q, written %s, %d letters left", replays, p.written(), left)
		}
		_ = engine.Stop(ended())
		time.Sleep(time.Minute)
	})
}
