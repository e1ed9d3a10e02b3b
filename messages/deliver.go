package messages

import (
	"time"

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
	// Earlier is how far the record came before, by earlier Delivers; nil when this is its first.
	Earlier *Progress
	// ParkAfter is how far away the next attempt may be: a record whose is farther is answered with Parked. Zero: it waits
	// here for however long it takes.
	ParkAfter time.Duration
}

// Progress is how far a record has come at a destination.
type Progress struct {
	Attempts    int
	First, Last time.Time
	Failure     *connector.Failure  // of the last attempt
	Trail       []connector.Attempt // as in connector.Outcome
}

// Parked answers a Deliver instead of an Outcome: the destination has let go of the record, whose next attempt is due at Due.
// Records with the same Key that waited behind it come back in the same way, in their order, and so do those that come
// until an Unpark.
type Parked struct {
	Ticket
	Progress
	Due time.Time
	// From is where an Unpark for Key is to go.
	From *actor.PID
	Key  string
}

// Unpark says that the source keeps the records of a key back by itself now.
type Unpark struct{ Key string }

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
