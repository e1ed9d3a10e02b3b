package source

import (
	"slices"

	"github.com/acktor/acktor/connector"
)

// commits knows, for each partition, up to where every record is settled: the positions that may be committed.
type commits struct {
	partitions map[string]*partition
	last       *partition // of the record before, which is mostly that of the next
	moved      []*partition
	span       int // marks behind a gap, over all partitions
}

// partition is one order of positions.
type partition struct {
	name     string
	marks    []mark
	first    uint64 // the number of marks[0]
	frontier connector.Position
	latest   connector.Position // of the record read last
	listed   bool               // in commits.moved
}

type mark struct {
	position connector.Position
	settled  bool
}

// enter notes that the record at position follows the others of its partition, and returns its mark.
func (l *commits) enter(position connector.Position) uint64 {
	p := l.partition(position.Partition)
	p.marks = append(p.marks, mark{position: position})
	p.latest = position
	l.span++
	return p.first + uint64(len(p.marks)) - 1
}

// settle notes that a record is settled, and moves the frontier when no gap is left before it.
func (l *commits) settle(position connector.Position, number uint64) {
	p := l.partition(position.Partition)
	p.marks[number-p.first].settled = true
	n := 0
	for n < len(p.marks) && p.marks[n].settled {
		n++
	}
	if n == 0 {
		return
	}
	p.frontier = p.marks[n-1].position
	p.marks = p.marks[n:]
	p.first += uint64(n)
	l.span -= n
	if !p.listed {
		p.listed = true
		l.moved = append(l.moved, p)
	}
}

// frontiers returns the positions that moved since it was called last, sorted by partition.
func (l *commits) frontiers() []connector.Position {
	if len(l.moved) == 0 {
		return nil
	}
	positions := make([]connector.Position, len(l.moved))
	for i, p := range l.moved {
		positions[i] = p.frontier
		p.listed = false
		if len(p.marks) == 0 {
			p.marks = nil
		}
	}
	l.moved = l.moved[:0]
	slices.SortFunc(positions, byPartition)
	return positions
}

// uncommitted puts positions back that could not be committed.
func (l *commits) uncommitted(positions []connector.Position) {
	for _, position := range positions {
		if p := l.partition(position.Partition); !p.listed {
			p.listed = true
			l.moved = append(l.moved, p)
		}
	}
}

// latest returns the position of the record read last of each partition: where a source goes on after it was lost, since
// what was read before is still in flight.
func (l *commits) latest() []connector.Position {
	var positions []connector.Position
	for _, p := range l.partitions {
		positions = append(positions, p.latest)
	}
	slices.SortFunc(positions, byPartition)
	return positions
}

func (l *commits) partition(name string) *partition {
	if l.last != nil && l.last.name == name {
		return l.last
	}
	p, ok := l.partitions[name]
	if !ok {
		if l.partitions == nil {
			l.partitions = make(map[string]*partition)
		}
		p = &partition{name: name}
		l.partitions[name] = p
	}
	l.last = p
	return p
}
