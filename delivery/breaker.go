package delivery

import "time"

// BreakerState is closed, open or half-open.
type BreakerState uint8

// The breaker's states.
const (
	Closed BreakerState = iota
	Open
	HalfOpen
)

// String returns "closed", "open" or "half-open".
func (s BreakerState) String() string { panic("delivery: not built") }

// Breaker guards one destination. It belongs to one actor: its methods are not for concurrent use.
type Breaker struct{}

// NewBreaker makes a closed breaker. onChange, if not nil, is called from within Allow and Permit.Done.
func NewBreaker(name string, settings BreakerSettings, onChange func(from, to BreakerState, failed, requests int)) *Breaker {
	panic("delivery: not built")
}

// Permit is the leave to make one request. Done must be called exactly once per permit, else a probe is lost.
type Permit struct{}

// Done tells how the request went: failed counts against the breaker.
func (p Permit) Done(failed bool) { panic("delivery: not built") }

// Allow asks for leave. Without it, wait says how long to wait before it is worth asking again; 0 means until a
// probe that is under way is done.
func (b *Breaker) Allow(now time.Time) (permit Permit, ok bool, wait time.Duration) {
	panic("delivery: not built")
}

// State returns the present state.
func (b *Breaker) State(now time.Time) BreakerState { panic("delivery: not built") }

// OpenUntil is the end of the open state, or the zero time when the breaker is not open.
func (b *Breaker) OpenUntil() time.Time { panic("delivery: not built") }
