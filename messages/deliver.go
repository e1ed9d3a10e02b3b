package messages

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
)

// Ticket names one delivery. The sink returns it untouched; only the source can read it.
type Ticket struct {
	Session uint64 // the source actor's incarnation
	Seq     uint64 // the record's number in its source, never used twice
	Slot    uint32 // where the source keeps the record
	Branch  uint32 // which of the record's sinks
}

// Deliver asks a sink actor to deliver one record. Its answer is one Outcome to ReplyTo.
type Deliver struct {
	Ticket
	ReplyTo *actor.PID
	Record  *connector.Record
	// Key orders the record behind the earlier ones with the same key. Empty: no order.
	Key string
	// Watcher gets the Status of this record, if not nil.
	Watcher *actor.PID
}

// Outcome is a sink's final word on a Deliver.
type Outcome struct {
	Ticket
	connector.Outcome
}

// Connect opens a session: the sink forgets, without an answer, all that it has from earlier sessions
// of the same source. What it was writing for them ends without an answer too.
type Connect struct {
	Source  *actor.PID
	Session uint64
}

// Withdraw asks for a Deliver back. If it waits, it is answered at once with class cancelled; if an
// attempt is under way, that attempt is the last and decides.
type Withdraw struct{ Ticket }
