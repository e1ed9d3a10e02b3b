package source

import (
	"container/list"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
)

// route is the way to one destination of one sink, and its credit.
type route struct {
	sink        *sinkRoutes
	destination string
	pid         *actor.PID // nil while it is being asked for
	session     uint64
	used        int // records assigned to it and not answered, those that wait for credit included
	waiting     waiters
	held        waiters   // not assigned yet: see admission
	listed      bool      // in Actor.heldRoutes
	holds       bool      // counted in Actor.holding
	troubled    bool      // its breaker is not closed
	heard       time.Time // when it answered last, or got its first record after it was idle
	idleSince   time.Time
	idle        *list.Element // in sinkRoutes.idle while nothing is assigned to it
}

// sinkRoutes are the destinations of one sink that the source has dealings with.
type sinkRoutes struct {
	index  int
	sink   *pipeline.Sink
	parent *actor.PID // the supervisor of the sink's destinations
	credit int        // records that a destination takes at the same time, waiting ones included
	single *route     // the only route, when the destination is fixed
	byName map[string]*route
	idle   list.List // of *route, the longest idle first
	// homeless are the legs whose destination has no route because there are too many destinations already.
	homeless []waiter
}

// waiters are legs that wait for credit, in order.
type waiters struct {
	legs []waiter
	head int
}

type waiter struct {
	slot uint32
	seq  uint64
	leg  int
}

func (w *waiters) len() int { return len(w.legs) - w.head }

func (w *waiters) push(x waiter) { w.legs = append(w.legs, x) }

func (w *waiters) pop() waiter {
	x := w.legs[w.head]
	w.head++
	if w.head == len(w.legs) {
		w.legs, w.head = w.legs[:0], 0
	}
	return x
}

func newSinkRoutes(index int, sink *pipeline.Sink, parent *actor.PID) *sinkRoutes {
	options := &sink.Options
	writes, batch := options.InFlight, max(1, sink.Outlet.Batch)
	if most := sink.Outlet.InFlight; most > 0 {
		writes = min(writes, most)
	}
	if options.Batch != nil {
		batch = options.Batch.Records
	}
	return &sinkRoutes{
		index: index, sink: sink, parent: parent, byName: make(map[string]*route),
		credit: writes*batch + options.Queue.Records,
	}
}

// route returns the route to a destination, or nil when there is no room for another one.
func (s *sinkRoutes) route(destination string) *route {
	if s.single != nil {
		return s.single
	}
	if r, ok := s.byName[destination]; ok {
		return r
	}
	if len(s.byName) >= s.sink.Options.MaxDestinations {
		return nil
	}
	r := &route{sink: s, destination: destination}
	s.byName[destination] = r
	if s.sink.Fixed() {
		s.single = r
	}
	return r
}

// holds says whether a full destination slows the source, rather than failing what is too much for it.
func (s *sinkRoutes) holds() bool { return s.sink.Options.Queue.OnFull == pipeline.Hold }

// assign counts a record in.
func (r *route) assign(now time.Time) {
	if r.used == 0 {
		r.heard = now
	}
	r.used++
	if r.idle != nil {
		r.sink.idle.Remove(r.idle)
		r.idle = nil
	}
}

// answered counts a record out.
func (r *route) answered(now time.Time) {
	r.used--
	r.heard = now
	r.rest(now)
}

// rest makes the route one that may be let go, if there is nothing to do.
func (r *route) rest(now time.Time) {
	if r.used == 0 && r.held.len() == 0 && r.idle == nil && r.sink.single == nil {
		r.idleSince = now
		r.idle = r.sink.idle.PushBack(r)
	}
}

// sent counts the records that the destination has.
func (r *route) sent() int { return r.used - r.waiting.len() }

// admission says what becomes of a record that goes to a destination whose sink fails what is too much for it.
type admission uint8

const (
	admitted admission = iota
	heldBack           // nothing is read until it is admitted or refused
	refusedIt
)

// silence is how long a destination may give no answer before it gets no more of the window than is its share.
const silence = time.Second

// admits holds a destination to its credit, and to a share of the window: what it uses may not exceed what is left free, so
// that k destinations that do not move leave 1/(k+1) of the window to the others. One that does move is waited for.
func (r *route) admits(free int, now time.Time) admission {
	switch {
	case r.sink.holds() || r.used < min(r.sink.credit, max(1, free)):
		return admitted
	case r.used >= r.sink.credit || r.troubled || now.Sub(r.heard) >= silence:
		return refusedIt
	}
	return heldBack
}

// refusal is the outcome of a record that is too much for its destination.
func (r *route) refusal() *connector.Outcome {
	failure := &connector.Failure{
		Class: connector.Throttled, Retryable: true,
		Detail: fmt.Sprintf("%d records are on their way to this destination already", r.used),
	}
	if r.troubled {
		failure.Class = connector.BreakerOpen
	}
	return &connector.Outcome{State: connector.Failed, Sink: r.sink.sink.Name, Destination: r.destination, Failure: failure}
}

// withdrawal is the outcome of a leg that was withdrawn before it was sent.
func (r *route) withdrawal() *connector.Outcome {
	return &connector.Outcome{State: connector.Failed, Sink: r.sink.sink.Name, Destination: r.destination,
		Failure: &connector.Failure{Class: connector.Cancelled, Detail: "withdrawn"}}
}

// refusal is the outcome of a record whose destination would be one too many.
func (s *sinkRoutes) refusal(destination string) *connector.Outcome {
	return &connector.Outcome{State: connector.Failed, Sink: s.sink.Name, Destination: destination, Failure: &connector.Failure{
		Class: connector.Throttled, Retryable: true,
		Detail: fmt.Sprintf("max_destinations (%d) are open and none of them is idle", s.sink.Options.MaxDestinations),
	}}
}

// resolve asks for the actor of the destination.
func (r *route) resolve(root *actor.RootContext, self *actor.PID) {
	root.Send(r.sink.parent, &messages.Resolve{Sink: r.sink.index, Destination: r.destination, Source: self})
}

// release lets go of the destination, which must be idle.
func (s *sinkRoutes) release(r *route, root *actor.RootContext) {
	s.idle.Remove(r.idle)
	r.idle = nil
	delete(s.byName, r.destination)
	if r.pid != nil {
		root.Send(s.parent, &messages.Release{Destination: r.destination, PID: r.pid})
	}
}

// releaseIdle lets go of the destinations that were idle since before the given time and are not troubled.
func (s *sinkRoutes) releaseIdle(before time.Time, root *actor.RootContext) {
	for e := s.idle.Front(); e != nil; {
		r := e.Value.(*route)
		e = e.Next()
		if r.idleSince.After(before) {
			return
		}
		if !r.troubled {
			s.release(r, root)
		}
	}
}

// makeRoom lets go of the longest idle destination, one that is not troubled if there is one, and reports whether it could.
func (s *sinkRoutes) makeRoom(root *actor.RootContext) bool {
	if s.idle.Len() == 0 {
		return false
	}
	chosen := s.idle.Front().Value.(*route)
	for e := s.idle.Front(); e != nil; e = e.Next() {
		if r := e.Value.(*route); !r.troubled {
			chosen = r
			break
		}
	}
	s.release(chosen, root)
	return true
}
