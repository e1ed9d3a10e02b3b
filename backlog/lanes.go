package backlog

import (
	"slices"
	"time"

	"github.com/acktor/acktor/store"
)

// Lane names the records that a destination of a sink gets in order.
type Lane struct{ Sink, Destination, Key string }

// lanes hold back parked records whose turn has not come: of those with the same lane only the first is scheduled, until it is
// settled. Records without a key are in none.
type lanes struct {
	byLane map[Lane][]int64 // ascending: the order in which they were parked
	of     map[int64][]Lane // the lanes of a record
	held   map[int64]slot   // those that are not first in all of their lanes
}

func newLanes() lanes {
	return lanes{byLane: make(map[Lane][]int64), of: make(map[int64][]Lane), held: make(map[int64]slot)}
}

// enter puts a record in its lanes, if it is not there already, and reports whether its turn has come.
func (l *lanes) enter(seq int64, due time.Time, progress *store.Progress) bool {
	if l.of[seq] == nil {
		for i := range progress.Legs {
			leg := &progress.Legs[i]
			if leg.Key == "" || leg.Outcome != nil {
				continue
			}
			lane := Lane{leg.Sink, leg.Destination, leg.Key}
			l.of[seq] = append(l.of[seq], lane)
			l.byLane[lane] = append(l.byLane[lane], seq)
		}
	}
	if l.isFirst(seq) {
		return true
	}
	l.held[seq] = slot{seq, due.UnixNano()}
	return false
}

func (l *lanes) isFirst(seq int64) bool {
	for _, lane := range l.of[seq] {
		if l.byLane[lane][0] != seq {
			return false
		}
	}
	return true
}

// leave takes a record out of its lanes and returns those whose turn has come through that.
func (l *lanes) leave(seq int64) []slot {
	mine := l.of[seq]
	delete(l.of, seq)
	var next []slot
	for _, lane := range mine {
		rest := l.byLane[lane]
		i := slices.Index(rest, seq)
		if rest = slices.Delete(rest, i, i+1); len(rest) == 0 {
			delete(l.byLane, lane)
			continue
		}
		l.byLane[lane] = rest
		if waiting, ok := l.held[rest[0]]; ok && l.isFirst(rest[0]) {
			delete(l.held, rest[0])
			next = append(next, waiting)
		}
	}
	return next
}
