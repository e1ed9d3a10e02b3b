package source

import (
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/store"
)

// flight is the table of records that are read and not yet settled. A record keeps its slot until then; an
// answer finds it by slot and is checked by its sequence number, which is never used twice.
type flight struct {
	entries []*entry
	free    []uint32
	lastSeq uint64
	records int
	bytes   int
}

// entry is one record in flight.
type entry struct {
	seq      uint64 // 0: the slot is free
	slot     uint32
	original *connector.Record // as the source handed it over
	kept     *store.Entry      // what it is in the backlog; nil when it comes from the source
	record   *connector.Record // as the steps made it
	readAt   time.Time
	bytes    int
	mark     uint64 // its place in the ledger of positions

	legs []leg // the sinks it goes to, in their order
	one  [1]leg
	next int // the first leg that was not sent yet
	open int // legs that were sent and not answered

	dead       bool // it has failed, with outcome, and waits for its dead letter to be written
	outcome    *connector.Outcome
	deadLetter *connector.Record
	letter     leg
}

// leg is the way of a record to one sink.
type leg struct {
	address
	route     *route
	session   uint64 // of the last Deliver
	sent      bool
	withdrawn bool
	earlier   *messages.Progress // how far it came before this Deliver; nil: it is the first
	parked    *messages.Parked   // it is not delivered for now
	head      bool               // it was the first of the parked ones with its key
	blocks    bool               // later records with its key are held back, which the feed does not know of yet
	outcome   *connector.Outcome // nil: not answered
}

// isDecided says that no answer for the leg is waited for any more.
func (l *leg) isDecided() bool { return l.outcome != nil || l.parked != nil || l.route == nil }

func (f *flight) add(original *connector.Record, readAt time.Time) *entry {
	f.lastSeq++
	var e *entry
	if last := len(f.free) - 1; last >= 0 {
		e = f.entries[f.free[last]]
		f.free = f.free[:last]
	} else {
		e = &entry{slot: uint32(len(f.entries))}
		f.entries = append(f.entries, e)
	}
	e.seq, e.original, e.record, e.readAt = f.lastSeq, original, original, readAt
	e.kept, _ = original.Ref.(*store.Entry)
	e.bytes = original.Size()
	f.records++
	f.bytes += e.bytes
	return e
}

// find returns the entry that a ticket names, or nil when that record is settled already.
func (f *flight) find(slot uint32, seq uint64) *entry {
	if int(slot) >= len(f.entries) {
		return nil
	}
	if e := f.entries[slot]; e.seq == seq && seq != 0 {
		return e
	}
	return nil
}

// remove frees the slot. The credit that the entry holds is given back later, when the source knows.
func (f *flight) remove(e *entry) {
	f.free = append(f.free, e.slot)
	*e = entry{slot: e.slot}
}

// giveBack returns credit for records whose outcomes the source knows.
func (f *flight) giveBack(records, bytes int) {
	f.records -= records
	f.bytes -= bytes
}

// all calls visit for each record in flight, in source order.
func (f *flight) all(visit func(*entry)) {
	live := make([]*entry, 0, len(f.entries)-len(f.free))
	for _, e := range f.entries {
		if e.seq != 0 {
			live = append(live, e)
		}
	}
	sortBySeq(live)
	for _, e := range live {
		if e.seq != 0 {
			visit(e)
		}
	}
}
