package storetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// damageClauses are about rows that are not what was written: they hold what belongs to another.
func damageClauses() []clause {
	return []clause{
		{"a damaged entry is moved aside, and the others come in full pages", damagedEntry},
		{"an entry whose progress is damaged begins anew", damagedProgress},
		{"the progress of a parked entry is damaged", damagedHead},
		{"a damaged letter is moved aside, and the others are listed and replayed", damagedLetter},
		{"a damaged story is moved aside", damagedStory},
		{"a damaged position is moved aside", damagedPosition},
		{"a row whose id was changed is damaged", damagedID},
	}
}

// swap puts what stands in a column of one row into another.
func (b *bench) swap(table, column string, from, to int64) {
	b.Helper()
	b.place.Alter(fmt.Sprintf(`UPDATE acktor_%s SET %s = (SELECT %s FROM acktor_%s WHERE seq = %d) WHERE seq = %d`, table, column, column, table, from, to))
}

// isDamaged checks what the store reports, now and after it is opened again.
func (b *bench) isDamaged(want ...store.Damage) {
	b.Helper()
	for range 2 {
		got := must[[]store.Damage](b)(b.Store.(store.Inspector).Damage(b.Context()))
		same := slices.EqualFunc(got, want, func(a, b store.Damage) bool {
			return !a.At.IsZero() && a.Part == b.Part && a.Seq == b.Seq && a.Pipeline == b.Pipeline && a.ID == b.ID && a.Reason != ""
		})
		if !same {
			b.Errorf("got %+v, want %+v", got, want)
		}
		b.reopen()
	}
}

func damagedEntry(b *bench) {
	list := b.add(entry("orders", "a"), entry("orders", "b"), entry("orders", "c"), entry("orders", "d"))
	b.swap("entries", "body", list[3], list[0])
	b.swap("entries", "body", list[3], list[1])
	b.isSeqs(b.fresh("orders", 0, 2, 0), list[2], list[3])
	b.isDamaged(store.Damage{Part: "entries", Seq: list[0], Pipeline: "orders", ID: "a"}, store.Damage{Part: "entries", Seq: list[1], Pipeline: "orders", ID: "b"})
	b.isSeqs(b.take("orders", list...), list[2], list[3])
	if n, _, err := b.Count(b.Context(), "orders"); n != 2 || err != nil {
		b.Errorf("got %d, %v", n, err)
	}
}

func damagedProgress(b *bench) {
	all := []*store.Entry{parked("orders", "a", 1), entry("orders", "b")}
	b.add(all...)
	b.swap("entries", "mark", all[1].Seq, all[0].Seq)
	want := *all[0]
	want.Origin, want.Due, want.Progress = store.Accepted, all[1].Due, store.Progress{}
	if got := b.take("orders", all[0].Seq); len(got) != 1 || !sameEntry(&want, got[0]) {
		b.Errorf("got %+v", got)
	}
	b.isSeqs(b.fresh("orders", 0, 9, 0), all[0].Seq, all[1].Seq)
	b.isDamaged(store.Damage{Part: "entries", Seq: all[0].Seq, Pipeline: "orders", ID: "a"})
}

func damagedHead(b *bench) {
	list := b.add(parked("orders", "a", 1), parked("orders", "b", 1))
	b.swap("entries", "mark", list[1], list[0])
	if heads := b.parked("orders", 0, 1); len(heads) != 1 || heads[0].ID != "b" {
		b.Errorf("got %+v", heads)
	}
	b.isSeqs(b.fresh("orders", 0, 9, 0), list[0])
	b.isDamaged(store.Damage{Part: "entries", Seq: list[0], Pipeline: "orders", ID: "a"})
}

func damagedLetter(b *bench) {
	p, q, r := letter("orders", "crm", "p", connector.DNS, 1), letter("orders", "crm", "q", connector.DNS, 1), letter("orders", "crm", "r", connector.DNS, 1)
	b.post(p, q, r)
	b.swap("letters", "body", r.Seq, p.Seq)
	b.swap("letters", "data", r.Seq, q.Seq)
	if _, err := b.Letter(b.Context(), p.Seq); !errors.Is(err, store.ErrNotFound) {
		b.Errorf("got %v", err)
	}
	if moved, _, err := b.Replay(b.Context(), store.LetterQuery{Limit: 1}); moved != 1 || err != nil {
		b.Errorf("moved %d, %v", moved, err)
	}
	b.isListed(store.LetterQuery{})
	if got := b.fresh("orders", 0, 9, 0); len(got) != 1 || !sameRecord(r.Record, got[0].Record) {
		b.Errorf("got %v", got)
	}
	b.isDamaged(store.Damage{Part: "letters", Seq: p.Seq, Pipeline: "orders", ID: "p"}, store.Damage{Part: "letters", Seq: q.Seq, Pipeline: "orders", ID: "q"})
}

func damagedStory(b *bench) {
	p, q := story("orders", "p", connector.Failed, 1), story("orders", "q", connector.Failed, 1)
	b.tell(p, q)
	b.swap("stories", "body", p.Seq, q.Seq)
	b.isTold(store.StoryQuery{Limit: 1}, p)
	b.isDamaged(store.Damage{Part: "stories", Seq: q.Seq, Pipeline: "orders", ID: "q"})
}

func damagedPosition(b *bench) {
	b.save("orders", at("a", 1), at("b", 2))
	b.save("invoices", at("a", 3))
	b.place.Alter(`UPDATE acktor_positions SET body = pipeline WHERE slot = (SELECT slot FROM acktor_positions ORDER BY slot LIMIT 1)`)
	orders, invoices := must[[]connector.Position](b)(b.Load(b.Context(), "orders")), must[[]connector.Position](b)(b.Load(b.Context(), "invoices"))
	if len(orders)+len(invoices) == 3 {
		b.Errorf("got %v, %v", orders, invoices)
	}
	lost := must[[]store.Damage](b)(b.Store.(store.Inspector).Damage(b.Context()))
	if len(lost)+len(orders)+len(invoices) != 3 || lost[0].Part != "positions" {
		b.Errorf("got %v", lost)
	}
	b.save("orders", at("a", 9), at("b", 9))
	b.reopen()
	b.loads("orders", at("a", 9), at("b", 9))
}

func damagedID(b *bench) {
	list := b.add(entry("orders", "a"), entry("orders", "b"))
	b.swap("entries", "id", list[1], list[0])
	b.isSeqs(b.fresh("orders", 0, 9, 0), list[1])
	b.isDamaged(store.Damage{Part: "entries", Seq: list[0], Pipeline: "orders", ID: "b"})
}
