package sink

import (
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
)

// enqueue takes a record over. It goes to the ready queue, or waits in its lane.
func (a *Actor) enqueue(deliver *messages.Deliver) {
	j := a.newJob(deliver)
	if held := a.lanes.byKey[deliver.Key]; held != nil && held.parked {
		a.answerParked(j, a.now)
		return
	}
	a.Metrics.Waiting(1)
	a.row.Waiting.Add(1)
	if deliver.Watcher != nil {
		a.root.Send(deliver.Watcher, &messages.Queued{Where: a.where, Record: deliver.Record.ID, At: a.now})
	}
	if a.lanes.enter(j) {
		a.pushReady(j)
	}
}

func (a *Actor) newJob(deliver *messages.Deliver) *job {
	var j *job
	if last := len(a.freeJobs) - 1; last >= 0 {
		j, a.freeJobs[last] = a.freeJobs[last], nil
		a.freeJobs = a.freeJobs[:last]
	} else {
		j = &job{}
	}
	j.deliver, j.progress.Received = deliver, a.now
	if p := deliver.Earlier; p != nil {
		j.progress.Resume(p.Attempts, p.First, p.Last, p.Failure, p.Trail)
	}
	return j
}

func (a *Actor) pushReady(j *job) {
	if a.ready.len() == 0 {
		a.readySince = a.now
	}
	a.ready.push(j)
	a.readyBytes += j.deliver.Record.Size()
}

func (a *Actor) popReady() *job {
	j := a.ready.pop()
	a.readyBytes -= j.deliver.Record.Size()
	return j
}

// waiting counts the records that are here and not being written.
func (a *Actor) waiting() int { return a.ready.len() + len(a.retries) + a.lanes.waiting }

// dispatchSoon dispatches now, or, when one write takes several records, behind the messages that are at hand already, so
// that they go together.
func (a *Actor) dispatchSoon() {
	if a.batch == 1 || a.ready.len() >= a.batch || !a.turn.More() {
		a.dispatch()
	}
}

// dispatch writes as much as it has leave for.
func (a *Actor) dispatch() {
	a.blocked = time.Time{}
	for a.ready.len() > 0 && len(a.writing) < a.limit && a.mayWrite() {
		permit, ok, wait := a.breaker.Allow(a.now)
		if !ok {
			if wait > 0 {
				a.blocked = a.now.Add(wait)
			} // else a probe is under way: its result goes on from here
			return
		}
		if wait := a.limiter.Take(a.now); wait > 0 {
			permit.Withdraw()
			a.blocked = a.now.Add(wait)
			return
		}
		a.begin(permit)
	}
	if a.reopen && !a.ended && len(a.writing) == 0 {
		a.becomeOpening()
	}
}

// mayWrite says whether the time for the next write has come, and else sets when it comes.
func (a *Actor) mayWrite() bool {
	switch {
	case a.reopen || a.ended || a.openErr != nil:
		return false
	case a.now.Before(a.heldUntil):
		a.blocked = a.heldUntil
		return false
	case a.now.Before(a.breaker.OpenUntil()):
		a.blocked = a.breaker.OpenUntil()
		return false
	}
	batch := a.Sink.Options.Batch
	if batch == nil || a.ready.len() >= batch.Records || a.readyBytes >= int(batch.Bytes) {
		return true
	}
	if full := a.readySince.Add(batch.Wait); a.now.Before(full) {
		a.blocked = full
		return false
	}
	return true
}

// begin starts one write with what stands first in the ready queue.
func (a *Actor) begin(permit delivery.Permit) {
	w := a.newWrite()
	w.permit = permit
	bytes, most := 0, a.maxBytes()
	for len(w.jobs) < a.batch && a.ready.len() > 0 {
		size := a.ready.peek().deliver.Record.Size()
		if len(w.jobs) > 0 && bytes+size > most {
			break
		}
		bytes += size
		j := a.popReady()
		j.progress.Begin(a.now)
		a.tellAttempt(j)
		w.jobs = append(w.jobs, j)
		w.records = append(w.records, j.deliver.Record)
	}
	a.readySince = a.now
	a.countBegun(len(w.jobs))
	w.slot = len(a.writing)
	a.writing = append(a.writing, w)
	a.workers.start(w, worker{
		ctx: a.ctx, sink: a.life.sink, timeout: a.Sink.Options.Timeout, root: a.root, self: a.self,
	}, a.limit)
}

func (a *Actor) maxBytes() int {
	if batch := a.Sink.Options.Batch; batch != nil {
		return int(batch.Bytes)
	}
	return 1 << 20
}

func (a *Actor) newWrite() *write {
	var w *write
	if last := len(a.spare) - 1; last >= 0 {
		w, a.spare[last] = a.spare[last], nil
		a.spare = a.spare[:last]
	} else {
		w = &write{}
		w.done.write = w
	}
	w.incarnation, w.started = a.incarnation, a.now
	return w
}

func (a *Actor) countBegun(n int) {
	a.Metrics.Waiting(-n)
	a.Metrics.Writing(n)
	a.row.Waiting.Add(-int64(n))
	a.row.Writing.Add(int64(n))
}

// connect begins a session: what came from earlier ones of the same source is forgotten.
func (a *Actor) connect(msg *messages.Connect) {
	old := func(j *job) bool {
		return j.deliver.Session < msg.Session && j.deliver.ReplyTo.Equal(msg.Source)
	}
	a.forgetWaiting(old)
	for _, w := range a.writing {
		for _, j := range w.jobs {
			j.forgotten = j.forgotten || old(j)
		}
	}
	a.know(msg.Source)
}

// forgetWaiting drops waiting jobs without an answer.
func (a *Actor) forgetWaiting(old func(*job) bool) {
	for _, j := range a.takeWaiting(old) {
		a.release(j)
	}
}

// takeWaiting removes the waiting jobs for which pick is true from wherever they wait. Those that hold a lane still hold it.
func (a *Actor) takeWaiting(pick func(*job) bool) []*job {
	var taken []*job
	stay := func(j *job) bool {
		if pick(j) {
			taken = append(taken, j)
			return false
		}
		return true
	}
	a.ready.keep(stay)
	a.retries.keep(stay)
	a.lanes.keep(stay)
	a.readyBytes = 0
	for i := range a.ready.n {
		a.readyBytes += a.ready.ring[(a.ready.head+i)&(len(a.ready.ring)-1)].deliver.Record.Size()
	}
	a.Metrics.Waiting(-len(taken))
	a.row.Waiting.Add(-int64(len(taken)))
	return taken
}

// withdraw answers a waiting record at once; one that is being written is not tried again.
func (a *Actor) withdraw(ticket messages.Ticket) {
	named := func(j *job) bool { return j.deliver.Ticket == ticket }
	for _, j := range a.takeWaiting(named) {
		a.fail(j, &connector.Failure{Class: connector.Cancelled, Ambiguous: j.progress.Ambiguous, Detail: "withdrawn"})
	}
	for _, w := range a.writing {
		for _, j := range w.jobs {
			j.withdrawn = j.withdrawn || named(j)
		}
	}
}

// release lets go of a job that is done with; the next with its key may go.
func (a *Actor) release(j *job) {
	if next := a.lanes.leave(j); next != nil {
		a.pushReady(next)
	}
	if len(a.freeJobs) < maxFreeJobs {
		*j = job{}
		a.freeJobs = append(a.freeJobs, j)
	}
}

// maxFreeJobs bounds the jobs that a destination keeps for use again while it is busy.
const maxFreeJobs = 1024
