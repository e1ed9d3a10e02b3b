package http

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

// twin is the waiting list done the dumb way: a slice, and what became of each record.
type twin struct {
	waiting []*ticket
	taken   map[*ticket]bool
	gone    map[*ticket]bool // withdrawn
}

func (w *twin) withdraw(x *exchange) {
	w.waiting = slices.DeleteFunc(w.waiting, func(t *ticket) bool {
		if t.exchange == x {
			w.gone[t] = true
		}
		return t.exchange == x
	})
}

func (w *twin) take(credit connector.Credit) (batch []*connector.Record) {
	for size := 0; len(w.waiting) > 0 && len(batch) < credit.Records; w.waiting = w.waiting[1:] {
		t := w.waiting[0]
		if size += t.record.Size(); size > credit.Bytes && len(batch) > 0 {
			break
		}
		w.taken[t] = true
		batch = append(batch, &t.record)
	}
	return batch
}

// settled says whether nothing more is to come for x.
func (w *twin) settled(x *exchange) bool {
	for i := range x.tickets {
		t := &x.tickets[i]
		if done := w.gone[t] || w.taken[t] && t.outcome != nil; !done {
			return false
		}
	}
	return true
}

func TestWaitingListDoesWhatItsTwinDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, dumb := newWaitingList(8, 1000), &twin{taken: map[*ticket]bool{}, gone: map[*ticket]bool{}}
		list.setOpen(true)
		var exchanges []*exchange
		anyOf := func(t *rapid.T) *exchange {
			if len(exchanges) == 0 {
				t.Skip("none yet")
			}
			return rapid.SampledFrom(exchanges).Draw(t, "exchange")
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				x := newExchange(rapid.IntRange(1, 4).Draw(t, "records"), newAlarm().(*alarm))
				for i := range x.tickets {
					x.tickets[i].record.Data = make([]byte, rapid.IntRange(0, 300).Draw(t, "bytes"))
				}
				if x.bytes = 100; !list.reserve(x.bytes) {
					return
				}
				if want := len(dumb.waiting)+len(x.tickets) <= 8; list.put(x) != want {
					t.Fatalf("put: want %v", want)
				} else if !want {
					list.release(x.bytes)
					return
				}
				for i := range x.tickets {
					dumb.waiting = append(dumb.waiting, &x.tickets[i])
				}
				exchanges = append(exchanges, x)
			},
			"take": func(t *rapid.T) {
				credit := connector.Credit{Records: rapid.IntRange(0, 5).Draw(t, "records"), Bytes: rapid.IntRange(0, 1500).Draw(t, "bytes")}
				if got, want := list.take(credit), dumb.take(credit); !slices.Equal(got, want) {
					t.Fatalf("took %d, want %d", len(got), len(want))
				}
			},
			"withdraw": func(t *rapid.T) {
				x := anyOf(t)
				list.withdraw(x)
				dumb.withdraw(x)
			},
			"settle": func(t *rapid.T) {
				x := anyOf(t)
				taken := &x.tickets[rapid.IntRange(0, len(x.tickets)-1).Draw(t, "record")]
				if first := delivered(nil); dumb.taken[taken] {
					before := taken.outcome
					if taken.settle(first); before != nil && taken.outcome != before {
						t.Fatal("a second outcome replaced the first")
					}
				}
			},
			"close": func(*rapid.T) {
				list.setOpen(false)
				list.setOpen(true)
				for _, x := range exchanges {
					dumb.withdraw(x)
				}
			},
			"": func(t *rapid.T) { agree(t, list, dumb, exchanges) },
		})
	})
}

func agree(t *rapid.T, list *waitingList, dumb *twin, exchanges []*exchange) {
	var held int64
	for _, x := range exchanges {
		if slices.ContainsFunc(dumb.waiting, func(t *ticket) bool { return t.exchange == x }) {
			held += x.bytes
		}
		if rung := len(x.alarm.bell) == 1; rung != dumb.settled(x) {
			t.Fatalf("rung %v, settled %v", rung, dumb.settled(x))
		}
		for i := range x.tickets {
			if x.tickets[i].withdrawn != dumb.gone[&x.tickets[i]] {
				t.Fatal("withdrawn or not?")
			}
		}
	}
	if list.len != len(dumb.waiting) || list.bytes.Load() != held {
		t.Fatalf("%d records and %d bytes wait, want %d and %d", list.len, list.bytes.Load(), len(dumb.waiting), held)
	}
}
