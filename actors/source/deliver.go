package source

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
)

// letterLeg is the number of the leg to the dead letter.
const letterLeg = math.MaxInt32

func (e *entry) leg(i int) *leg {
	if i == letterLeg {
		return &e.letter
	}
	return &e.legs[i]
}

func (e *entry) ticket(i int) messages.Ticket {
	return messages.Ticket{Session: e.leg(i).session, Seq: e.seq, Slot: e.slot, Branch: uint32(i)}
}

// startLeg sends a record to a sink, lets it wait for credit there, or answers for the sink when it takes no more.
func (a *Actor) startLeg(e *entry, i int) {
	l := e.leg(i)
	s := a.sinks[l.sink]
	if a.isBlocked(e, l) {
		a.parkBehind(e, i)
		return
	}
	r := s.route(l.destination)
	if r == nil && s.makeRoom(a.root) {
		r = s.route(l.destination)
	}
	switch {
	case r != nil:
		l.route = r
		a.admit(e, i, r)
	case s.holds():
		e.open++
		s.homeless = append(s.homeless, waiter{e.slot, e.seq, i})
		a.holding++
	default:
		a.refuse(e, i, s.refusal(l.destination))
	}
}

// admit assigns a leg to its route, holds it back behind those that are held back already, or refuses it.
func (a *Actor) admit(e *entry, i int, r *route) {
	admission := heldBack
	if r.held.len() == 0 {
		admission = r.admits(a.room().Records, a.now)
	}
	switch admission {
	case admitted:
		e.open++
		a.assign(e, i, r)
	case refusedIt:
		a.refuse(e, i, r.refusal())
	default:
		e.open++
		if !r.listed {
			r.listed = true
			a.heldRoutes = append(a.heldRoutes, r)
			a.holding++
		}
		r.held.push(waiter{e.slot, e.seq, i})
	}
}

// admitHeld looks again at the legs that were held back.
func (a *Actor) admitHeld() {
	routes := a.heldRoutes
	a.heldRoutes = nil
	for _, r := range routes {
		if !a.admitAll(r) {
			a.heldRoutes = append(a.heldRoutes, r)
			continue
		}
		r.listed = false
		a.holding--
		r.rest(a.now)
	}
}

// admitAll admits or refuses the legs that are held back at a route, and reports whether none is left.
func (a *Actor) admitAll(r *route) bool {
	for r.held.len() > 0 {
		admission := r.admits(a.room().Records, a.now)
		if admission == heldBack {
			return false
		}
		w := r.held.pop()
		if e := a.flight.find(w.slot, w.seq); e != nil {
			a.admitOne(e, w.leg, r, admission)
		}
	}
	return true
}

func (a *Actor) admitOne(e *entry, i int, r *route, admission admission) {
	l := e.leg(i)
	switch {
	case l.withdrawn:
		l.outcome = r.withdrawal()
	case a.isBlocked(e, l):
		a.parkBehind(e, i)
	case admission == admitted:
		a.assign(e, i, r)
		return
	default:
		a.refuse(e, i, r.refusal())
	}
	e.open--
	a.advance(e)
}

// assign gives a leg to a route: the record is sent, or waits until the destination is resolved or has credit.
func (a *Actor) assign(e *entry, i int, r *route) {
	e.leg(i).route = r
	r.assign(a.now)
	if r.pid != nil && r.waiting.len() == 0 && r.used <= r.sink.credit {
		a.send(e, i)
		return
	}
	if r.pid == nil && r.used == 1 {
		r.resolve(a.root, a.self)
	}
	r.waiting.push(waiter{e.slot, e.seq, i})
	a.noteHolding(r)
}

// noteHolding keeps count of the routes that make the source wait.
func (a *Actor) noteHolding(r *route) {
	holds := r.pid != nil && r.waiting.len() > 0
	if holds == r.holds {
		return
	}
	r.holds = holds
	if holds {
		a.holding++
	} else {
		a.holding--
	}
}

func (a *Actor) send(e *entry, i int) {
	l := e.leg(i)
	l.sent, l.session = true, l.route.session
	deliver := &messages.Deliver{
		Ticket: e.ticket(i), ReplyTo: a.self, Record: e.record, Key: l.key, Watcher: a.watcher, Earlier: l.earlier,
	}
	if a.mayPark(e, i) {
		deliver.ParkAfter = a.Spec.Backlog.ParkAfter
	}
	if i == letterLeg {
		deliver.Record = e.deadLetter
	}
	a.root.Send(l.route.pid, deliver)
}

// onOutcome takes a sink's answer.
func (a *Actor) onOutcome(msg *messages.Outcome) {
	e := a.flight.find(msg.Slot, msg.Seq)
	if e == nil {
		return // the second answer for a record that was sent again after a restart: it is settled
	}
	l := e.leg(int(msg.Branch))
	if l.isDecided() {
		return // likewise, for one leg of it
	}
	a.answerLeg(e, int(msg.Branch), &msg.Outcome)
}

func (a *Actor) answerLeg(e *entry, i int, outcome *connector.Outcome) {
	l := e.leg(i)
	l.outcome = outcome
	e.open--
	r := l.route
	r.answered(a.now)
	a.pump(r)
	a.house(r.sink)
	if i == letterLeg {
		a.onLetter(e)
		return
	}
	a.advance(e)
}

// pump sends what waits for credit at a destination.
func (a *Actor) pump(r *route) {
	for r.pid != nil && r.waiting.len() > 0 && r.sent() < r.sink.credit {
		w := r.waiting.pop()
		e := a.flight.find(w.slot, w.seq)
		switch {
		case e == nil:
			r.answered(a.now) // given up at the drain deadline
		case e.leg(w.leg).withdrawn:
			a.answerLeg(e, w.leg, r.withdrawal())
		case a.isBlocked(e, e.leg(w.leg)):
			a.parkWaiting(e, w.leg)
		default:
			a.send(e, w.leg)
		}
	}
	a.noteHolding(r)
}

// house gives homeless records a route when there is room for another destination.
func (a *Actor) house(s *sinkRoutes) {
	for len(s.homeless) > 0 {
		w := s.homeless[0]
		e := a.flight.find(w.slot, w.seq)
		if e != nil {
			r := s.route(e.leg(w.leg).destination)
			if r == nil && s.makeRoom(a.root) {
				r = s.route(e.leg(w.leg).destination)
			}
			if r == nil {
				return
			}
			s.homeless = s.homeless[1:]
			a.holding--
			a.moveIn(e, w.leg, r)
			continue
		}
		s.homeless = s.homeless[1:]
		a.holding--
	}
}

// moveIn gives a leg the route that it has waited for, unless it is to wait for another record with its key by now.
func (a *Actor) moveIn(e *entry, i int, r *route) {
	if a.isBlocked(e, e.leg(i)) {
		a.parkBehind(e, i)
		e.open--
		a.advance(e)
		return
	}
	a.assign(e, i, r)
}

// onResolved connects to a destination's actor: the first time, or again after it lost its memory.
func (a *Actor) onResolved(msg *messages.Resolved) {
	r, ok := a.sinks[msg.Sink].byName[msg.Destination]
	if !ok {
		return // released in the meantime
	}
	if msg.Restarted && !msg.PID.Equal(r.pid) {
		return // said before that actor was released; the answer to the question for another one is on its way
	}
	if msg.Err != nil {
		a.refuseAll(r, msg.Err)
		return
	}
	if r.pid != nil && r.pid.Equal(msg.PID) && !msg.Restarted {
		return // the second answer to a question asked twice
	}
	r.pid, r.troubled = msg.PID, false
	a.connect(r)
}

// connect opens a new session with a destination and sends again what it had not answered.
func (a *Actor) connect(r *route) {
	first := r.session == 0
	a.session++
	r.session = a.session
	a.root.Send(r.pid, &messages.Connect{Source: a.self, Session: r.session})
	if first { // nothing was sent yet
		a.pump(r)
		return
	}
	a.flight.all(func(e *entry) {
		for i := range e.legs[:e.next] {
			a.sendAgain(e, i, r)
		}
		if e.dead {
			a.sendAgain(e, letterLeg, r)
		}
	})
	a.pump(r)
}

func (a *Actor) sendAgain(e *entry, i int, r *route) {
	l := e.leg(i)
	switch {
	case l.route != r || !l.sent || l.outcome != nil || l.parked != nil:
	case a.isBlocked(e, l):
		a.parkWaiting(e, i)
	default:
		a.send(e, i)
	}
}

// refuseAll answers for a destination that cannot be made.
func (a *Actor) refuseAll(r *route, err error) {
	for r.waiting.len() > 0 {
		w := r.waiting.pop()
		if e := a.flight.find(w.slot, w.seq); e != nil {
			outcome := failed(connector.Invalid, err.Error())
			outcome.Sink, outcome.Destination = r.sink.sink.Name, r.destination
			a.answerLeg(e, w.leg, outcome)
		} else {
			r.answered(a.now)
		}
	}
	a.noteHolding(r)
	if r.idle != nil {
		r.sink.release(r, a.root)
	}
}

func (a *Actor) onHealth(msg *messages.Health) {
	if r, ok := a.sinks[msg.Sink].byName[msg.Destination]; ok && r.pid != nil && r.pid.Equal(msg.PID) {
		r.troubled = msg.Troubled
	}
}

// reconnectAll follows a panic of this actor: what it has sent may be lost, or answered unheard.
func (a *Actor) reconnectAll() {
	for _, s := range a.sinks {
		for _, r := range s.byName {
			if r.pid != nil {
				a.connect(r)
			} else {
				r.resolve(a.root, a.self)
			}
		}
	}
}

// retryLetters sends again the dead letters that were refused: until they are written, their records are not settled.
func (a *Actor) retryLetters() {
	late := a.late
	a.late = nil
	for _, w := range late {
		if e := a.flight.find(w.slot, w.seq); e != nil {
			a.startLetter(e)
		}
	}
}

// onLetter settles a failed record whose dead letter is written.
func (a *Actor) onLetter(e *entry) {
	if e.letter.outcome.State == connector.Delivered {
		outcome := *e.outcome
		outcome.DeadLettered = true
		a.lettersFail = false
		a.settle(e, &outcome)
		return
	}
	if !a.lettersFail {
		a.Log.Error(fmt.Sprintf("pipeline %s cannot write a dead letter; records stay in flight until it can", a.Spec.Name),
			slog.String("record", string(e.record.ID)), slog.String("cause", e.letter.outcome.Failure.Detail))
	}
	a.lettersFail = true
	a.late = append(a.late, waiter{e.slot, e.seq, letterLeg})
	a.housekeep = alarmAfter(a.housekeep, a.now, housekeepEvery)
}

func alarmAfter(at, now time.Time, wait time.Duration) time.Time {
	if at.Before(now) {
		return now.Add(wait)
	}
	return at
}
