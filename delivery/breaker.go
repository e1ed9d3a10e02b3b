package delivery

import (
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// BreakerState is closed, open or half-open.
type BreakerState uint8

// The breaker's states.
const (
	Closed   BreakerState = iota // requests pass
	Open                         // nothing passes
	HalfOpen                     // probes pass, and decide
)

// String returns "closed", "open" or "half-open".
func (s BreakerState) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	}
	return fmt.Sprintf("BreakerState(%d)", uint8(s))
}

// Breaker guards one destination. It belongs to one actor: its methods, and those of its permits, are not for
// concurrent use.
//
//	closed ---- a request fails, and enough of the last ones did --> open
//	open ------ open_for has passed, and someone asks -------------> half-open
//	half-open - all probes succeed ---> closed
//	half-open - one probe fails ------> open
//
// gobreaker keeps the state; the requests that a closed breaker remembers are counted here, because gobreaker
// files a request under the time at which it began, and so would never count a timeout longer than its window.
type Breaker struct {
	gate     *gobreaker.TwoStepCircuitBreaker[struct{}] // nil: there is no breaker
	settings BreakerSettings
	onChange func(from, to BreakerState, failed, requests int)

	state      BreakerState
	generation uint64    // counts changes of state; requests of an earlier one are not counted
	openUntil  time.Time // zero unless open
	ended      window    // what ended in this generation; half-open: without forgetting
	pending    *change   // a change of state that onChange has not heard of yet
	free       []*slot   // permits that are through, for use again
}

// change is a change of state, with what was counted before it.
type change struct {
	from, to BreakerState
	counted  tally
}

// The words that gobreaker gets for how a request went; nil is success.
var (
	errFailed    = errors.New("failed")
	errWithdrawn = errors.New("withdrawn")
)

// NewBreaker makes a closed breaker. onChange, if not nil, is called from within Allow and the methods of
// Permit, once for each change of state, after it. failed and requests are what was counted at the change:
// those in the window when it opens, those of the probes when it leaves half-open, else 0.
func NewBreaker(name string, settings BreakerSettings, onChange func(from, to BreakerState, failed, requests int)) *Breaker {
	if !settings.Enabled {
		return &Breaker{}
	}
	settings = settings.withDefaults()
	b := &Breaker{settings: settings, onChange: onChange, ended: newWindow(settings.Window)}
	b.ended.reset(time.Now())
	b.gate = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          name,
		MaxRequests:   uint32(settings.Probes),
		Timeout:       settings.OpenFor,
		ReadyToTrip:   func(gobreaker.Counts) bool { return b.enough() },
		OnStateChange: func(_ string, _, to gobreaker.State) { b.changed(to) },
		IsExcluded:    func(err error) bool { return err == errWithdrawn },
	})
	return b
}

// enough reports whether what ended lately is reason to open.
func (b *Breaker) enough() bool {
	total := b.ended.total
	return int(total.ended) >= b.settings.MinRequests &&
		float64(total.failed) >= b.settings.FailureRatio*float64(total.ended)
}

// changed is called by gobreaker with its mutex held, so onChange must wait for announce.
func (b *Breaker) changed(state gobreaker.State) {
	now := time.Now()
	to, until := Closed, time.Time{}
	switch state {
	case gobreaker.StateOpen:
		to, until = Open, now.Add(b.settings.OpenFor)
	case gobreaker.StateHalfOpen:
		to = HalfOpen
	}
	b.pending = &change{from: b.state, to: to, counted: b.ended.total}
	b.state, b.openUntil = to, until
	b.generation++
	b.ended.reset(now)
}

func (b *Breaker) announce() {
	c := b.pending
	if c == nil {
		return
	}
	b.pending = nil
	if b.onChange != nil {
		b.onChange(c.from, c.to, int(c.counted.failed), int(c.counted.ended))
	}
}

// Allow asks for leave. Without it, wait says how long to wait before it is worth asking again; 0 means until a
// probe that is under way is done.
func (b *Breaker) Allow(now time.Time) (permit Permit, ok bool, wait time.Duration) {
	if b.gate == nil {
		return Permit{}, true, 0
	}
	done, err := b.gate.Allow()
	b.announce()
	if err == nil {
		return b.permit(done), true, 0
	}
	if b.state == Open {
		// gobreaker is still open at the very end of its timeout: one more nanosecond.
		return Permit{}, false, max(b.openUntil.Sub(now), 0) + 1
	}
	return Permit{}, false, 0
}

// State returns the state at now. It changes nothing: a breaker whose open time has passed is half-open
// here, though onChange hears of it only when Allow lets the first probe through.
func (b *Breaker) State(now time.Time) BreakerState {
	if b.state == Open && now.After(b.openUntil) {
		return HalfOpen
	}
	return b.state
}

// OpenUntil is the end of the open state, or the zero time when the breaker is not open. It may lie in the
// past when nobody has asked for leave since.
func (b *Breaker) OpenUntil() time.Time { return b.openUntil }

// count remembers how a request of this generation ended.
func (b *Breaker) count(failed bool) {
	if b.state == Closed {
		b.ended.add(time.Now(), failed)
	} else {
		b.ended.total.add(failed)
	}
}
