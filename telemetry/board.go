package telemetry

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/connector"
)

// Board is the live view of one pipeline: what its actors count, readable at any time by anyone. The
// actors write, everybody else only reads.
type Board struct {
	Read, Delivered, Failed, Filtered atomic.Int64 // records since the start
	Parked                            atomic.Int64 // how often a record left the window until a later attempt
	InFlight                          atomic.Int64 // read and not yet settled

	mu           sync.Mutex
	destinations map[*Destination]struct{}
	failures     []Failure
}

// Failure names a failed record.
type Failure struct {
	Record  connector.RecordID
	Outcome *connector.Outcome
}

// maxFailures bounds the failures that a board keeps; the count goes on in Board.Failed.
const maxFailures = 100

// NewBoard returns an empty board.
func NewBoard() *Board { return &Board{destinations: make(map[*Destination]struct{})} }

// Destination is the live view of one destination of one sink.
type Destination struct {
	Sink, Name string

	Delivered, Failed, Attempts atomic.Int64 // since the destination was opened
	Waiting, Writing            atomic.Int64
	// LastFailure is that of the last attempt, or opening, that failed; nil when none has.
	LastFailure atomic.Pointer[connector.Failure]
	state       atomic.Pointer[DestinationState]
}

// DestinationState is what a destination's actor is doing.
type DestinationState struct {
	State     string    // opening, delivering, holding, draining
	Breaker   string    // closed, open, half-open
	OpenUntil time.Time // zero unless the breaker is open
}

// Set replaces the state.
func (d *Destination) Set(state DestinationState) { d.state.Store(&state) }

// State returns the state last set.
func (d *Destination) State() DestinationState {
	if state := d.state.Load(); state != nil {
		return *state
	}
	return DestinationState{}
}

// Enter puts a destination on the board.
func (b *Board) Enter(sink, name string) *Destination {
	d := &Destination{Sink: sink, Name: name}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.destinations[d] = struct{}{}
	return d
}

// Leave takes a destination off the board.
func (b *Board) Leave(d *Destination) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.destinations, d)
}

// Destinations lists the destinations by sink and name.
func (b *Board) Destinations() []*Destination {
	b.mu.Lock()
	list := make([]*Destination, 0, len(b.destinations))
	for d := range b.destinations {
		list = append(list, d)
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y *Destination) int {
		return cmp.Or(cmp.Compare(x.Sink, y.Sink), cmp.Compare(x.Name, y.Name))
	})
	return list
}

// Settled counts an outcome and remembers the first failures.
func (b *Board) Settled(record connector.RecordID, outcome *connector.Outcome) {
	switch outcome.State {
	case connector.Delivered:
		b.Delivered.Add(1)
	case connector.Filtered:
		b.Filtered.Add(1)
	case connector.Failed:
		b.Failed.Add(1)
		b.remember(Failure{Record: record, Outcome: outcome})
	}
}

func (b *Board) remember(failure Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.failures) < maxFailures {
		b.failures = append(b.failures, failure)
	}
}

// Failures returns the first failed records, at most 100.
func (b *Board) Failures() []Failure {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.failures)
}
