package sink

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/deadline"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
)

// write is one call of Sink.Write: one attempt for each of its jobs. The actor owns it, but for the time between
// start and the written message, in which records, results and took belong to a worker.
type write struct {
	incarnation uint64
	jobs        []*job
	records     []*connector.Record
	permit      delivery.Permit
	started     time.Time
	slot        int  // in Actor.writing
	overdue     bool // it should have returned long ago, when somebody last looked
	abandoned   bool // its attempts were judged before it returned

	results []connector.Result
	took    time.Duration
	done    written
}

// written says that a write returned. It is part of the write so that sending it allocates nothing.
type written struct{ *write }

// result is what the attempt for job i did.
func (w *write) result(i int) connector.Result {
	switch {
	case w.results == nil:
		return connector.Result{}
	case i < len(w.results):
		return w.results[i]
	}
	return connector.Result{Err: &connector.AttemptError{
		Class: connector.Parse, Ambiguous: true, Detail: "the sink returned fewer results than records"}}
}

func (w *write) reset() {
	clear(w.jobs)
	clear(w.records)
	*w = write{jobs: w.jobs[:0], records: w.records[:0]}
}

// workers are the goroutines that write, as many as were ever needed at the same time.
type workers struct {
	queue   chan *write
	idle    int
	running sync.WaitGroup
}

// worker is what a goroutine needs of its actor: copies, and never the actor's context.
type worker struct {
	ctx     context.Context
	keeper  *deadline.Keeper
	sink    connector.Sink
	timeout time.Duration
	root    *actor.RootContext
	self    *actor.PID
}

// start hands w to an idle goroutine or to a new one. It never blocks: the queue has room for as many writes as
// the actor lets run.
func (p *workers) start(w *write, with worker, limit int) {
	if p.idle > 0 {
		p.idle--
		p.queue <- w
		return
	}
	if p.queue == nil {
		p.queue = make(chan *write, limit)
	}
	p.hire(w, with)
}

// hire starts a goroutine that begins with w.
func (p *workers) hire(w *write, with worker) {
	queue := p.queue
	p.running.Go(func() {
		with.keeper = deadline.NewKeeper(with.ctx)
		defer with.keeper.Close()
		for ; w != nil; w = <-queue {
			with.write(w)
		}
	})
}

// dismiss ends the idle goroutines.
func (p *workers) dismiss() {
	for ; p.idle > 0; p.idle-- {
		p.queue <- nil
	}
}

// end lets every goroutine return after the write that it is in.
func (p *workers) end() {
	if p.queue != nil {
		close(p.queue)
	}
}

func (k *worker) write(w *write) {
	w.results = k.attempt(w.records)
	w.took = time.Since(w.started)
	k.root.Send(k.self, &w.done)
}

func (k *worker) attempt(records []*connector.Record) (results []connector.Result) {
	ctx := k.keeper.Begin(time.Now().Add(k.timeout))
	defer ctx.End()
	defer func() {
		if value := recover(); value != nil {
			results = failAll(len(records), &connector.PanicError{Value: value, Stack: debug.Stack()})
		}
	}()
	return k.sink.Write(ctx, records)
}

func failAll(n int, err error) []connector.Result {
	results := make([]connector.Result, n)
	for i := range results {
		results[i].Err = err
	}
	return results
}
