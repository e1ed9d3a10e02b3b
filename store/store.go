package store

import (
	"context"
	"errors"

	"github.com/acktor/acktor/connector"
)

// ErrClosed is returned by the methods of a store that was closed.
var ErrClosed = errors.New("store: closed")

// Positions keeps the last committed position of each partition of each pipeline. Its methods are safe for
// concurrent use. Names of pipelines and partitions, and tokens, may be any bytes.
type Positions interface {
	// Load returns the committed positions of a pipeline, at most one a partition, ordered by partition. The
	// slice belongs to the caller.
	Load(ctx context.Context, pipeline string) ([]connector.Position, error)
	// Save replaces the positions of the named partitions; the last one counts when a partition is named twice.
	// When it returns nil they survive a crash, as far as the store promises that. After an error each named
	// partition has its old position or its new one. It keeps nothing from positions.
	Save(ctx context.Context, pipeline string, positions []connector.Position) error
	// Close frees the store. It waits for what is running and must not be used afterwards.
	Close() error
}
