package sink

import (
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/alarm"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/telemetry"
)

// schedule sets the alarm to the next thing that is due by itself.
func (a *Actor) schedule() {
	if a.ended {
		return
	}
	next := a.blocked
	if len(a.retries) > 0 {
		next = alarm.Earlier(next, a.retries[0].due)
	}
	if len(a.writing) > 0 || a.workers.idle > 0 || a.waiting() > 0 {
		if a.nextSweep.IsZero() {
			a.nextSweep = a.now.Add(sweepEvery)
		}
		next = alarm.Earlier(next, a.nextSweep)
	}
	if !next.IsZero() {
		a.alarm.Set(next, a.now)
	}
}

// onRang takes up the retries that are due and sweeps.
func (a *Actor) onRang(msg *rang) {
	if msg.incarnation != a.incarnation {
		return // an alarm of an actor that has panicked since
	}
	a.alarm.Rang()
	for j := a.retries.popDue(a.now); j != nil; j = a.retries.popDue(a.now) {
		a.pushReady(j)
	}
	if !a.nextSweep.IsZero() && !a.now.Before(a.nextSweep) {
		a.sweep()
		if a.waiting() == 0 && len(a.writing) == 0 {
			a.nextSweep = time.Time{}
		}
	}
}

func (a *Actor) know(source *actor.PID) {
	if !slices.ContainsFunc(a.sources, source.Equal) {
		a.sources = append(a.sources, source)
	}
	if a.breaker.State(a.now) != delivery.Closed {
		a.root.Send(source, a.health())
	}
}

func (a *Actor) health() *messages.Health {
	return &messages.Health{
		Sink: a.Index, Destination: a.where.Destination, PID: a.self, Troubled: a.breaker.State(a.now) != delivery.Closed,
	}
}

// breakerChanged is called by the breaker, from within Allow and Done.
func (a *Actor) breakerChanged(from, to delivery.BreakerState, failed, requests int) {
	a.Metrics.Breaker(from.String(), to.String())
	switch to {
	case delivery.Open:
		a.becomeHolding()
		a.breakerOpened(failed, requests)
	case delivery.Closed:
		a.becomeDelivering()
		a.Log.Info(fmt.Sprintf("sink %s/%s %s breaker closed, %d waiting", a.Pipeline, a.Sink.Name, a.where.Destination, a.waiting()))
		a.tell(&messages.Resumed{Where: a.where, Waiting: a.waiting(), At: a.now})
	default:
		a.show("holding")
		return
	}
	for _, source := range a.sources {
		a.root.Send(source, &messages.Health{
			Sink: a.Index, Destination: a.where.Destination, PID: a.self, Troubled: to == delivery.Open,
		})
	}
}

func (a *Actor) breakerOpened(failed, requests int) {
	until := a.breaker.OpenUntil()
	a.Log.Warn(fmt.Sprintf("sink %s/%s %s breaker open (%d/%d %s), %d waiting, next probe %s",
		a.Pipeline, a.Sink.Name, a.where.Destination, failed, requests, a.lastClass, a.waiting(),
		until.Sub(a.now).Round(time.Millisecond)))
	a.tell(&messages.BreakerOpened{
		Where: a.where, Failed: failed, Requests: requests, Class: a.lastClass, Waiting: a.waiting(), At: a.now, Until: until,
	})
}

func (a *Actor) tell(status messages.Status) {
	if a.Events != nil {
		a.root.Send(a.Events, status)
	}
}

func (a *Actor) tellAttempt(j *job) {
	if j.deliver.Watcher != nil {
		a.root.Send(j.deliver.Watcher, &messages.AttemptStarted{
			Where: a.where, Record: j.deliver.Record.ID, N: j.progress.Attempts, At: a.now})
	}
}

func (a *Actor) tellFailed(j *job, failure *connector.Failure, next time.Time) {
	if j.deliver.Watcher != nil {
		a.root.Send(j.deliver.Watcher, &messages.AttemptFailed{
			Where: a.where, Record: j.deliver.Record.ID, N: j.progress.Attempts, Failure: *failure, At: a.now, Next: next})
	}
}

// noteFailure remembers the failure for those who look at the destination.
func (a *Actor) noteFailure(failure *connector.Failure) {
	a.lastClass = failure.Class
	a.row.LastFailure.Store(failure)
}

func (a *Actor) enterBoard() {
	a.row = a.Board.Enter(a.where.Sink, a.where.Destination)
	a.Metrics.Breaker("", delivery.Closed.String())
	a.show("opening")
}

func (a *Actor) leaveBoard() {
	if a.left {
		return
	}
	a.left = true
	a.Board.Leave(a.row)
	a.Metrics.Breaker(a.breaker.State(a.now).String(), "")
	n := a.waiting()
	a.Metrics.Waiting(-n)
	for _, w := range a.writing {
		a.Metrics.Writing(-len(w.jobs))
	}
}

// show puts the state on the board.
func (a *Actor) show(state string) {
	a.row.Set(telemetry.DestinationState{
		State: state, Breaker: a.breaker.State(a.now).String(), OpenUntil: a.breaker.OpenUntil(),
	})
}
