package http

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/connector"
)

// ticket is one record and what its request waits for. It is the record's Ref.
type ticket struct {
	record   connector.Record
	exchange *exchange

	// Guarded by waitingList.mu.
	next, prev *ticket
	listed     bool
	withdrawn  bool

	outcome *connector.Outcome // guarded by exchange.mu; set at most once
}

// exchange is one request with its records, from hand-over to answer. It is never used again: an outcome
// that comes late, or twice, finds nobody rather than another request.
type exchange struct {
	tickets []ticket
	one     [1]ticket // where tickets points when there is one, to save an allocation
	alarm   *alarm

	// Guarded by waitingList.mu.
	listed int   // how many tickets stand in the list
	bytes  int64 // what their bodies hold of the budget

	mu   sync.Mutex
	open int // tickets that were not withdrawn and have no outcome yet
}

// alarm wakes a handler. It is pooled: it is given back after it was rung, for no exchange rings twice. One that
// was not rung is left to whoever may still ring it.
type alarm struct {
	bell  chan struct{} // capacity 1
	timer *time.Timer
}

func newAlarm() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &alarm{bell: make(chan struct{}, 1), timer: timer}
}

func (a *alarm) ring() {
	select {
	case a.bell <- struct{}{}:
	default:
	}
}

// newExchange makes an exchange of n tickets, to be filled in.
func newExchange(n int, alarm *alarm) *exchange {
	x := &exchange{alarm: alarm, open: n}
	x.tickets = x.one[:]
	if n != 1 {
		x.tickets = make([]ticket, n)
	}
	for i := range x.tickets {
		t := &x.tickets[i]
		t.exchange, t.record.Ref = x, t
	}
	return x
}

// settle notes the outcome and wakes the handler after the last one. A second outcome changes nothing.
func (t *ticket) settle(outcome *connector.Outcome) {
	x := t.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	if t.outcome != nil {
		return
	}
	t.outcome = outcome
	if x.open--; x.open == 0 {
		x.alarm.ring()
	}
}

// succeeded says whether every record has an outcome, and none has failed.
func (x *exchange) succeeded() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return !slices.ContainsFunc(x.tickets, func(t ticket) bool { return t.outcome == nil || t.outcome.State == connector.Failed })
}

// waitingList holds the records that the engine has not taken yet, first come first served, bounded in number
// and, by reserve, in bytes. All its methods are for concurrent use.
type waitingList struct {
	arrived  chan struct{} // capacity 1: there may be something to take, after take had found nothing
	maxLen   int
	maxBytes int64

	bytes atomic.Int64

	mu          sync.Mutex
	open        bool
	awaited     bool // take had found nothing, and arrived was not told since
	first, last *ticket
	len         int
}

func newWaitingList(maxLen int, maxBytes int64) *waitingList {
	return &waitingList{arrived: make(chan struct{}, 1), maxLen: maxLen, maxBytes: maxBytes, awaited: true}
}

// reserve takes n bytes from the budget, or none and returns false.
func (l *waitingList) reserve(n int64) bool {
	if l.bytes.Add(n) <= l.maxBytes {
		return true
	}
	l.bytes.Add(-n)
	return false
}

func (l *waitingList) release(n int64) { l.bytes.Add(-n) }

// full reports whether put would refuse one record just now.
func (l *waitingList) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.open || l.len >= l.maxLen
}

// put offers all records of x, or none and returns false when the list is full or closed. With the records the list
// gets x.bytes of the budget, which it releases when the last of them is taken or withdrawn.
func (l *waitingList) put(x *exchange) bool {
	l.mu.Lock()
	if !l.open || l.len+len(x.tickets) > l.maxLen {
		l.mu.Unlock()
		return false
	}
	for i := range x.tickets {
		l.append(&x.tickets[i])
	}
	x.listed = len(x.tickets)
	tell := l.awaited
	l.awaited = false
	l.mu.Unlock()
	if tell {
		select {
		case l.arrived <- struct{}{}:
		default:
		}
	}
	return true
}

// take removes the first records within credit and returns them, nil when there are none. The very first may be
// larger than the credit in bytes.
func (l *waitingList) take(credit connector.Credit) []*connector.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(l.len, credit.Records)
	if n <= 0 {
		l.awaited = true
		return nil
	}
	batch := make([]*connector.Record, 0, n)
	for size := 0; len(batch) < n; {
		t := l.first
		if size += t.record.Size(); size > credit.Bytes && len(batch) > 0 {
			break
		}
		l.remove(t)
		batch = append(batch, &t.record)
	}
	return batch
}

// withdraw takes back those records of x that were not taken: nobody will take them any more.
func (l *waitingList) withdraw(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.withdrawLocked(x)
}

func (l *waitingList) withdrawLocked(x *exchange) {
	withdrawn := x.listed
	if withdrawn == 0 {
		return
	}
	for i := range x.tickets {
		if t := &x.tickets[i]; t.listed {
			t.withdrawn = true
			l.remove(t)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open -= withdrawn; x.open == 0 {
		x.alarm.ring()
	}
}

// setOpen lets put in, or keeps it out and withdraws whatever waits.
func (l *waitingList) setOpen(open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = open
	for !open && l.first != nil {
		l.withdrawLocked(l.first.exchange)
	}
}

func (l *waitingList) append(t *ticket) {
	t.listed, t.prev, t.next = true, l.last, nil
	if l.last == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
	l.len++
}

func (l *waitingList) remove(t *ticket) {
	if t.prev == nil {
		l.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.listed, t.prev, t.next = false, nil, nil
	l.len--
	x := t.exchange
	if x.listed--; x.listed == 0 {
		l.release(x.bytes)
	}
}
