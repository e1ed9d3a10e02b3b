package source

import (
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

// laneKey names the records that a destination gets in order.
type laneKey struct {
	sink        int
	destination string
	key         string
}

// blockers are the parked records that hold back the later ones of a lane.
type blockers struct {
	n     int
	first uint64 // the number of the one that was read first; 0: it was parked in an earlier life
}

func (l *leg) lane() laneKey { return laneKey{l.sink, l.destination, l.key} }

// mayPark says whether a leg may be parked: there is a store, with room, and the leg is not the one to the dead letter.
func (a *Actor) mayPark(e *entry, i int) bool {
	if a.Store == nil || i == letterLeg {
		return false
	}
	if e.kept != nil {
		return true // it has its place there already
	}
	records, bytes := a.Feed.Kept()
	return records < a.Spec.Backlog.Records && bytes < int64(a.Spec.Backlog.Bytes)
}

// onParked takes a record back from a sink until its next attempt.
func (a *Actor) onParked(msg *messages.Parked) {
	e := a.flight.find(msg.Slot, msg.Seq)
	if e == nil || e.leg(int(msg.Branch)).isDecided() { // as in onOutcome
		if msg.Key != "" { // the destination still holds the key back
			a.root.Send(msg.From, &messages.Unpark{Key: msg.Key})
		}
		return
	}
	l := e.leg(int(msg.Branch))
	if l.key != "" && !a.isBlocked(e, l) {
		a.root.Send(l.route.pid, &messages.Unpark{Key: l.key})
	}
	l.parked = msg
	e.open--
	r := l.route
	r.answered(a.now)
	a.block(e, l)
	a.pump(r)
	a.house(r.sink)
	a.advance(e)
}

// isBlocked says whether an earlier record with the same key is parked. The one that goes first is not.
func (a *Actor) isBlocked(e *entry, l *leg) bool {
	if len(a.parkedKeys) == 0 || l.key == "" || l.head {
		return false
	}
	parked := a.parkedKeys[l.lane()]
	return parked.n > 0 && parked.first < e.seq
}

// block holds later records with the key of a leg back, until the one that is parked is settled. One that is parked again
// does so already.
func (a *Actor) block(e *entry, l *leg) {
	if l.key == "" || l.head || l.blocks {
		return
	}
	if a.parkedKeys == nil {
		a.parkedKeys = make(map[laneKey]blockers)
	}
	l.blocks = true
	parked := a.parkedKeys[l.lane()]
	if parked.n == 0 || e.seq < parked.first {
		parked.first = e.seq
	}
	parked.n++
	a.parkedKeys[l.lane()] = parked
}

// unblock lets go of the keys that a record, which is settled now, has held back: as one of the backlog, or on its way there.
func (a *Actor) unblock(e *entry) {
	if e.kept != nil {
		for _, lane := range a.Feed.LanesOf(e.kept.Seq) {
			a.unblockKey(laneKey{a.sinkIndex(lane.Sink), lane.Destination, lane.Key})
		}
	}
	a.unblockLegs(e)
}

func (a *Actor) unblockLegs(e *entry) {
	for i := range e.legs {
		if l := &e.legs[i]; l.blocks {
			l.blocks = false
			a.unblockKey(l.lane())
		}
	}
}

func (a *Actor) unblockKey(k laneKey) {
	if parked := a.parkedKeys[k]; parked.n > 1 {
		parked.n--
		a.parkedKeys[k] = parked
	} else {
		delete(a.parkedKeys, k)
	}
}

// handLanesOver leaves it to the feed to know which keys a record holds back: it takes every leg that is not decided, when a record is parked for the first time.
func (a *Actor) handLanesOver(e *entry) {
	if e.kept != nil && len(a.Feed.LanesOf(e.kept.Seq)) > 0 {
		a.unblockLegs(e) // it has them already
		return
	}
	for i := range e.legs {
		if l := &e.legs[i]; l.outcome == nil {
			a.block(e, l)
		}
	}
}

// blockAll holds back the keys of what was parked in an earlier life.
func (a *Actor) blockAll() {
	for lane, n := range a.Feed.Lanes() {
		if sink := a.sinkIndex(lane.Sink); sink >= 0 {
			if a.parkedKeys == nil {
				a.parkedKeys = make(map[laneKey]blockers)
			}
			a.parkedKeys[laneKey{sink, lane.Destination, lane.Key}] = blockers{n: n}
		}
	}
}

// parkBehind parks a leg that was not started behind the one with the same key. It does so also when the backlog is full: the
// window cannot hold the leg without holding up the one that it waits for. The feed reads nothing new meanwhile.
func (a *Actor) parkBehind(e *entry, i int) {
	l := e.leg(i)
	l.parked = &messages.Parked{Due: a.now}
	if l.earlier != nil {
		l.parked.Progress = *l.earlier
	}
	a.block(e, l)
}

// parkWaiting does so for one that waits for credit.
func (a *Actor) parkWaiting(e *entry, i int) {
	a.parkBehind(e, i)
	e.open--
	e.leg(i).route.answered(a.now)
	a.advance(e)
}

// refuse is for a leg that its destination has no room for: it is parked, where the sink wants that and it can be, or fails.
func (a *Actor) refuse(e *entry, i int, outcome *connector.Outcome) {
	l := e.leg(i)
	if a.sinks[l.sink].sink.Options.Queue.OnFull != pipeline.Park || !a.mayPark(e, i) {
		l.outcome = outcome
		return
	}
	l.parked = &messages.Parked{Due: a.now.Add(a.waitForRoom(e))}
	if l.earlier != nil {
		l.parked.Progress = *l.earlier
	}
	a.block(e, l)
}

// waitForRoom is how long a record is parked that found no room: the longer, the longer it has been so.
func (a *Actor) waitForRoom(e *entry) time.Duration {
	if e.kept == nil {
		return roomWait
	}
	return max(roomWait, min(a.now.Sub(e.kept.Since), maxRoomWait))
}

const (
	roomWait    = time.Second
	maxRoomWait = time.Minute
)

// park puts a record in the backlog, as far as it has come, and takes it out of flight. Its source hears that it is accepted.
func (a *Actor) park(e *entry) {
	kept := &store.Entry{Pipeline: string(a.Spec.Name), Record: e.original, Origin: store.Parked, Since: a.now}
	if e.kept != nil {
		before := *e.kept
		kept = &before
	}
	kept.Progress, kept.Due = a.progress(e)
	change := a.unsaid.keep()
	if e.kept != nil {
		change.Update = append(change.Update, kept)
	} else {
		change.Add = append(change.Add, kept)
		a.unsaid.outcomes = append(a.unsaid.outcomes, connector.Settled{Record: e.original, Outcome: accepted()})
		if !e.original.Position.IsZero() {
			a.ledger.settle(e.original.Position, e.mark)
			a.setCheckpoint()
		}
	}
	a.handLanesOver(e)
	a.Board.Parked.Add(1)
	a.Metrics.Parked()
	a.leave(e)
}

func accepted() *connector.Outcome { return &connector.Outcome{State: connector.Accepted} }

// progress returns how far a record has come with each of its sinks, and when its next attempt is due.
func (a *Actor) progress(e *entry) (store.Progress, time.Time) {
	var due time.Time
	legs := make([]store.Leg, len(e.legs))
	for i := range e.legs {
		l := &e.legs[i]
		legs[i] = store.Leg{Sink: a.sinkName(l), Destination: l.destination, Key: l.key, Outcome: l.outcome}
		if p := l.parked; p != nil {
			legs[i].Attempts, legs[i].First, legs[i].Last, legs[i].Failure, legs[i].Trail = p.Attempts, p.First, p.Last, p.Failure, p.Trail
			if p.Due.After(due) {
				due = p.Due
			}
		}
	}
	return store.Progress{Legs: legs}, due
}

func (a *Actor) sinkName(l *leg) string {
	if l.outcome != nil && l.outcome.Sink != "" {
		return l.outcome.Sink
	}
	return a.sinks[l.sink].sink.Name
}

// takeUp goes on with a record of the backlog where it was parked: it goes to the sinks that have not decided. Where it goes
// there was found anew; a sink that its when does not take any more gets it all the same, as it did before.
func (a *Actor) takeUp(e *entry) {
	fresh := e.legs
	legs := make([]leg, 0, len(e.kept.Progress.Legs))
	for i := range e.kept.Progress.Legs {
		p := &e.kept.Progress.Legs[i]
		l := leg{address: address{sink: a.sinkIndex(p.Sink), destination: p.Destination, key: p.Key}, outcome: p.Outcome}
		for _, f := range fresh {
			if f.sink == l.sink {
				l.address = f.address
			}
		}
		switch {
		case l.outcome != nil:
		case l.sink < 0:
			l.outcome = failed(connector.Invalid, "there is no sink of that name any more")
			l.outcome.Sink, l.outcome.Attempts = p.Sink, p.Attempts
		case p.Attempts > 0:
			l.earlier = &messages.Progress{Attempts: p.Attempts, First: p.First, Last: p.Last, Failure: p.Failure, Trail: p.Trail}
		}
		l.head = p.Key != "" && l.outcome == nil // the backlog hands over one after the other
		l.sink = max(l.sink, 0)
		legs = append(legs, l)
	}
	e.legs = legs
}

func (a *Actor) sinkIndex(name string) int {
	for i := range a.Spec.Sinks {
		if a.Spec.Sinks[i].Name == name {
			return i
		}
	}
	return -1
}
