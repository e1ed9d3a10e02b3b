package source

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

// commitsTwin remembers everything and looks at all of it each time.
type commitsTwin struct {
	entered   map[string][]*twinMark // by partition
	committed map[string]connector.Position
}

type twinMark struct {
	position connector.Position
	number   uint64
	settled  bool
}

// frontiers returns the positions before the first gap that were not returned before.
func (tw *commitsTwin) frontiers() []connector.Position {
	var positions []connector.Position
	for partition, marks := range tw.entered {
		last := connector.Position{}
		for _, m := range marks {
			if !m.settled {
				break
			}
			last = m.position
		}
		if !last.IsZero() && last != tw.committed[partition] {
			positions = append(positions, last)
			tw.committed[partition] = last
		}
	}
	slices.SortFunc(positions, byPartition)
	return positions
}

func (tw *commitsTwin) open() (all []*twinMark) {
	for _, partition := range []string{"", "a", "b"} {
		for _, m := range tw.entered[partition] {
			if !m.settled {
				all = append(all, m)
			}
		}
	}
	return all
}

func TestLedgerCommitsBehindTheGapLikeItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l commits
		tw := &commitsTwin{entered: make(map[string][]*twinMark), committed: make(map[string]connector.Position)}
		for i := range rapid.IntRange(1, 80).Draw(t, "steps") {
			open := tw.open()
			switch what := rapid.IntRange(0, 5).Draw(t, "what"); {
			case what < 2 || len(open) == 0 && what < 5:
				position := connector.Position{Partition: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "partition"), Offset: int64(i + 1)}
				tw.entered[position.Partition] = append(tw.entered[position.Partition],
					&twinMark{position: position, number: l.enter(position)})
			case what < 5:
				m := rapid.SampledFrom(open).Draw(t, "settled")
				m.settled = true
				l.settle(m.position, m.number)
			default:
				commitBoth(t, &l, tw)
			}
			checkSpan(t, &l, tw)
		}
		commitBoth(t, &l, tw)
	})
}

func commitBoth(t *rapid.T, l *commits, tw *commitsTwin) {
	before := fmt.Sprint(tw.committed)
	got, want := l.frontiers(), tw.frontiers()
	if !slices.Equal(got, want) {
		t.Fatalf("commits %v, want %v (committed %s)", got, want, before)
	}
	if len(got) > 0 && rapid.Bool().Draw(t, "fails") {
		l.uncommitted(got)
		for _, position := range got {
			delete(tw.committed, position.Partition)
		}
	}
}

// checkSpan: the ledger holds what stands behind a gap, and no more.
func checkSpan(t *rapid.T, l *commits, tw *commitsTwin) {
	span := 0
	for _, marks := range tw.entered {
		if gap := slices.IndexFunc(marks, func(m *twinMark) bool { return !m.settled }); gap >= 0 {
			span += len(marks) - gap
		}
	}
	if l.span != span {
		t.Fatalf("the span is %d, want %d", l.span, span)
	}
}

func TestLedgerKnowsWhatWasReadLast(t *testing.T) {
	var l commits
	if l.latest() != nil {
		t.Error("something was read of nothing")
	}
	for _, position := range []connector.Position{{Partition: "b", Offset: 1}, {Partition: "a", Offset: 5}, {Partition: "b", Offset: 2}} {
		l.enter(position)
	}
	want := []connector.Position{{Partition: "a", Offset: 5}, {Partition: "b", Offset: 2}}
	if got := l.latest(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSourceGoesOnBehindWhatWasReadElseBehindWhatWasCommitted(t *testing.T) {
	at := func(partition string, offset int64) connector.Position {
		return connector.Position{Partition: partition, Offset: offset}
	}
	for _, c := range []struct{ committed, read, want []connector.Position }{
		{nil, nil, nil},
		{[]connector.Position{at("a", 1)}, nil, []connector.Position{at("a", 1)}},
		{nil, []connector.Position{at("a", 3)}, []connector.Position{at("a", 3)}},
		{[]connector.Position{at("a", 1), at("b", 2)}, []connector.Position{at("b", 7)}, []connector.Position{at("a", 1), at("b", 7)}},
	} {
		if got := behind(c.committed, c.read); !slices.Equal(got, c.want) {
			t.Errorf("committed %v, read %v: got %v, want %v", c.committed, c.read, got, c.want)
		}
	}
}
