package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/deadline"
	"github.com/acktor/acktor/backlog"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
)

// clerk is the goroutine that calls everything of the connector but Read, one call after the other. The actor never
// waits for it: it gives it a job when it has none, or an Open behind a Settle.
type clerk struct {
	jobs  chan func()
	given int // jobs given and not done
}

func (c *clerk) start() {
	c.jobs = make(chan func(), 1)
	go func() {
		for job := range c.jobs {
			job()
		}
	}()
}

func (c *clerk) do(job func()) {
	c.given++
	c.jobs <- job
}

func (c *clerk) done() { c.given-- }

func (c *clerk) busy() bool { return c.given > 0 }

// end lets the goroutine return after the jobs that it was given.
func (c *clerk) end() { close(c.jobs) }

// openTimeout bounds one Open, closeTimeout one Close, settleTimeout one Settle.
const (
	openTimeout   = 30 * time.Second
	closeTimeout  = 10 * time.Second
	settleTimeout = 30 * time.Second
)

// open opens the connector behind what was read or committed before. Any time but the first it closes it first.
func (a *Actor) open() {
	again := a.attempted
	a.attempted = true
	latest := a.ledger.latest()
	source, positions, pipeline := a.Feed, a.Positions, string(a.Spec.Name)
	root, self := a.root, a.self
	var ctx context.Context
	ctx, a.endOpen = context.WithCancel(a.ctx)
	earlier := a.Previous
	a.clerk.do(func() {
		if earlier != nil {
			earlier.Wait()
		}
		if again {
			_ = closeSource(source)
		}
		root.Send(self, &opened{err: openSource(ctx, source, positions, pipeline, latest)})
	})
}

func openSource(ctx context.Context, source *backlog.Feed, positions interface {
	Load(context.Context, string) ([]connector.Position, error)
}, pipeline string, read []connector.Position) (err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	defer connector.Recover(&err)
	committed, err := positions.Load(ctx, pipeline)
	if err != nil {
		return fmt.Errorf("load the committed positions: %w", err)
	}
	return source.Open(ctx, behind(committed, read))
}

// behind returns the positions to go on from: behind what was read in this life, and in the partitions that were not read
// from yet, behind what was committed.
func behind(committed, read []connector.Position) []connector.Position {
	from := slices.Clone(read)
	for _, position := range committed {
		if _, ok := slices.BinarySearchFunc(read, position, byPartition); !ok {
			from = append(from, position)
		}
	}
	slices.SortFunc(from, byPartition)
	return from
}

func closeSource(source *backlog.Feed) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	defer connector.Recover(&err)
	return source.Close(ctx)
}

func (a *Actor) onOpened(ctx actor.Context, msg *opened) {
	if msg.done {
		return
	}
	msg.done = true
	a.clerk.done()
	a.endOpen()
	a.say() // what was decided meanwhile
	if msg.err != nil {
		a.failing(ctx, msg.err)
		return
	}
	if a.failures > 0 {
		a.Log.Info(a.name() + " opened")
	}
	if !a.loaded {
		a.loaded = true
		a.blockAll()
	}
	a.opens = true
	ctx.Send(ctx.Parent(), &messages.SourceState{State: messages.SourceOpened})
	if a.pauses {
		a.becomePaused()
	} else {
		a.becomeReading()
	}
}

// failing tries again to open: soon, or, after too many failures in a row, on the slow clock. A permanent error ends the
// source: what is in flight is settled.
func (a *Actor) failing(ctx actor.Context, err error) {
	if _, permanent := errors.AsType[*connector.PermanentError](err); permanent {
		a.Log.Error(a.name()+" failed for good", slog.Any("err", err))
		ctx.Send(ctx.Parent(), &messages.SourceState{State: messages.SourceFailed, Err: err})
		a.failure = errors.Join(a.failure, err)
		a.becomeDraining(a.deadline)
		return
	}
	a.failures++
	a.state = a.opening
	wait := a.openBackoff.NextBackOff()
	condition := messages.SourceFailing
	if a.failures >= a.Spec.Restart.MaxFailures {
		wait, condition = a.Spec.Restart.RetryFailed, messages.SourceFailed
	}
	a.openAt = a.now.Add(wait)
	if a.failures == 1 || a.failures == a.Spec.Restart.MaxFailures {
		a.Log.Warn(fmt.Sprintf("%s failed, next try %s", a.name(), wait.Round(time.Millisecond)), slog.Any("err", err))
	}
	ctx.Send(ctx.Parent(), &messages.SourceState{State: condition, Err: err})
}

// close closes the connector and ends whatever runs. The clerk must be free.
func (a *Actor) close() {
	a.cancel()
	a.alarm.Stop()
	if a.lost > 0 {
		a.failure = errors.Join(a.failure, fmt.Errorf("%d records were given up", a.lost))
	}
	source, root, self, failure, running := a.Feed, a.root, a.self, a.failure, a.Running
	a.clerk.do(func() {
		err := errors.Join(failure, closeSource(source))
		running.Done()
		root.Send(self, &closed{err: err})
	})
	a.clerk.end()
	close(a.grants)
}

// say keeps what was decided, tells the connector, and commits the positions that moved, if the clerk is free.
func (a *Actor) say() {
	if a.clerk.busy() || a.now.Before(a.keepAgain) {
		return
	}
	a.keepAgain = time.Time{}
	var positions []connector.Position
	if !a.now.Before(a.checkpoint) && !a.hopeless {
		a.checkpoint = time.Time{}
		positions = a.ledger.frontiers()
	}
	if a.unsaid.records == 0 && len(positions) == 0 {
		return
	}
	said := a.unsaid
	a.unsaid, a.spare = unsaid{outcomes: a.spare[:0]}, nil
	if a.prompt != nil && said.change == nil && len(positions) == 0 && a.prompt.SettlesAtOnce(said.outcomes) {
		a.Feed.Settled(nil, 0, said.records)
		a.giveBack(&said, settle(a.Spec.Source, said.outcomes))
		return
	}
	source, places, kept, feed, pipeline := a.Spec.Source, a.Positions, a.Store, a.Feed, string(a.Spec.Name)
	root, self := a.root, a.self
	done := &settled{unsaid: said}
	a.saying = done
	a.clerk.do(func() {
		if done.keepErr = done.keepIn(kept); done.keepErr != nil {
			done.uncommitted = positions
			root.Send(self, done)
			return
		}
		feed.Settled(done.change, done.removed, done.records)
		done.err = settle(source, done.outcomes)
		if err := commit(source, places, pipeline, positions); err != nil {
			done.err, done.uncommitted = err, positions
		}
		root.Send(self, done)
	})
}

func settle(source connector.Source, outcomes []connector.Settled) (err error) {
	if len(outcomes) == 0 {
		return nil
	}
	keeper := deadline.NewKeeper(context.Background())
	defer keeper.Close()
	ctx := keeper.Begin(time.Now().Add(settleTimeout))
	defer ctx.End()
	defer connector.Recover(&err)
	return source.Settle(ctx, outcomes)
}

// commit persists first, then tells upstream.
func commit(source connector.Source, store interface {
	Save(context.Context, string, []connector.Position) error
}, pipeline string, positions []connector.Position) (err error) {
	if len(positions) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	defer connector.Recover(&err)
	if err := store.Save(ctx, pipeline, positions); err != nil {
		return fmt.Errorf("save positions: %w", err)
	}
	if committer, ok := source.(connector.Committer); ok {
		return committer.Commit(ctx, positions)
	}
	return nil
}

// onSettled gives the credit back.
func (a *Actor) onSettled(msg *settled) {
	if msg.done {
		return
	}
	msg.done, a.saying = true, nil
	a.clerk.done()
	if msg.keepErr != nil {
		a.notKept(msg)
		return
	}
	if a.keepFails {
		a.keepFails = false
		a.Metrics.Refusing(false)
		a.Log.Info(a.name() + ": what became of records can be kept again")
	}
	a.giveBack(&msg.unsaid, msg.err)
	a.noteCommit(msg)
	a.say()
}

// notKept tries again later to keep what could not be kept. Nobody was told, and the records still hold their credit.
func (a *Actor) notKept(msg *settled) {
	if !a.keepFails {
		a.keepFails = true
		a.Metrics.Refusing(true)
		a.Log.Error(a.name()+": what became of records cannot be kept; they stay in flight until it can", slog.Any("err", msg.keepErr))
	}
	if len(msg.uncommitted) > 0 {
		a.ledger.uncommitted(msg.uncommitted)
		a.setCheckpoint()
	}
	if a.givesUp {
		a.loseUnkept(msg)
		return
	}
	a.unsaid.before(&msg.unsaid)
	a.keepAgain = a.now.Add(keepAgainAfter)
}

// loseUnkept is for the end of a drain: what could not be kept by then is not settled.
func (a *Actor) loseUnkept(msg *settled) {
	a.lost += msg.records
	a.hopeless = true
	a.failure = errors.Join(a.failure, msg.keepErr)
	giveUpUnkept(msg.outcomes)
	msg.change, msg.removed = nil, 0
	a.unsaid.before(&msg.unsaid)
	a.say()
}

// giveUpUnkept makes outcomes that could not be kept those of records that were given up.
func giveUpUnkept(outcomes []connector.Settled) {
	lost := failed(connector.Cancelled, "the engine stopped before what became of the record could be kept")
	for i := range outcomes {
		outcomes[i].Outcome = lost
	}
}

// keepAgainAfter is how long a store that could not keep something is left alone.
const keepAgainAfter = time.Second

// giveBack returns the credit of records that are done with.
func (a *Actor) giveBack(said *unsaid, err error) {
	a.flight.giveBack(said.records, said.bytes)
	a.Board.InFlight.Store(int64(a.flight.records))
	a.Metrics.InFlight(a.flight.records, a.flight.bytes)
	clear(said.outcomes)
	a.spare = said.outcomes[:0]
	if err != nil && !a.sayFailed {
		a.Log.Warn(a.name()+" cannot be told of outcomes", slog.Any("err", err))
	}
	a.sayFailed = err != nil
	a.admitHeld()
}

// noteCommit tries a failed commit again at the next checkpoint; while draining only a few times.
func (a *Actor) noteCommit(msg *settled) {
	if len(msg.uncommitted) == 0 {
		a.commitFailures = 0
		return
	}
	a.ledger.uncommitted(msg.uncommitted)
	a.commitFailures++
	if a.drains && a.commitFailures >= maxCommitFailures {
		a.hopeless, a.failure = true, errors.Join(a.failure, msg.err)
		return
	}
	a.checkpoint = a.now.Add(checkpointEvery)
}

// maxCommitFailures is how often a draining source tries to commit its last positions.
const maxCommitFailures = 5

func (a *Actor) setCheckpoint() {
	if a.checkpoint.IsZero() && len(a.ledger.moved) > 0 {
		a.checkpoint = a.now.Add(checkpointEvery)
	}
}
