package storetest

import (
	"math"
	"slices"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func positionClauses() []clause {
	return []clause{
		{"a pipeline has no positions at first", hasNoPositions},
		{"saving replaces the named partitions and no others", savingReplaces},
		{"nothing is shared with the caller", positionsAreCopied},
		{"any name and any token is kept byte for byte", anyBytes},
	}
}

func (b *bench) save(pipeline string, positions ...connector.Position) {
	b.Helper()
	if err := b.Save(b.Context(), pipeline, positions); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) loads(pipeline string, want ...connector.Position) {
	b.Helper()
	got, err := b.Load(b.Context(), pipeline)
	if err != nil || !slices.Equal(got, want) {
		b.Errorf("%.40q: got %.200v, %v; want %.200v", pipeline, got, err, want)
	}
}

func at(partition string, offset int64) connector.Position {
	return connector.Position{Partition: partition, Offset: offset}
}

func hasNoPositions(b *bench) {
	b.loads("orders")
	b.save("orders")
	b.loads("orders")
	b.reopen()
	b.loads("orders")
}

func savingReplaces(b *bench) {
	b.save("orders", at("b", 1), at("a", 1))
	b.save("orders", at("b", 2), at("c", 1), at("c", 3))
	b.save("invoices", at("a", 9))
	b.loads("orders", at("a", 1), at("b", 2), at("c", 3))
	b.loads("invoices", at("a", 9))
	b.save("orders", at("b", 1)) // the store does not judge whether a position is ahead
	b.reopen()
	b.loads("orders", at("a", 1), at("b", 1), at("c", 3))
	b.loads("invoices", at("a", 9))
}

func positionsAreCopied(b *bench) {
	positions := []connector.Position{at("a", 1)}
	b.keep(&store.Change{Pipeline: "orders", Positions: positions})
	positions[0] = at("a", 2)
	got := must[[]connector.Position](b)(b.Load(b.Context(), "orders"))
	got[0] = at("a", 3)
	b.loads("orders", at("a", 1))
}

// oddNames are names that some store may want to change.
func oddNames() []string {
	return []string{"", "orders", "Orders", "../orders", "a/b", `a\b`, "%", "%6F", "ünï", "\xff\x00\n\"'", "a b", "a ", ".", strings.Repeat("x", 2000), strings.Repeat("x", 2001)}
}

func anyBytes(b *bench) {
	for i, name := range oddNames() {
		b.save(name, connector.Position{Partition: name, Offset: math.MinInt64 + int64(i), Token: name + "\r\n"})
		e := entry(name, name)
		e.Record.Key = name
		e.Progress.Legs = []store.Leg{{Sink: name, Destination: name, Key: name}}
		l := letter(name, name, name, connector.Refused, 1)
		s := story(name, name, connector.Delivered, 1)
		s.Key = name
		b.keep(&store.Change{Add: []*store.Entry{e}, Letters: []*store.Letter{l}, Stories: []*store.Story{s}})
	}
	b.reopen()
	for i, name := range oddNames() {
		b.loads(name, connector.Position{Partition: name, Offset: math.MinInt64 + int64(i), Token: name + "\r\n"})
		entries := must[[]*store.Entry](b)(b.Find(b.Context(), connector.RecordID(name)))
		if len(entries) != 1 || entries[0].Pipeline != name || entries[0].Record.Key != name || entries[0].Progress.Legs[0].Destination != name {
			b.Errorf("%.40q: got %v", name, entries)
		}
		letters, _, err := b.List(b.Context(), store.LetterQuery{Pipeline: name, Sink: name, ID: connector.RecordID(name)})
		if err != nil || name != "" && (len(letters) != 1 || letters[0].Pipeline != name || letters[0].Sink != name) {
			b.Errorf("%.40q: got %v, %v", name, letters, err)
		}
		stories, _, err := b.Stories(b.Context(), store.StoryQuery{Pipeline: name, ID: connector.RecordID(name)})
		if err != nil || name != "" && (len(stories) != 1 || stories[0].Pipeline != name || stories[0].Key != name) {
			b.Errorf("%.40q: got %v, %v", name, stories, err)
		}
	}
}
