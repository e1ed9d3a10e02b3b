// Package store keeps what must survive a restart.
package store

import (
	"context"

	"github.com/acktor/acktor/connector"
)

// Positions keeps the last committed position of each partition of each pipeline. Its methods are safe for
// concurrent use.
type Positions interface {
	// Load returns the committed positions of a pipeline, at most one a partition.
	Load(ctx context.Context, pipeline string) ([]connector.Position, error)
	// Save replaces the positions of the named partitions. When it returns nil they survive a crash, as far as
	// the store promises that.
	Save(ctx context.Context, pipeline string, positions []connector.Position) error
	// Close frees the store. It must not be used afterwards.
	Close() error
}
