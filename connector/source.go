package connector

import "context"

// Credit is room in a window: how many records, and how many bytes (Record.Size) of them.
type Credit struct {
	Records int
	Bytes   int
}

// Source hands records over to the engine.
//
// The engine calls Open first, then Read from one goroutine at a time and Settle from another, at
// the same time as Read. Before Close it cancels the context of a running Read and waits until Read
// and Settle have returned. After Close it may call Open again.
type Source interface {
	// Open connects. from holds the last committed position of each partition, and is empty at the
	// first start or when the source keeps no positions: the source continues behind it. An error is
	// retried with backoff; a PermanentError ends the pipeline.
	Open(ctx context.Context, from []Position) error

	// Read blocks until it has at least one record, then returns what is at hand: at most max.Records,
	// and no more than max.Bytes unless the first record alone is larger. The records, and the slice,
	// belong to the engine from then on. It returns ErrEndOfSource, perhaps together with the last
	// records, when there will be no more; NotConnectedError to be closed and opened again; and the
	// context's error when that ends, in which case it may still return records.
	Read(ctx context.Context, max Credit) ([]*Record, error)

	// Settle tells the final outcomes of records, each record once, in the order in which they were decided. It keeps
	// nothing from settled after it returns, and should not block for long: the next outcomes wait for it. It may name
	// records that were read before the source was closed and opened again, and may come while it is closed in
	// between. After a failed record the source itself decides whether upstream is told (nack) or not.
	Settle(ctx context.Context, settled []Settled) error

	// Close frees everything, also after an Open that failed. It must return when ctx ends.
	Close(ctx context.Context) error
}

// Prompt is a Source whose Settle mostly returns at once, whatever happens: it waits for no lock that is held for long,
// no channel, no peer and no code of others.
type Prompt interface {
	// SettlesAtOnce reports whether that holds for these. Settle is then called from the actor itself, which saves a
	// hand-over to another goroutine.
	SettlesAtOnce(settled []Settled) bool
}

// Accepter is a Source that can be told that a record is accepted, before it is delivered: its outcome is then in the state
// Accepted, and the only one that it hears.
type Accepter interface {
	// WantsAccepted reports whether it wants that. Where the engine has a store, an accepted record is durable.
	WantsAccepted() bool
}

// Committer is a Source whose upstream wants to know the contiguous position as well.
type Committer interface {
	// Commit is called after the positions, at most one a partition, were persisted: every record up
	// to and including them is settled. It is called from the goroutine that calls Settle.
	Commit(ctx context.Context, positions []Position) error
}
