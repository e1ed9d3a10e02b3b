package sink

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
)

// onWritten judges each attempt of a write that returned.
func (a *Actor) onWritten(w *write) {
	if w.incarnation != a.incarnation {
		return // written for an actor that has panicked since: the source has sent these records again
	}
	a.workers.idle++
	a.freeSlot(w)
	if !w.abandoned {
		a.judge(w)
	}
	w.reset()
	w.done.write = w
	a.spare = append(a.spare, w)
}

// judge settles, or puts by for another attempt, each record of a write.
func (a *Actor) judge(w *write) {
	a.Metrics.Writing(-len(w.jobs))
	a.row.Writing.Add(-int64(len(w.jobs)))
	verdict := verdict{inconclusive: true, trips: true}
	for i, j := range w.jobs {
		a.judgeOne(j, w.result(i), w.took, &verdict)
	}
	verdict.end(w.permit)
}

// verdict is what a write tells of the destination: it counts against it only when every record of it does.
type verdict struct{ inconclusive, trips bool }

func (v *verdict) end(permit delivery.Permit) {
	if v.inconclusive {
		permit.Withdraw()
	} else {
		permit.Done(v.trips)
	}
}

func (a *Actor) judgeOne(j *job, result connector.Result, took time.Duration, v *verdict) {
	a.row.Attempts.Add(1)
	if result.Err == nil {
		*v = verdict{}
		a.Metrics.Attempt(0, took)
		a.deliver(j, result.Response)
		return
	}
	decision := a.Policy.Failed(&j.progress, result.Err, a.now)
	v.inconclusive = v.inconclusive && decision.Inconclusive
	v.trips = v.trips && decision.Trips
	a.Metrics.Attempt(decision.Failure.Class, took)
	a.noteFailure(decision.Failure)
	if decision.Hold > 0 {
		a.hold(decision.Hold)
	}
	if _, lost := errors.AsType[*connector.NotConnectedError](result.Err); lost {
		a.reopen = true
	}
	switch {
	case j.forgotten:
		a.release(j)
	case decision.Retry && !j.withdrawn:
		a.retry(j, decision)
	default:
		a.tellFailed(j, decision.Failure, time.Time{})
		a.finish(j, a.failedWith(&j.progress, decision.Failure, result.Response))
	}
}

func (a *Actor) deliver(j *job, response *connector.Response) {
	if j.forgotten {
		a.release(j)
		return
	}
	a.finish(j, connector.Outcome{
		State: connector.Delivered, Sink: a.where.Sink, Destination: a.where.Destination,
		Attempts: j.progress.Attempts, First: j.progress.First, Last: j.progress.Last, Response: response, Trail: j.progress.Trail(),
	})
}

// retry puts a record by until its next attempt, during which it keeps its lane, or gives it back to its source when that is
// far away.
func (a *Actor) retry(j *job, decision delivery.Decision) {
	j.due = a.now.Add(decision.After)
	if after := j.deliver.ParkAfter; after > 0 && decision.After >= after {
		a.tellFailed(j, decision.Failure, j.due)
		a.park(j)
		return
	}
	a.retries.add(j)
	a.Metrics.Waiting(1)
	a.row.Waiting.Add(1)
	a.tellFailed(j, decision.Failure, j.due)
}

// park gives a record back until its next attempt, and with it those that wait behind it.
func (a *Actor) park(j *job) {
	behind, due := a.lanes.park(j), j.due
	a.answerParked(j, due)
	for _, next := range behind {
		a.Metrics.Waiting(-1)
		a.row.Waiting.Add(-1)
		a.answerParked(next, due)
	}
}

func (a *Actor) answerParked(j *job, due time.Time) {
	if !j.forgotten {
		p := &j.progress
		a.root.Send(j.deliver.ReplyTo, &messages.Parked{Ticket: j.deliver.Ticket, Due: due, From: a.self, Key: j.deliver.Key, Progress: messages.Progress{
			Attempts: p.Attempts, First: p.First, Last: p.Last, Failure: p.LastFailure, Trail: p.Trail()}})
	}
	a.release(j)
}

// fail gives up a record that is not in any queue any more.
func (a *Actor) fail(j *job, failure *connector.Failure) {
	a.finish(j, a.failed(&j.progress, failure))
}

// finish gives the one answer to a Deliver.
func (a *Actor) finish(j *job, outcome connector.Outcome) {
	a.root.Send(j.deliver.ReplyTo, &messages.Outcome{Ticket: j.deliver.Ticket, Outcome: outcome})
	var class connector.Class
	if outcome.State == connector.Failed {
		class = outcome.Failure.Class
		a.row.Failed.Add(1)
	} else {
		a.row.Delivered.Add(1)
	}
	a.Metrics.Outcome(outcome.State, class)
	a.release(j)
}

func (a *Actor) failed(progress *delivery.Progress, failure *connector.Failure) connector.Outcome {
	return a.failedWith(progress, failure, nil)
}

func (a *Actor) failedWith(progress *delivery.Progress, failure *connector.Failure, response *connector.Response) connector.Outcome {
	return connector.Outcome{
		State: connector.Failed, Sink: a.where.Sink, Destination: a.where.Destination,
		Attempts: progress.Attempts, First: progress.First, Last: progress.Last, Failure: failure, Response: response, Trail: progress.Trail(),
	}
}

// answer sends an outcome for a Deliver that never became a job.
func answer(ctx actor.Context, deliver *messages.Deliver, outcome connector.Outcome) {
	ctx.Send(deliver.ReplyTo, &messages.Outcome{Ticket: deliver.Ticket, Outcome: outcome})
}

func panicFailure(reason any) *connector.Failure {
	return &connector.Failure{Class: connector.Panicked, Ambiguous: true, Detail: connector.Bound(fmt.Sprintf("the sink actor panicked: %v", reason), 512)}
}

// hold leaves the whole destination alone, as its peer asked.
func (a *Actor) hold(wait time.Duration) {
	until := a.now.Add(wait)
	if until.Before(a.heldUntil) {
		return
	}
	if !a.now.Before(a.heldUntil) {
		a.Log.Info(fmt.Sprintf("sink %s/%s %s asks to wait %s, %d waiting",
			a.Pipeline, a.Sink.Name, a.where.Destination, wait.Round(time.Millisecond), a.waiting()))
	}
	a.heldUntil = until
}

func (a *Actor) freeSlot(w *write) {
	last := len(a.writing) - 1
	moved := a.writing[last]
	a.writing[w.slot], moved.slot = moved, w.slot
	a.writing[last] = nil
	a.writing = a.writing[:last]
}

// sweep, once in a while, gives up the waiting records whose time is up and the writes that ignore theirs.
func (a *Actor) sweep() {
	a.nextSweep = a.now.Add(sweepEvery)
	expired := a.takeWaiting(func(j *job) bool {
		deadline := a.Policy.Deadline(&j.progress)
		return !deadline.IsZero() && !a.now.Before(deadline)
	})
	for _, j := range expired {
		a.fail(j, a.giveUp(j))
	}
	for _, w := range a.writing {
		switch {
		case w.abandoned || a.now.Sub(w.started) <= a.Sink.Options.Timeout+patience:
		case !w.overdue:
			w.overdue = true // its result may be behind this message: after a pause of the process all are overdue
		default:
			a.abandon(w)
		}
	}
	if len(a.writing) == 0 && a.waiting() == 0 {
		a.workers.dismiss()
		a.freeJobs, a.spare = nil, nil
	}
}

func (a *Actor) giveUp(j *job) *connector.Failure {
	if j.progress.LastFailure == nil && a.openErr != nil {
		return openFailure(a.openErr)
	}
	return a.Policy.GiveUp(&j.progress, a.breaker.State(a.now) != delivery.Closed)
}

// abandon judges a write that has not returned long after its time as timed out. It keeps its slot until it returns, so
// that a sink that ignores its context cannot pile up goroutines.
func (a *Actor) abandon(w *write) {
	a.Log.Warn(fmt.Sprintf("sink %s/%s %s ignores the end of its time; its attempts count as timed out", a.Pipeline, a.Sink.Name, a.where.Destination))
	late := &write{jobs: w.jobs, permit: w.permit, took: a.now.Sub(w.started)}
	late.results = failAll(len(w.jobs), &connector.AttemptError{
		Class: connector.Timeout, Ambiguous: true, Detail: "no answer in time"})
	a.judge(late)
	w.abandoned = true
	w.jobs = nil
}
