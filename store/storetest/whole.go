package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func wholeClauses() []clause {
	return []clause{
		{"a change is kept as a whole", wholeChange},
		{"a closed store refuses", closedRefuses},
		{"a call whose context has ended changes nothing", endedContext},
		{"a call whose context ends is kept or not, as it says", cancelledKeeps},
		{"many callers are served at once", manyCallers},
		{"what is kept while the store closes is kept or refused", closingKeeps},
	}
}

func wholeChange(b *bench) {
	old := []*store.Entry{entry("orders", "old"), entry("orders", "older")}
	b.add(old...)
	added, l, s := entry("orders", "new"), letter("orders", "crm", "old", connector.Rejected, 1), story("orders", "old", connector.Failed, 1)
	b.keep(&store.Change{
		Add: []*store.Entry{added}, Update: []*store.Entry{{Seq: old[1].Seq, Origin: store.Parked, Due: day(3)}}, Remove: []int64{old[0].Seq},
		Letters: []*store.Letter{l}, Stories: []*store.Story{s}, Pipeline: "orders", Positions: []connector.Position{at("p", 7)},
	})
	b.reopen()
	b.isSeqs(b.fresh("orders", 0, 9, 0), added.Seq)
	if heads := b.parked("orders", 0, 9); len(heads) != 1 || heads[0].ID != "older" {
		b.Errorf("got %+v", heads)
	}
	b.isListed(store.LetterQuery{}, l)
	b.isTold(store.StoryQuery{}, s)
	b.loads("orders", at("p", 7))
}

// calls are all methods of a store that take a context.
func (b *bench) calls() map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Load": func(ctx context.Context) error { _, err := b.Load(ctx, "orders"); return err },
		"Save": func(ctx context.Context) error { return b.Save(ctx, "orders", []connector.Position{at("a", 1)}) },
		"Keep": func(ctx context.Context) error {
			return b.Keep(ctx, &store.Change{Add: []*store.Entry{entry("orders", "a")}})
		},
		"Fresh":        func(ctx context.Context) error { _, err := b.Fresh(ctx, "orders", 0, 1, 0); return err },
		"Parked":       func(ctx context.Context) error { _, err := b.Parked(ctx, "orders", 0, 1); return err },
		"Take":         func(ctx context.Context) error { _, err := b.Take(ctx, "orders", []int64{1}); return err },
		"Find":         func(ctx context.Context) error { _, err := b.Find(ctx, "a"); return err },
		"Count":        func(ctx context.Context) error { _, _, err := b.Count(ctx, "orders"); return err },
		"List":         func(ctx context.Context) error { _, _, err := b.List(ctx, store.LetterQuery{}); return err },
		"Letter":       func(ctx context.Context) error { _, err := b.Letter(ctx, 1); return err },
		"CountLetters": func(ctx context.Context) error { _, err := b.CountLetters(ctx, store.LetterQuery{}); return err },
		"Replay":       func(ctx context.Context) error { _, _, err := b.Replay(ctx, store.LetterQuery{}); return err },
		"Drop":         func(ctx context.Context) error { _, err := b.Drop(ctx, store.LetterQuery{}); return err },
		"Stories":      func(ctx context.Context) error { _, _, err := b.Stories(ctx, store.StoryQuery{}); return err },
		"Expire":       func(ctx context.Context) error { _, err := b.Expire(ctx, day(1), 1); return err },
	}
}

func closedRefuses(b *bench) {
	b.add(entry("orders", "a"))
	b.post(letter("orders", "crm", "a", connector.Rejected, 1))
	for range 2 {
		if err := b.Close(); err != nil {
			b.Error(err)
		}
	}
	for name, call := range b.calls() {
		if err := call(b.Context()); !errors.Is(err, store.ErrClosed) {
			b.Errorf("%s: got %v", name, err)
		}
	}
}

func endedContext(b *bench) {
	seq := b.add(parked("orders", "a", 1))[0]
	l, s := letter("orders", "crm", "a", connector.Rejected, -1), story("orders", "a", connector.Delivered, -1)
	b.post(l)
	b.tell(s)
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	for name, call := range b.calls() {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			b.Errorf("%s: got %v", name, err)
		}
	}
	b.loads("orders")
	b.isSeqs(b.take("orders", seq), seq)
	b.isSeqs(b.fresh("orders", 0, 9, 0))
	b.isListed(store.LetterQuery{}, l)
	b.isTold(store.StoryQuery{}, s)
}

// cancelledKeeps has contexts end at every moment of a Keep: while it waits, while it is written, afterwards.
func cancelledKeeps(b *bench) {
	var workers sync.WaitGroup
	var mu sync.Mutex
	kept := map[int64]bool{}
	for worker := range 16 {
		workers.Go(func() {
			for i := range 20 {
				ctx, cancel := context.WithTimeout(b.Context(), time.Duration(worker*i)*5*time.Microsecond)
				e := entry("orders", fmt.Sprintf("%d.%d", worker, i))
				err := b.Keep(ctx, &store.Change{Add: []*store.Entry{e}})
				cancel()
				switch {
				case err == nil:
					mu.Lock()
					kept[e.Seq] = true
					mu.Unlock()
				case !errors.Is(err, context.DeadlineExceeded) || e.Seq != 0:
					b.Errorf("got %v and the number %d", err, e.Seq)
				}
			}
		})
	}
	workers.Wait()
	b.reopen()
	got := b.fresh("orders", 0, 1000, 0)
	for _, e := range got {
		if !kept[e.Seq] {
			b.Errorf("%s is there, and Keep returned an error", e.Record.ID)
		}
	}
	if len(got) != len(kept) {
		b.Errorf("%d were kept, %d are there", len(kept), len(got))
	}
}

func manyCallers(b *bench) {
	const callers, rounds = 16, 12
	var workers sync.WaitGroup
	for caller := range callers {
		workers.Go(func() {
			pipeline := fmt.Sprint(caller % 2)
			for round := range rounds {
				first, second := entry(pipeline, "removed"), entry(pipeline, fmt.Sprintf("%d.%d", caller, round))
				if err := b.Keep(b.Context(), &store.Change{Add: []*store.Entry{first, second}, Pipeline: pipeline,
					Positions: []connector.Position{at(fmt.Sprint(caller), int64(round))}}); err != nil {
					b.Error(err)
				}
				if err := b.Keep(b.Context(), &store.Change{Remove: []int64{first.Seq}}); err != nil || second.Seq <= first.Seq {
					b.Errorf("%d, then %d, %v", first.Seq, second.Seq, err)
				}
				if got, err := b.Take(b.Context(), pipeline, []int64{first.Seq, second.Seq}); err != nil || len(got) != 1 || !sameEntry(second, got[0]) {
					b.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	workers.Wait()
	b.reopen()
	for _, pipeline := range []string{"0", "1"} {
		if n, _, err := b.Count(b.Context(), pipeline); n != callers*rounds/2 || err != nil {
			b.Errorf("got %d, %v", n, err)
		}
		if got := must[[]connector.Position](b)(b.Load(b.Context(), pipeline)); len(got) != callers/2 || got[0].Offset != rounds-1 {
			b.Errorf("got %v", got)
		}
	}
}

func closingKeeps(b *bench) {
	var workers sync.WaitGroup
	var mu sync.Mutex
	kept := 0
	started := make(chan struct{}, 8)
	for range cap(started) {
		workers.Go(func() {
			for i := 0; ; i++ {
				err := b.Keep(b.Context(), &store.Change{Add: []*store.Entry{entry("orders", "a")}})
				if i == 2 {
					started <- struct{}{}
				}
				if err != nil {
					if !errors.Is(err, store.ErrClosed) {
						b.Error(err)
					}
					return
				}
				mu.Lock()
				kept++
				mu.Unlock()
			}
		})
	}
	for range cap(started) {
		<-started
	}
	if err := b.Close(); err != nil {
		b.Error(err)
	}
	workers.Wait()
	if b.place.Forgets {
		return
	}
	b.open()
	if n, _, err := b.Count(b.Context(), "orders"); n != kept || err != nil {
		b.Errorf("%d were kept, %d are there, %v", kept, n, err)
	}
}
