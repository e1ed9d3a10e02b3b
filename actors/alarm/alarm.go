// Package alarm is the one timer that an actor has.
package alarm

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Alarm sends a message to an actor when its time has come. It belongs to that actor; its methods are
// called from Receive alone. The zero Alarm must be given its message with Wire first.
type Alarm struct {
	timer *time.Timer
	at    time.Time // zero when it is not set
	ring  func()
}

// Wire says which message goes to whom when the alarm rings.
func (a *Alarm) Wire(root *actor.RootContext, to *actor.PID, message any) {
	a.ring = func() { root.Send(to, message) }
}

// Set lets the alarm ring at the given time, unless it rings earlier anyway.
func (a *Alarm) Set(at, now time.Time) {
	if !a.at.IsZero() && !at.Before(a.at) {
		return
	}
	a.at = at
	wait := max(0, at.Sub(now))
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, a.ring)
		return
	}
	a.timer.Reset(wait)
}

// Rang must be called when the message has come, so that the alarm can be set again. An alarm that was set to an earlier
// time while its message was on the way rings twice; that does no harm.
func (a *Alarm) Rang() { a.at = time.Time{} }

// Stop keeps the alarm from ringing; a message that is on its way still comes.
func (a *Alarm) Stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
	a.at = time.Time{}
}

// Earlier returns the earlier of two instants, where a zero one does not count.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
