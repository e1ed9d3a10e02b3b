package store

import (
	"maps"
	"slices"

	"github.com/acktor/acktor/connector"
)

// ledger is the positions of one pipeline, by partition. Nobody writes to a ledger that others see: with
// makes a new one.
type ledger map[string]connector.Position

// with returns a ledger in which positions replace those of the same partitions.
func (l ledger) with(positions []connector.Position) ledger {
	next := make(ledger, len(l)+len(positions))
	maps.Copy(next, l)
	for _, position := range positions {
		next[position.Partition] = position
	}
	return next
}

// list returns the positions ordered by partition.
func (l ledger) list() []connector.Position {
	list := make([]connector.Position, 0, len(l))
	for _, partition := range slices.Sorted(maps.Keys(l)) {
		list = append(list, l[partition])
	}
	return list
}
