package store

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
)

// Letters keeps the dead letters: the records that failed for good.
type Letters interface {
	// List returns the letters that match, the newest first, and the cursor of the next page, which is empty when
	// there is none. Without WithData the records have no Data.
	List(ctx context.Context, query LetterQuery) (letters []*Letter, next string, err error)
	// Letter returns one letter, whole, or ErrNotFound.
	Letter(ctx context.Context, seq int64) (*Letter, error)
	// CountLetters returns how many letters match; Cursor and Limit do not count.
	CountLetters(ctx context.Context, query LetterQuery) (int, error)
	// Replay moves letters that match to the backlog, the oldest first and at most Limit of them: see Letter.Entry. A crash moves
	// a letter wholly or not at all. It returns how many it moved, also with an error, and to which pipelines, sorted.
	Replay(ctx context.Context, query LetterQuery) (moved int, pipelines []string, err error)
	// Drop removes letters that match for good, the oldest first and at most Limit of them. It returns how many, also with an
	// error.
	Drop(ctx context.Context, query LetterQuery) (int, error)
}

// Letter is a record that failed for good. It belongs to the caller, but for the record and the outcome, which nobody changes.
type Letter struct {
	Seq         int64 // set by Keep; never given twice in a store
	Pipeline    string
	Sink        string // which gave up; empty when none was reached
	Destination string
	Class       connector.Class
	At          time.Time         // when it failed
	Record      *connector.Record // kept as in an Entry
	Outcome     *connector.Outcome
	Replays     int // how often it was taken out of the dead letters before
}

// Entry returns what becomes of a letter that is replayed: an entry without a Seq that is due at once, for the sink that
// failed and no other.
func (l *Letter) Entry(now time.Time) *Entry {
	e := &Entry{Pipeline: l.Pipeline, Record: l.Record, Origin: Replayed, Since: now, Replays: l.Replays + 1}
	if l.Sink != "" {
		e.Progress.Legs = []Leg{{Sink: l.Sink}}
	}
	return e
}

// LetterQuery says which letters are meant: those that match all of its fields. A zero field matches every letter.
type LetterQuery struct {
	Seqs         []int64 // any of them
	Pipeline     string
	Sink         string
	Class        connector.Class
	ID           connector.RecordID
	Since, Until time.Time // Since <= At < Until

	Cursor   string // goes on where List stopped
	Limit    int    // List: 0 is 100. Replay and Drop: 0 is all.
	WithData bool
}
