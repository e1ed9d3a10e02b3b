package backlog

import (
	"container/heap"
	"context"
	"strconv"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// fresh are the entries that are due at once, in the order of the store. The first of them are in memory.
type fresh struct {
	queue  []*store.Entry
	bytes  int
	last   int64              // the Seq from which on the store may have others
	behind bool               // it may
	known  map[int64]struct{} // those that are in the queue, or were handed over, and are in the store
}

const (
	// maxQueue and maxQueueBytes bound what is in memory without having been handed over.
	maxQueue      = 1024
	maxQueueBytes = 16 << 20
	// page is how many entries are asked for together.
	page = 256
)

// add puts an entry in the queue if it is the next of the store, and there is room.
func (q *fresh) add(e *store.Entry) {
	if !q.behind && e.Seq <= q.last {
		q.lookAgain() // read from the store before it came from its keeper: it may be known, or settled already
	}
	if q.behind || len(q.queue) >= maxQueue || q.bytes >= maxQueueBytes {
		q.behind = true
		return
	}
	q.push(e)
}

func (q *fresh) push(e *store.Entry) {
	q.last = max(q.last, e.Seq)
	if _, ok := q.known[e.Seq]; ok {
		return
	}
	q.known[e.Seq] = struct{}{}
	q.queue = append(q.queue, e)
	q.bytes += e.Record.Size()
}

// lookAgain lets the whole store be looked through: something may have come in before what is known.
func (q *fresh) lookAgain() { q.last, q.behind = 0, true }

// take takes out what credit allows, at least one.
func (q *fresh) take(credit connector.Credit) []*store.Entry {
	n, bytes := 0, 0
	for n < min(len(q.queue), max(1, credit.Records)) {
		size := q.queue[n].Record.Size()
		if n > 0 && bytes+size > credit.Bytes {
			break
		}
		bytes += size
		n++
	}
	taken := q.queue[:n:n]
	q.queue = q.queue[n:]
	q.bytes -= bytes
	return taken
}

// due returns what is to be handed over now: parked entries whose time has come, or else fresh ones. The lock is held.
func (f *Feed) due(ctx context.Context, credit connector.Credit, now time.Time) ([]*store.Entry, error) {
	for {
		seqs := f.parked.due(now, min(page, max(1, credit.Records)))
		if len(seqs) == 0 {
			break
		}
		entries, err := f.takeParked(ctx, credit, seqs, now)
		if len(entries) > 0 || err != nil {
			return entries, err
		}
	}
	for len(f.fresh.queue) == 0 && f.fresh.behind {
		if err := f.turnPage(ctx); err != nil {
			return nil, err
		}
	}
	if len(f.fresh.queue) == 0 {
		return nil, nil
	}
	return f.fresh.take(credit), nil
}

// takeParked gets parked entries, as far as credit allows, from the store; the others stay scheduled. One that the store has
// lost, which it has reported, holds nobody back any more. The lock is held.
func (f *Feed) takeParked(ctx context.Context, credit connector.Credit, seqs []int64, now time.Time) ([]*store.Entry, error) {
	entries, err := f.store.Take(ctx, f.pipeline, seqs)
	if err != nil {
		for _, seq := range seqs {
			f.parked.add(seq, now)
		}
		return nil, err
	}
	found := make(map[int64]bool, len(entries))
	for _, e := range entries {
		found[e.Seq] = true
	}
	for _, seq := range seqs {
		if !found[seq] {
			f.leave(seq)
			f.keptRecords.Add(-1)
		}
	}
	n, bytes := 0, 0
	for ; n < len(entries); n++ {
		if bytes += entries[n].Record.Size(); n > 0 && bytes > credit.Bytes {
			break
		}
	}
	for _, e := range entries[n:] {
		f.parked.add(e.Seq, now)
	}
	return entries[:n], nil
}

// turnPage gets the next entries from the store. The lock is held, so that none is missed that is accepted meanwhile.
func (f *Feed) turnPage(ctx context.Context) error {
	entries, err := f.store.Fresh(ctx, f.pipeline, f.fresh.last, page, maxQueueBytes)
	if err != nil {
		return err
	}
	f.fresh.behind = len(entries) > 0 // that there are no more is seen when there are none
	for _, e := range entries {
		f.fresh.push(e)
	}
	return nil
}

// schedule are the parked entries that were not handed over, the earliest due on top.
type schedule []slot

type slot struct {
	seq int64
	due int64 // nanoseconds since 1970
}

func (s *schedule) Len() int           { return len(*s) }
func (s *schedule) Less(i, j int) bool { return (*s)[i].due < (*s)[j].due }
func (s *schedule) Swap(i, j int)      { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] }
func (s *schedule) Push(x any)         { *s = append(*s, x.(slot)) }
func (s *schedule) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}

func (s *schedule) add(seq int64, due time.Time) { heap.Push(s, slot{seq, due.UnixNano()}) }

// first returns when the earliest is due, or the zero time.
func (s *schedule) first() time.Time {
	if len(*s) == 0 {
		return time.Time{}
	}
	return time.Unix(0, (*s)[0].due)
}

// due takes out those whose time has come, at most n.
func (s *schedule) due(now time.Time, n int) []int64 {
	var seqs []int64
	for len(seqs) < n && len(*s) > 0 && (*s)[0].due <= now.UnixNano() {
		seqs = append(seqs, heap.Pop(s).(slot).seq)
	}
	return seqs
}

func itoa(n int) string { return strconv.Itoa(n) }
