package store

import (
	"context"
	"fmt"
	"time"

	"github.com/acktor/acktor/connector"
)

// Backlog keeps the records that the engine answers for by itself, until their final outcome.
type Backlog interface {
	// Keep makes a change durable. When it returns nil all of it survives a crash, as far as the store promises that.
	// After an error nothing was kept, with one exception: a store that was cut off in the middle of a commit does not know,
	// and its error is none of those that this package names. Sequence numbers are as before then.
	//
	// Changes that wait meanwhile, of all callers, share one transaction and one sync of the disk. Keep keeps nothing
	// of its arguments but records, outcomes and failures, which nobody changes.
	Keep(ctx context.Context, change *Change) error
	// Fresh returns entries of a pipeline with a zero Due and a Seq greater than after, ascending by Seq: at most limit, and no
	// more than one beyond maxBytes of records (Record.Size). A maxBytes of 0 is no limit.
	Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*Entry, error)
	// Parked returns the heads of at most limit entries of a pipeline with a Due that is not zero and a Seq greater than
	// after, ascending by Seq.
	Parked(ctx context.Context, pipeline string, after int64, limit int) ([]Head, error)
	// Take returns those of the entries that are there, ascending by Seq.
	Take(ctx context.Context, pipeline string, seqs []int64) ([]*Entry, error)
	// Find returns the entries of all pipelines whose record has that id, ascending by Seq.
	Find(ctx context.Context, id connector.RecordID) ([]*Entry, error)
	// Count returns how many entries a pipeline has, and the bytes of their records (Record.Size).
	Count(ctx context.Context, pipeline string) (records int, bytes int64, err error)
}

// Entry is a record of the backlog. It and what it points to belong to the caller, except for what nobody changes: the
// record, outcomes and failures.
type Entry struct {
	Seq      int64  // set by Keep; never given twice in a store
	Pipeline string // whose source it came from
	// Record is kept with its ID, Key, Headers, Data and Time. Position and Ref mean nothing to another process, and are not.
	Record   *connector.Record
	Origin   Origin
	Since    time.Time // when the engine began to answer for it
	Due      time.Time // when the next attempt is due; zero: as soon as there is room
	Progress Progress
	Replays  int // how often it was taken out of the dead letters
}

// Head is what is known of an entry without its record.
type Head struct {
	Seq      int64
	Due      time.Time
	ID       connector.RecordID
	Size     int // Record.Size
	Progress Progress
}

// Origin says how a record came to be in the backlog.
type Origin uint8

// The origins, a closed set.
const (
	Accepted Origin = iota + 1 // its source was told that it is accepted
	Parked                     // its next attempt was far away
	Replayed                   // it was taken out of the dead letters
)

// String returns the origin in lower case.
func (o Origin) String() string {
	switch o {
	case Accepted:
		return "accepted"
	case Parked:
		return "parked"
	case Replayed:
		return "replayed"
	}
	return fmt.Sprintf("Origin(%d)", uint8(o))
}

// MarshalText writes the origin in lower case.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Progress says how far a record has come with its sinks. Without legs it has not been routed, and goes to every sink
// that wants it; else it goes to those of the legs that have no outcome, and to no other.
type Progress struct {
	Legs []Leg `json:"legs,omitempty"`
}

// Leg is a record's way to one sink.
type Leg struct {
	Sink        string              `json:"sink"`
	Destination string              `json:"destination,omitempty"`
	Key         string              `json:"key,omitempty"` // by which the sink orders
	Attempts    int                 `json:"attempts,omitempty"`
	First       time.Time           `json:"first,omitzero"`
	Last        time.Time           `json:"last,omitzero"`
	Failure     *connector.Failure  `json:"failure,omitempty"` // of the last attempt
	Trail       []connector.Attempt `json:"trail,omitempty"`   // as in connector.Outcome
	Outcome     *connector.Outcome  `json:"outcome,omitempty"` // set when this sink has decided
}
