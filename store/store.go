package store

import (
	"context"
	"errors"

	"github.com/acktor/acktor/connector"
)

// The errors that a caller may want to tell apart; see also LockedError, LockLostError, NewerError and DamagedError.
var (
	// ErrClosed is returned by the methods of a store that was closed.
	ErrClosed = errors.New("store: closed")
	// ErrNotFound is returned for a letter that is not there, or no longer.
	ErrNotFound = errors.New("store: not found")
	// ErrFull is wrapped by the errors of a store that has no room. Nothing of the change was kept, and the store
	// goes on by itself when there is room.
	ErrFull = errors.New("store: no room left")
)

// Store is all that an engine keeps. Its methods are safe for concurrent use. They heed the end of ctx until the work has
// begun, and wait for its end from then on, so that an error of ctx always means that nothing was changed.
//
// Names of pipelines, sinks, destinations and partitions, ids, keys and tokens may be any bytes. Times come back to the
// nanosecond; those of an Entry, a Letter or a Story in UTC, and a record's with its offset from UTC.
type Store interface {
	Positions
	Backlog
	Letters
	Ledger
	// Close frees the store. It waits for what is running. Closing twice is harmless.
	Close() error
}

// Positions keeps the last committed position of each partition of each pipeline.
type Positions interface {
	// Load returns the committed positions of a pipeline, at most one a partition, ordered by partition. The
	// slice belongs to the caller.
	Load(ctx context.Context, pipeline string) ([]connector.Position, error)
	// Save is Keep with a Change that has positions only.
	Save(ctx context.Context, pipeline string, positions []connector.Position) error
}

// Change is what is to be kept together: all of it survives a crash, or nothing. Its parts are applied in the order of
// its fields.
type Change struct {
	// Add puts entries in the backlog. Keep sets their Seq, ascending in this order.
	Add []*Entry
	// Update replaces Origin, Due and Progress of the entries with these Seqs. One that is not there is ignored.
	Update []*Entry
	// Remove takes entries out of the backlog. One that is not there is ignored.
	Remove []int64
	// Letters are put in the dead letters. Keep sets their Seq, ascending in this order.
	Letters []*Letter
	// Stories are put in the ledger. Keep sets their Seq, ascending in this order.
	Stories []*Story

	// Positions replace those of the same partitions of Pipeline; the last one counts when a partition is named twice.
	// The store does not judge whether a position is ahead.
	Pipeline  string
	Positions []connector.Position
}

// Empty reports whether there is nothing to keep.
func (c *Change) Empty() bool {
	return len(c.Add)+len(c.Update)+len(c.Remove)+len(c.Letters)+len(c.Stories)+len(c.Positions) == 0
}
