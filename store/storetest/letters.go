package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func letterClauses() []clause {
	return []clause{
		{"a letter comes back as it was", lettersComeBack},
		{"letters are listed newest first, in pages", lettersInPages},
		{"a cursor that is none is refused", oddCursor},
		{"a query means what matches all of its fields", letterQueries},
		{"a replayed letter is an entry for the sink that failed", replayed},
		{"replay moves the oldest that match, and no more than asked for", replayOldest},
		{"drop removes the oldest that match, and no more than asked for", dropOldest},
		{"many letters are moved and dropped", manyLetters},
	}
}

func (b *bench) post(letters ...*store.Letter) {
	b.Helper()
	b.keep(&store.Change{Letters: letters})
}

func letterSeqs(letters []*store.Letter) []int64 {
	list := []int64{}
	for _, l := range letters {
		list = append(list, l.Seq)
	}
	return list
}

// list returns all letters that match, and checks that they are as many as are counted.
func (b *bench) list(query store.LetterQuery) []*store.Letter {
	b.Helper()
	var all []*store.Letter
	count := must[int](b)(b.CountLetters(b.Context(), query))
	for {
		page, next, err := b.List(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page...)
		if query.Cursor = next; next == "" {
			if len(all) != count {
				b.Errorf("%d letters are listed, %d counted", len(all), count)
			}
			return all
		}
	}
}

func (b *bench) isListed(query store.LetterQuery, want ...*store.Letter) {
	b.Helper()
	if got := b.list(query); !slices.Equal(letterSeqs(got), letterSeqs(want)) {
		b.Errorf("%+v: got %v, want %v", query, letterSeqs(got), letterSeqs(want))
	}
}

func lettersComeBack(b *bench) {
	full, bare := letter("orders", "crm", "a", connector.Rejected, 1), &store.Letter{Pipeline: "orders", Record: &connector.Record{ID: "bare"}}
	full.Record.Position, full.Record.Ref = at("p", 1), b
	b.post(full, bare)
	full.Record.Position, full.Record.Ref = connector.Position{}, nil
	b.reopen()
	for _, want := range []*store.Letter{full, bare} {
		if got := must[*store.Letter](b)(b.Letter(b.Context(), want.Seq)); !sameLetter(want, got) {
			b.Errorf("got %+v\n%+v, want %+v", got, got.Record, want)
		}
	}
	if got := b.list(store.LetterQuery{WithData: true}); len(got) != 2 || !sameLetter(bare, got[0]) || !sameLetter(full, got[1]) {
		b.Errorf("got %v", got)
	}
	if got := b.list(store.LetterQuery{}); len(got) != 2 || !sameLetter(without(full), got[1]) {
		b.Errorf("without data: got %+v", got)
	}
	if _, err := b.Letter(b.Context(), bare.Seq+99); !errors.Is(err, store.ErrNotFound) {
		b.Errorf("got %v", err)
	}
}

func lettersInPages(b *bench) {
	var all []*store.Letter
	for i := range 105 {
		all = append(all, letter([]string{"orders", "invoices"}[i%2], "crm", "a", connector.Rejected, -i))
	}
	b.post(all...)
	b.reopen()
	first, next, err := b.List(b.Context(), store.LetterQuery{})
	slices.Reverse(all)
	if err != nil || next == "" || !slices.Equal(letterSeqs(first), letterSeqs(all[:100])) {
		b.Errorf("got %v, %q, %v", letterSeqs(first), next, err)
	}
	b.post(letter("orders", "crm", "late", connector.Rejected, 1)) // it is on no later page
	rest, next, err := b.List(b.Context(), store.LetterQuery{Cursor: next})
	if err != nil || next != "" || !slices.Equal(letterSeqs(rest), letterSeqs(all[100:])) {
		b.Errorf("got %v, %q, %v", letterSeqs(rest), next, err)
	}
	if exact, next, err := b.List(b.Context(), store.LetterQuery{Limit: 106}); len(exact) != 106 || next != "" || err != nil {
		b.Errorf("got %d, %q, %v", len(exact), next, err)
	}
	if got := b.list(store.LetterQuery{Pipeline: "invoices", Limit: 7}); len(got) != 52 {
		b.Errorf("got %d", len(got))
	}
}

func oddCursor(b *bench) {
	for _, cursor := range []string{"x", "-1", "0", "1;", "99999999999999999999"} {
		_, _, err := b.List(b.Context(), store.LetterQuery{Cursor: cursor})
		if _, _, err2 := b.Stories(b.Context(), store.StoryQuery{Cursor: cursor}); err == nil || err2 == nil {
			b.Errorf("%q: got %v, %v", cursor, err, err2)
		}
	}
}

func letterQueries(b *bench) {
	p := letter("orders", "crm", "p", connector.Rejected, 1)
	q := letter("orders", "erp", "q", connector.Rejected, 2)
	r := letter("invoices", "crm", "p", connector.Timeout, 3)
	b.post(p, q, r)
	b.reopen()
	b.isListed(store.LetterQuery{}, r, q, p)
	b.isListed(store.LetterQuery{Pipeline: "orders"}, q, p)
	b.isListed(store.LetterQuery{Sink: "crm"}, r, p)
	b.isListed(store.LetterQuery{Pipeline: "orders", Sink: "crm", Class: connector.Rejected}, p)
	b.isListed(store.LetterQuery{Class: connector.Timeout}, r)
	b.isListed(store.LetterQuery{ID: "p"}, r, p)
	b.isListed(store.LetterQuery{ID: "p", Pipeline: "nobody"})
	b.isListed(store.LetterQuery{Since: day(2)}, r, q)
	b.isListed(store.LetterQuery{Until: day(2)}, p)
	b.isListed(store.LetterQuery{Since: day(1), Until: day(3)}, q, p)
	b.isListed(store.LetterQuery{Seqs: []int64{p.Seq, r.Seq, 1 << 40}}, r, p)
	b.isListed(store.LetterQuery{Seqs: []int64{}})
	b.isListed(store.LetterQuery{Seqs: []int64{p.Seq}, Sink: "erp"})
}

func (b *bench) replay(query store.LetterQuery, pipelines ...string) {
	b.Helper()
	want := must[int](b)(b.CountLetters(b.Context(), query))
	if query.Limit > 0 {
		want = min(want, query.Limit)
	}
	moved, got, err := b.Replay(b.Context(), query)
	if err != nil || moved != want || !slices.Equal(got, pipelines) {
		b.Errorf("%+v: moved %d to %q, %v; want %d to %q", query, moved, got, err, want, pipelines)
	}
}

func replayed(b *bench) {
	l, early := letter("orders", "crm", "a", connector.Rejected, 1), letter("orders", "", "b", connector.Invalid, 1)
	b.post(l, early)
	began := time.Now().Add(-time.Minute)
	b.replay(store.LetterQuery{Pipeline: "orders"}, "orders")
	b.isListed(store.LetterQuery{})
	b.reopen()
	b.isListed(store.LetterQuery{})
	got := b.fresh("orders", 0, 9, 0)
	if len(got) != 2 {
		b.Fatalf("got %v", got)
	}
	if got[0].Since.Before(began) || got[0].Since.After(time.Now().Add(time.Minute)) || got[0].Seq <= early.Seq {
		b.Errorf("got %+v", got[0])
	}
	want := &store.Entry{Seq: got[0].Seq, Pipeline: "orders", Record: l.Record, Origin: store.Replayed, Since: got[0].Since, Replays: 3,
		Progress: store.Progress{Legs: []store.Leg{{Sink: "crm"}}}}
	if !sameEntry(want, got[0]) {
		b.Errorf("got %+v, want %+v", got[0], want)
	}
	if len(got[1].Progress.Legs) != 0 {
		b.Errorf("a letter of no sink goes to %+v", got[1].Progress)
	}
	b.replay(store.LetterQuery{})
}

func replayOldest(b *bench) {
	p, q, r := letter("orders", "crm", "p", connector.Rejected, 3), letter("invoices", "crm", "q", connector.Rejected, 2), letter("bills", "crm", "r", connector.Rejected, 1)
	s := letter("orders", "crm", "s", connector.DNS, 1)
	b.post(s, p, q, r)
	b.replay(store.LetterQuery{Class: connector.Rejected, Limit: 2}, "invoices", "orders")
	b.isListed(store.LetterQuery{}, r, s)
	b.replay(store.LetterQuery{Seqs: []int64{r.Seq, p.Seq}, Limit: 9}, "bills")
	b.isListed(store.LetterQuery{}, s)
	for _, pipeline := range []string{"orders", "invoices", "bills"} {
		if got := b.fresh(pipeline, 0, 9, 0); len(got) != 1 {
			b.Errorf("%s: got %v", pipeline, got)
		}
	}
}

func dropOldest(b *bench) {
	p, q, r := letter("orders", "crm", "p", connector.Rejected, 3), letter("invoices", "crm", "q", connector.Rejected, 2), letter("bills", "crm", "r", connector.DNS, 1)
	b.post(p, q, r)
	if n, err := b.Drop(b.Context(), store.LetterQuery{Limit: 1, Sink: "crm"}); n != 1 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
	b.isListed(store.LetterQuery{}, r, q)
	if n, err := b.Drop(b.Context(), store.LetterQuery{Class: connector.DNS}); n != 1 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
	b.reopen()
	b.isListed(store.LetterQuery{}, q)
	if n, err := b.Drop(b.Context(), store.LetterQuery{Pipeline: "orders"}); n != 0 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
}

func manyLetters(b *bench) {
	var all []*store.Letter
	for range 300 {
		all = append(all, letter("orders", "crm", "a", connector.Rejected, 1))
	}
	b.post(all...)
	b.replay(store.LetterQuery{Limit: 280}, "orders")
	if n, _, err := b.Count(b.Context(), "orders"); n != 280 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
	b.post(all[:280]...)
	if n, err := b.Drop(b.Context(), store.LetterQuery{Limit: 299}); n != 299 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
	b.isListed(store.LetterQuery{}, all[279])
}
