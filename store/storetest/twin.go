package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"pgregory.net/rapid"
)

// twin is a store that is too simple to be wrong: lists, ascending by Seq.
type twin struct {
	entries   []*store.Entry
	letters   []*store.Letter
	stories   []*store.Story
	positions map[string]map[string]connector.Position
}

// maxRounds bounds the rounds of a store that does not forget.
const maxRounds = 8

// likeTheTwin does the same at random to one store, over and over, and to the twin, and compares all that can be seen.
func likeTheTwin(t *testing.T, place func(t testing.TB) Place) {
	rounds, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		p := place(t)
		if rounds++; rounds > maxRounds && !p.Forgets && !failed {
			return // each round on a disk takes a while
		}
		defer func() { failed = failed || rt.Failed() }()
		b := newBench(t, p)
		defer func() { _ = b.Close() }()
		w := &twin{positions: map[string]map[string]connector.Position{}}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"keep", "keep", "keep", "replay", "drop", "expire", "reopen"}).Draw(rt, "step") {
			case "keep":
				w.keep(rt, b)
			case "replay":
				w.replay(rt, b)
			case "drop":
				w.drop(rt, b)
			case "expire":
				w.expire(rt, b)
			case "reopen":
				b.reopen()
			}
		}
		w.compare(rt, b)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

func names() []string { return []string{"orders", "invoices"} }

func draw[T any](rt *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(rt, label)
}

func (w *twin) keep(rt *rapid.T, b *bench) {
	change := &store.Change{Pipeline: draw(rt, "pipeline", names()...)}
	for range rapid.IntRange(0, 4).Draw(rt, "adds") {
		e := entry(draw(rt, "pipeline", names()...), draw(rt, "id", "a", "b", "c"))
		if rapid.Bool().Draw(rt, "parked") {
			e = parked(e.Pipeline, string(e.Record.ID), rapid.IntRange(-3, 3).Draw(rt, "due"))
		}
		e.Record.Data = make([]byte, draw(rt, "size", 0, 10, 5000))
		change.Add = append(change.Add, e)
	}
	for _, e := range w.entries {
		switch rapid.IntRange(0, 5).Draw(rt, "fate") {
		case 0:
			change.Remove = append(change.Remove, e.Seq)
		case 1:
			change.Update = append(change.Update, &store.Entry{Seq: e.Seq, Origin: store.Parked, Due: draw(rt, "due", time.Time{}, day(1)), Progress: progress()})
		}
	}
	for range rapid.IntRange(0, 2).Draw(rt, "letters") {
		change.Letters = append(change.Letters, letter(draw(rt, "pipeline", names()...), draw(rt, "sink", "crm", "erp", ""), draw(rt, "id", "a", "b", "c"),
			draw(rt, "class", connector.Rejected, connector.DNS), rapid.IntRange(0, 4).Draw(rt, "at")))
	}
	for range rapid.IntRange(0, 3).Draw(rt, "stories") {
		change.Stories = append(change.Stories, story(draw(rt, "pipeline", names()...), draw(rt, "id", "a", "b", "c"),
			draw(rt, "state", connector.Delivered, connector.Failed), rapid.IntRange(0, 4).Draw(rt, "at")))
	}
	for range rapid.IntRange(0, 2).Draw(rt, "positions") {
		change.Positions = append(change.Positions, at(draw(rt, "partition", "", "p"), rapid.Int64().Draw(rt, "offset")))
	}
	b.keep(change)
	w.apply(change)
}

func (w *twin) apply(c *store.Change) {
	for _, u := range c.Update {
		for _, e := range w.entries {
			if e.Seq == u.Seq {
				e.Origin, e.Due, e.Progress = u.Origin, u.Due, u.Progress
			}
		}
	}
	w.entries = slices.DeleteFunc(w.entries, func(e *store.Entry) bool { return slices.Contains(c.Remove, e.Seq) })
	w.entries = append(w.entries, c.Add...)
	w.letters = append(w.letters, c.Letters...)
	w.stories = append(w.stories, c.Stories...)
	for _, p := range c.Positions {
		if w.positions[c.Pipeline] == nil {
			w.positions[c.Pipeline] = map[string]connector.Position{}
		}
		w.positions[c.Pipeline][p.Partition] = p
	}
}

func drawLetters(rt *rapid.T) store.LetterQuery {
	return store.LetterQuery{
		Pipeline: draw(rt, "pipeline", "", "orders", "nobody"), Sink: draw(rt, "sink", "", "crm"), ID: draw(rt, "id", connector.RecordID(""), "a"),
		Class: draw(rt, "class", connector.Class(0), connector.DNS), Since: draw(rt, "since", time.Time{}, day(1)), Until: draw(rt, "until", time.Time{}, day(3)),
	}
}

func (w *twin) takeLetters(q store.LetterQuery) (taken []*store.Letter) {
	w.letters = slices.DeleteFunc(w.letters, func(l *store.Letter) bool {
		if !wanted(q, l) || q.Limit > 0 && len(taken) == q.Limit {
			return false
		}
		taken = append(taken, l)
		return true
	})
	return taken
}

func wanted(q store.LetterQuery, l *store.Letter) bool {
	switch {
	case q.Pipeline != "" && q.Pipeline != l.Pipeline, q.Sink != "" && q.Sink != l.Sink, q.ID != "" && q.ID != l.Record.ID,
		q.Class != 0 && q.Class != l.Class, l.At.Before(q.Since), !q.Until.IsZero() && !l.At.Before(q.Until):
		return false
	}
	return true
}

func (w *twin) replay(rt *rapid.T, b *bench) {
	q := drawLetters(rt)
	q.Limit = rapid.IntRange(0, 2).Draw(rt, "limit")
	moved, _, err := b.Replay(b.Context(), q)
	taken := w.takeLetters(q)
	if err != nil || moved != len(taken) {
		rt.Fatalf("%+v: moved %d, %v, want %d", q, moved, err, len(taken))
	}
	// What the store numbered and when it did is not known to the twin: it reads that, and checks the rest later.
	for _, l := range taken {
		e := l.Entry(time.Time{})
		for _, found := range must[[]*store.Entry](b)(b.Find(b.Context(), l.Record.ID)) {
			if found.Origin == store.Replayed && !slices.ContainsFunc(w.entries, func(e *store.Entry) bool { return e.Seq == found.Seq }) {
				e.Seq, e.Since = found.Seq, found.Since
				break
			}
		}
		w.entries = append(w.entries, e)
	}
}

func (w *twin) drop(rt *rapid.T, b *bench) {
	q := drawLetters(rt)
	q.Limit = rapid.IntRange(0, 2).Draw(rt, "limit")
	dropped, err := b.Drop(b.Context(), q)
	if taken := w.takeLetters(q); err != nil || dropped != len(taken) {
		rt.Fatalf("%+v: dropped %d, %v, want %d", q, dropped, err, len(taken))
	}
}

func (w *twin) expire(rt *rapid.T, b *bench) {
	before, most := day(rapid.IntRange(0, 2).Draw(rt, "before")), rapid.IntRange(0, 4).Draw(rt, "most")
	had := len(w.stories)
	w.stories = slices.DeleteFunc(w.stories, func(s *store.Story) bool { return s.At.Before(before) })
	if most > 0 && len(w.stories) > most {
		w.stories = w.stories[len(w.stories)-most:]
	}
	if n, err := b.Expire(b.Context(), before, most); err != nil || n != had-len(w.stories) {
		rt.Fatalf("expired %d, %v, want %d", n, err, had-len(w.stories))
	}
}

func (w *twin) compare(rt *rapid.T, b *bench) {
	for _, pipeline := range names() {
		w.compareBacklog(rt, b, pipeline)
		for _, p := range must[[]connector.Position](b)(b.Load(b.Context(), pipeline)) {
			if w.positions[pipeline][p.Partition] != p {
				rt.Fatalf("got %v, want %v", p, w.positions[pipeline])
			}
		}
	}
	q := drawLetters(rt)
	q.WithData, q.Limit = true, rapid.IntRange(1, 3).Draw(rt, "limit")
	var letters []*store.Letter
	for _, l := range slices.Backward(w.letters) {
		if wanted(q, l) {
			letters = append(letters, l)
		}
	}
	if got := b.list(q); !slices.EqualFunc(letters, got, sameLetter) {
		rt.Fatalf("%+v: got %v, want %v", q, letterSeqs(got), letterSeqs(letters))
	}
	sq := store.StoryQuery{ID: q.ID, Pipeline: q.Pipeline, State: draw(rt, "state", connector.State(0), connector.Failed), Since: q.Since, Until: q.Until, Limit: q.Limit}
	var stories []*store.Story
	for _, s := range slices.Backward(w.stories) {
		if (sq.ID == "" || sq.ID == s.ID) && (sq.Pipeline == "" || sq.Pipeline == s.Pipeline) && (sq.State == 0 || sq.State == s.Outcome.State) &&
			!s.At.Before(sq.Since) && (sq.Until.IsZero() || s.At.Before(sq.Until)) {
			stories = append(stories, s)
		}
	}
	if got := b.stories(sq); !slices.EqualFunc(stories, got, sameStory) {
		rt.Fatalf("%+v: got %v, want %v", sq, storySeqs(got), storySeqs(stories))
	}
}

func (w *twin) compareBacklog(rt *rapid.T, b *bench, pipeline string) {
	slices.SortFunc(w.entries, func(a, b *store.Entry) int { return int(a.Seq - b.Seq) })
	var fresh, parked, all []*store.Entry
	bytes := int64(0)
	for _, e := range w.entries {
		if e.Pipeline != pipeline {
			continue
		}
		all, bytes = append(all, e), bytes+int64(e.Record.Size())
		if e.Due.IsZero() {
			fresh = append(fresh, e)
		} else {
			parked = append(parked, e)
		}
	}
	if got := b.fresh(pipeline, 0, 1000, 0); !slices.EqualFunc(fresh, got, sameEntry) {
		rt.Fatalf("fresh: got %v, want %v", show(got), show(fresh))
	}
	if got := b.parked(pipeline, 0, 1000); !slices.EqualFunc(parked, got, sameHead) {
		rt.Fatalf("parked: got %+v, want %v", got, show(parked))
	}
	if got := b.take(pipeline, seqs(all)...); !slices.EqualFunc(all, got, sameEntry) {
		rt.Fatalf("all: got %v, want %v", show(got), show(all))
	}
	if n, size, err := b.Count(b.Context(), pipeline); n != len(all) || size != bytes || err != nil {
		rt.Fatalf("count: got %d, %d, %v, want %d, %d", n, size, err, len(all), bytes)
	}
}

func show(entries []*store.Entry) (text []string) {
	for _, e := range entries {
		text = append(text, fmt.Sprintf("%d:%s", e.Seq, e.Record.ID))
	}
	return text
}
