package sink

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/messages"
)

func numbered(n int) *job {
	return &job{deliver: &messages.Deliver{Ticket: messages.Ticket{Seq: uint64(n)}}}
}

func seq(j *job) uint64 { return j.deliver.Seq }

func TestFifoKeepsTheOrderLikeASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q fifo
		var twin []*job
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 6 || len(twin) == 0 && what < 9:
				j := numbered(i)
				q.push(j)
				twin = append(twin, j)
			case what < 9:
				if q.peek() != twin[0] || q.pop() != twin[0] {
					t.Fatal("not the first one leaves")
				}
				twin = twin[1:]
			default:
				stay := func(j *job) bool { return seq(j)%3 != 0 }
				q.keep(stay)
				twin = slices.DeleteFunc(twin, func(j *job) bool { return !stay(j) })
			}
			if q.len() != len(twin) {
				t.Fatalf("length %d, want %d", q.len(), len(twin))
			}
		}
		for _, want := range twin {
			if q.pop() != want {
				t.Fatal("the order is lost")
			}
		}
	})
}

func TestFifoThatWasLongAndIsEmptyFreesItsRing(t *testing.T) {
	var q fifo
	for i := range 10 * keptRing {
		q.push(numbered(i))
	}
	for range 10 * keptRing {
		q.pop()
	}
	if len(q.ring) > keptRing {
		t.Errorf("keeps a ring of %d", len(q.ring))
	}
}

func TestFifoHoldsNothingThatHasLeft(t *testing.T) {
	var q fifo
	q.push(numbered(1))
	q.pop()
	for _, j := range q.ring {
		if j != nil {
			t.Error("a job that has left is still held")
		}
	}
}

func TestRetriesComeWhenTheyAreDueTheEarliestFirst(t *testing.T) {
	start := time.Unix(0, 0)
	rapid.Check(t, func(t *rapid.T) {
		var h retryHeap
		var twin []*job
		for i := range rapid.IntRange(1, 40).Draw(t, "jobs") {
			j := numbered(i)
			j.due = start.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "due")) * time.Second)
			h.add(j)
			twin = append(twin, j)
		}
		stay := func(j *job) bool { return seq(j)%4 != 1 }
		h.keep(stay)
		twin = slices.DeleteFunc(twin, func(j *job) bool { return !stay(j) })
		slices.SortFunc(twin, func(x, y *job) int { return cmp.Or(x.due.Compare(y.due), cmp.Compare(seq(x), seq(y))) })
		now := start.Add(5 * time.Second)
		for len(twin) > 0 && !twin[0].due.After(now) {
			if got := h.popDue(now); got != twin[0] {
				t.Fatalf("got %v, want %d", got, seq(twin[0]))
			}
			twin = twin[1:]
		}
		if j := h.popDue(now); j != nil || len(h) != len(twin) {
			t.Fatalf("got %v before its time, %d are left, want %d", j, len(h), len(twin))
		}
	})
}

func TestLanesLetOneOfEachKeyGoInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lanes
		going := make(map[string]*job)
		waiting := make(map[string][]*job)
		for i := range rapid.IntRange(1, 80).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")
			if rapid.Bool().Draw(t, "enter") || going[key] == nil {
				j := numbered(i)
				j.deliver.Key = key
				if l.enter(j) != (going[key] == nil) {
					t.Fatalf("%d of %s may go: %v", i, key, going[key] != nil)
				}
				if going[key] == nil {
					going[key] = j
				} else {
					waiting[key] = append(waiting[key], j)
				}
				continue
			}
			next := l.leave(going[key])
			going[key] = nil
			if len(waiting[key]) > 0 {
				going[key], waiting[key] = waiting[key][0], waiting[key][1:]
			}
			if next != going[key] {
				t.Fatalf("the next of %s is %v", key, next)
			}
		}
		if l.waiting != len(waiting["a"])+len(waiting["b"]) {
			t.Fatalf("%d wait", l.waiting)
		}
	})
}

func TestRecordsWithoutAKeyHaveNoLane(t *testing.T) {
	var l lanes
	x, y := numbered(1), numbered(2)
	if !l.enter(x) || !l.enter(y) || l.leave(x) != nil || len(l.byKey) != 0 {
		t.Error("a record without a key waits for another one")
	}
}

func TestLanesForgetWhatIsTakenOutOfThem(t *testing.T) {
	var l lanes
	var jobs []*job
	for i := range 4 {
		jobs = append(jobs, numbered(i))
		jobs[i].deliver.Key = "k"
		l.enter(jobs[i])
	}
	l.keep(func(j *job) bool { return seq(j) != 1 && seq(j) != 3 })
	if l.waiting != 1 || l.leave(jobs[0]) != jobs[2] || l.leave(jobs[2]) != nil || len(l.byKey) != 0 {
		t.Errorf("%d wait, lanes %v", l.waiting, l.byKey)
	}
}
