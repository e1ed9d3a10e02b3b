package source

import (
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
)

// advance sends a record on to the sinks whose turn has come, and concludes it when enough of them have answered, or parks
// it when those that have not are to be tried much later.
func (a *Actor) advance(e *entry) {
	mode := a.Spec.FanOut
	for e.next < len(e.legs) && mayStart(mode, e) {
		e.next++
		if e.legs[e.next-1].outcome == nil { // else it was decided before the record was parked
			a.startLeg(e, e.next-1)
		}
	}
	if mode == pipeline.Any && e.open > 0 && e.delivered() {
		a.withdrawRest(e)
	}
	switch {
	case e.open > 0:
	case e.hasParked() && (mode == pipeline.All || !e.delivered()):
		a.park(e)
	case e.next == len(e.legs) || mode == pipeline.First && e.delivered():
		a.conclude(e, aggregate(mode, a.decided(e)))
	}
}

// mayStart says whether the next leg is sent now: with First only once the one before has failed.
func mayStart(mode pipeline.FanOut, e *entry) bool {
	return mode != pipeline.First || e.open == 0 && !e.delivered() && !e.hasParked()
}

func (e *entry) hasParked() bool {
	for i := range e.legs[:e.next] {
		if e.legs[i].parked != nil {
			return true
		}
	}
	return false
}

// decided returns the legs that were started, all with an outcome: a parked one of a record that another sink has delivered
// is withdrawn.
func (a *Actor) decided(e *entry) []leg {
	legs := e.legs[:e.next]
	for i := range legs {
		if l := &legs[i]; l.outcome == nil {
			l.outcome = &connector.Outcome{State: connector.Failed, Sink: a.sinks[l.sink].sink.Name, Destination: l.destination,
				Failure: &connector.Failure{Class: connector.Cancelled, Detail: "withdrawn"}}
		}
	}
	return legs
}

func (e *entry) delivered() bool {
	for i := range e.legs[:e.next] {
		if o := e.legs[i].outcome; o != nil && o.State == connector.Delivered {
			return true
		}
	}
	return false
}

// withdrawRest asks back what the other sinks have of a record that one has delivered.
func (a *Actor) withdrawRest(e *entry) {
	for i := range e.legs[:e.next] {
		l := &e.legs[i]
		if l.outcome != nil || l.parked != nil || l.withdrawn {
			continue
		}
		l.withdrawn = true
		if l.sent {
			a.root.Send(l.route.pid, &messages.Withdraw{Ticket: e.ticket(i)})
		} // else it waits for credit, and is answered when its turn comes
	}
}

// aggregate makes one outcome of those of the legs. A record that went to one sink has that sink's.
func aggregate(mode pipeline.FanOut, legs []leg) *connector.Outcome {
	if len(legs) == 1 {
		return legs[0].outcome
	}
	var delivered, failed *connector.Outcome
	all := &connector.Outcome{Branches: make([]connector.Outcome, len(legs))}
	for i := range legs {
		o := legs[i].outcome
		all.Branches[i] = *o
		all.Attempts += o.Attempts
		if !o.First.IsZero() && (all.First.IsZero() || o.First.Before(all.First)) {
			all.First = o.First
		}
		if o.Last.After(all.Last) {
			all.Last = o.Last
		}
		switch {
		case o.State == connector.Delivered && delivered == nil:
			delivered = o
		case o.State == connector.Failed && (failed == nil || mode != pipeline.All):
			failed = o
		}
	}
	decides := delivered
	if delivered == nil || mode == pipeline.All || mode == "" {
		if failed != nil {
			decides = failed
		}
	}
	all.State, all.Sink, all.Destination = decides.State, decides.Sink, decides.Destination
	all.Response, all.Failure = decides.Response, decides.Failure
	return all
}
