package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func backlogClauses() []clause {
	return []clause{
		{"an entry comes back as it was", entriesComeBack},
		{"sequence numbers ascend and are never given twice", numbersAscend},
		{"fresh entries are those without a due time, in pages", freshInPages},
		{"bytes bound a page of fresh entries", freshByBytes},
		{"parked entries come as heads", parkedAsHeads},
		{"an update moves an entry between fresh and parked", updateMoves},
		{"what is not there is neither updated nor removed nor taken", nothingThere},
		{"a removed entry is gone", removedIsGone},
		{"the backlog is counted by pipeline", counts},
		{"what the caller does with an entry afterwards is its own affair", entriesAreCopied},
		{"a large record is kept", largeRecord},
		{"a change with nothing in it is kept at once", emptyChange},
	}
}

func (b *bench) fresh(pipeline string, after int64, limit, maxBytes int) []*store.Entry {
	b.Helper()
	return must[[]*store.Entry](b)(b.Fresh(b.Context(), pipeline, after, limit, maxBytes))
}

func (b *bench) parked(pipeline string, after int64, limit int) []store.Head {
	b.Helper()
	return must[[]store.Head](b)(b.Parked(b.Context(), pipeline, after, limit))
}

func (b *bench) take(pipeline string, seqs ...int64) []*store.Entry {
	b.Helper()
	return must[[]*store.Entry](b)(b.Take(b.Context(), pipeline, seqs))
}

func (b *bench) isSeqs(got []*store.Entry, want ...int64) {
	b.Helper()
	if list := seqs(got); !slices.Equal(list, want) {
		b.Errorf("got %v, want %v", list, want)
	}
}

func entriesComeBack(b *bench) {
	bare := &store.Entry{Pipeline: "orders", Origin: store.Replayed, Record: &connector.Record{ID: "bare"}}
	old := entry("orders", "old")
	old.Record.Time, old.Since, old.Due = time.Date(1066, 10, 14, 9, 0, 0, 1, time.UTC), time.Unix(0, 0), time.Unix(0, 0)
	all := []*store.Entry{entry("orders", "a"), parked("orders", "b", 3), bare, old}
	all[0].Record.Position, all[0].Record.Ref = at("p", 1), b
	b.add(all...)
	all[0].Record.Position, all[0].Record.Ref = connector.Position{}, nil
	b.reopen()
	for i, got := range b.take("orders", all[3].Seq, all[0].Seq, all[1].Seq, all[2].Seq, all[0].Seq) {
		if !sameEntry(all[i], got) {
			b.Errorf("got %+v\n%+v, want %+v\n%+v", got, got.Record, all[i], all[i].Record)
		}
		if !got.Since.IsZero() && got.Since.Location() != time.UTC {
			b.Errorf("a time comes back in %s", got.Since.Location())
		}
	}
	for _, want := range all {
		found := must[[]*store.Entry](b)(b.Find(b.Context(), want.Record.ID))
		if len(found) != 1 || !sameEntry(want, found[0]) {
			b.Errorf("%s: found %v", want.Record.ID, found)
		}
	}
}

func numbersAscend(b *bench) {
	last := int64(0)
	for range 3 {
		e := []*store.Entry{entry("orders", "a"), entry("invoices", "b"), entry("orders", "c")}
		l := letter("orders", "crm", "l", connector.DNS, 1)
		s := story("orders", "s", connector.Delivered, 1)
		b.keep(&store.Change{Add: e, Letters: []*store.Letter{l}, Stories: []*store.Story{s}})
		for _, seq := range seqs(e) {
			if seq <= last {
				b.Errorf("%d after %d", seq, last)
			}
			last = seq
		}
		if l.Seq == 0 || s.Seq == 0 {
			b.Error("a letter or a story has no number")
		}
		_, _ = b.Drop(b.Context(), store.LetterQuery{})
		_, _ = b.Expire(b.Context(), day(9), 0)
		b.keep(&store.Change{Remove: seqs(e)})
		b.reopen()
	}
}

func freshInPages(b *bench) {
	list := b.add(entry("orders", "a"), parked("orders", "b", 1), entry("orders", "c"), entry("invoices", "d"), entry("orders", "e"))
	b.isSeqs(b.fresh("orders", 0, 2, 0), list[0], list[2])
	b.isSeqs(b.fresh("orders", list[0], 2, 0), list[2], list[4])
	b.isSeqs(b.fresh("orders", list[1], 2, 0), list[2], list[4])
	b.isSeqs(b.fresh("orders", list[4], 2, 0))
	b.isSeqs(b.fresh("orders", 0, 0, 0))
	b.isSeqs(b.fresh("nobody", 0, 9, 0))
	b.reopen()
	b.isSeqs(b.fresh("orders", 0, 9, 0), list[0], list[2], list[4])
}

func freshByBytes(b *bench) {
	var all []*store.Entry
	for _, id := range []string{"a", "b", "c", "d"} {
		e := entry("orders", id)
		e.Record.Data = make([]byte, 1000)
		all = append(all, e)
	}
	list, size := b.add(all...), all[0].Record.Size()
	b.isSeqs(b.fresh("orders", 0, 9, 1), list[0])
	b.isSeqs(b.fresh("orders", 0, 9, size), list[:2]...)
	b.isSeqs(b.fresh("orders", 0, 9, size+1), list[:2]...)
	b.isSeqs(b.fresh("orders", list[0], 9, 2*size), list[1:]...)
	b.isSeqs(b.fresh("orders", 0, 3, 1<<30), list[:3]...)
}

func parkedAsHeads(b *bench) {
	all := []*store.Entry{parked("orders", "a", 2), parked("orders", "b", 1), parked("invoices", "c", 1)}
	b.add(all...)
	b.add(entry("orders", "fresh"))
	b.reopen()
	heads := b.parked("orders", 0, 9)
	if len(heads) != 2 || !sameHead(all[0], heads[0]) || !sameHead(all[1], heads[1]) {
		b.Errorf("got %+v", heads)
	}
	if heads := b.parked("orders", 0, 1); len(heads) != 1 || heads[0].ID != "a" {
		b.Errorf("the first page is %+v", heads)
	}
	if heads := b.parked("orders", all[0].Seq, 9); len(heads) != 1 || heads[0].ID != "b" {
		b.Errorf("the second page is %+v", heads)
	}
}

func updateMoves(b *bench) {
	e := entry("orders", "a")
	seq := b.add(e)[0]
	after := *e
	after.Origin, after.Due, after.Progress, after.Replays = store.Parked, day(5), progress(), 77
	b.keep(&store.Change{Update: []*store.Entry{{Seq: seq, Origin: store.Parked, Due: day(5), Progress: progress()}}})
	b.reopen()
	after.Replays = e.Replays
	if got := b.take("orders", seq); len(got) != 1 || !sameEntry(&after, got[0]) {
		b.Errorf("got %+v", got)
	}
	b.isSeqs(b.fresh("orders", 0, 9, 0))
	if heads := b.parked("orders", 0, 9); len(heads) != 1 || !sameHead(&after, heads[0]) {
		b.Errorf("got %+v", heads)
	}
	other := b.add(entry("orders", "b"))[0]
	b.keep(&store.Change{Update: []*store.Entry{{Seq: seq, Origin: store.Replayed}}})
	b.reopen()
	b.isSeqs(b.fresh("orders", 0, 9, 0), seq, other)
	if heads := b.parked("orders", 0, 9); len(heads) != 0 {
		b.Errorf("got %+v", heads)
	}
	if got := b.take("orders", seq)[0]; got.Origin != store.Replayed || len(got.Progress.Legs) != 0 || got.Replays != 3 {
		b.Errorf("got %+v", got)
	}
}

func nothingThere(b *bench) {
	list := b.add(entry("orders", "a"))
	b.keep(&store.Change{Update: []*store.Entry{{Seq: 1 << 40, Due: day(1)}}, Remove: []int64{1 << 41, -1, 0}})
	b.isSeqs(b.take("orders", 1<<40, list[0]), list[0])
	b.isSeqs(b.take("invoices", list[0]))
	b.isSeqs(b.take("orders"))
	if found, err := b.Find(b.Context(), "z"); len(found) != 0 || err != nil {
		b.Errorf("got %v, %v", found, err)
	}
}

func removedIsGone(b *bench) {
	list := b.add(entry("orders", "same"), parked("orders", "b", 1), entry("orders", "same"), entry("orders", "d"))
	b.keep(&store.Change{Remove: []int64{list[0], list[1], list[0]}})
	b.reopen()
	b.isSeqs(b.take("orders", list...), list[2], list[3])
	b.isSeqs(b.fresh("orders", 0, 9, 0), list[2], list[3])
	b.isSeqs(must[[]*store.Entry](b)(b.Find(b.Context(), "same")), list[2])
	if heads := b.parked("orders", 0, 9); len(heads) != 0 {
		b.Errorf("got %+v", heads)
	}
}

func (b *bench) isCount(pipeline string, entries ...*store.Entry) {
	b.Helper()
	var want int64
	for _, e := range entries {
		want += int64(e.Record.Size())
	}
	records, bytes, err := b.Count(b.Context(), pipeline)
	if err != nil || records != len(entries) || bytes != want {
		b.Errorf("%s: %d records, %d bytes, %v; want %d, %d", pipeline, records, bytes, err, len(entries), want)
	}
}

func counts(b *bench) {
	b.isCount("orders")
	x, y, z := entry("orders", "x"), parked("orders", "y", 1), entry("invoices", "zzz")
	b.add(x, y, z)
	b.isCount("orders", x, y)
	b.isCount("invoices", z)
	b.keep(&store.Change{Remove: []int64{x.Seq}, Update: []*store.Entry{{Seq: y.Seq}}})
	b.reopen()
	b.isCount("orders", y)
	b.keep(&store.Change{Remove: []int64{y.Seq}})
	b.isCount("orders")
}

func entriesAreCopied(b *bench) {
	e := parked("orders", "a", 1)
	seq := b.add(e)[0]
	want := parked("orders", "a", 1)
	want.Seq = seq
	change := func(e *store.Entry) {
		e.Pipeline, e.Due, e.Progress.Legs[0].Sink, e.Progress.Legs[0].Trail[0].N, e.Record = "x", day(9), "x", 99, nil
	}
	change(e)
	change(b.take("orders", seq)[0])
	b.parked("orders", 0, 9)[0].Progress.Legs[0].Sink = "x"
	if got := b.take("orders", seq); len(got) != 1 || !sameEntry(want, got[0]) {
		b.Errorf("got %+v", got)
	}
}

func largeRecord(b *bench) {
	e := entry("orders", "large")
	e.Record.Data = make([]byte, 2<<20)
	for i := range e.Record.Data {
		e.Record.Data[i] = byte(i * 7)
	}
	b.add(e)
	b.reopen()
	if got := b.fresh("orders", 0, 1, 1); len(got) != 1 || !sameEntry(e, got[0]) {
		b.Error("it came back otherwise")
	}
}

func emptyChange(b *bench) {
	b.keep(&store.Change{})
	_ = b.Close()
	if err := b.Keep(b.Context(), &store.Change{}); !errors.Is(err, store.ErrClosed) {
		b.Errorf("got %v", err)
	}
}
