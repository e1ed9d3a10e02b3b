package source

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

func TestFlightFindsWhatIsInItAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f flight
		live := make(map[uint64]*entry)
		var gone []*entry // copies
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(live) == 0 || rapid.Bool().Draw(t, "add") {
				e := f.add(&connector.Record{Data: make([]byte, rapid.IntRange(0, 9).Draw(t, "bytes"))}, time.Time{})
				if live[e.seq] != nil {
					t.Fatalf("the number %d is used twice", e.seq)
				}
				live[e.seq] = e
				continue
			}
			e := live[rapid.SampledFrom(sequence(live)).Draw(t, "settled")]
			delete(live, e.seq)
			gone = append(gone, &entry{seq: e.seq, slot: e.slot})
			bytes := e.bytes
			f.remove(e)
			f.giveBack(1, bytes)
		}
		for seq, e := range live {
			if f.find(e.slot, seq) != e {
				t.Fatalf("%d is not found", seq)
			}
		}
		for _, e := range gone {
			if f.find(e.slot, e.seq) != nil {
				t.Fatalf("%d is settled and found", e.seq)
			}
		}
		checkSums(t, &f, live)
	})
}

func checkSums(t *rapid.T, f *flight, live map[uint64]*entry) {
	bytes := 0
	for _, e := range live {
		bytes += e.original.Size()
	}
	if f.records != len(live) || f.bytes != bytes {
		t.Fatalf("%d records, %d bytes in flight, want %d, %d", f.records, f.bytes, len(live), bytes)
	}
	var visited []uint64
	f.all(func(e *entry) { visited = append(visited, e.seq) })
	if !slices.Equal(visited, sequence(live)) {
		t.Fatalf("visited %v, want %v", visited, sequence(live))
	}
}

func sequence(live map[uint64]*entry) []uint64 {
	var numbers []uint64
	for seq := range live {
		numbers = append(numbers, seq)
	}
	slices.Sort(numbers)
	return numbers
}

func TestFlightFindsNothingInASlotThatItNeverHad(t *testing.T) {
	var f flight
	e := f.add(&connector.Record{}, time.Time{})
	if f.find(7, e.seq) != nil || f.find(e.slot, 0) != nil {
		t.Error("found a record that is not there")
	}
	f.remove(e)
	if f.find(e.slot, 0) != nil {
		t.Error("a free slot is found under the number 0")
	}
}

func TestFlightVisitsNoRecordThatIsSettledOnTheWay(t *testing.T) {
	var f flight
	first, second := f.add(&connector.Record{}, time.Time{}), f.add(&connector.Record{}, time.Time{})
	visits := 0
	f.all(func(e *entry) {
		visits++
		if e == first {
			f.remove(second)
		}
	})
	if visits != 1 {
		t.Errorf("%d visits, want 1", visits)
	}
}

func TestWaitersLeaveInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w waiters
		var twin []waiter
		for i := range rapid.IntRange(1, 50).Draw(t, "steps") {
			if len(twin) == 0 || rapid.Bool().Draw(t, "push") {
				x := waiter{seq: uint64(i)}
				w.push(x)
				twin = append(twin, x)
			} else if got := w.pop(); got != twin[0] {
				t.Fatalf("got %v, want %v", got, twin[0])
			} else {
				twin = twin[1:]
			}
			if w.len() != len(twin) {
				t.Fatalf("%d wait, want %d", w.len(), len(twin))
			}
		}
	})
}
