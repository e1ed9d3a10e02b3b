package backlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// acceptor reads from a source that wants its records accepted, puts them in the store, and tells the source. It does so
// also while the actor has no credit, up to the bounds of the backlog: that is what the source wants it for. It runs from
// Open to Close, but for the time between Halt and the next Read.
type acceptor struct {
	feed *Feed

	mu      sync.Mutex
	active  bool // Read was called since the last Halt
	reading context.CancelFunc
	signal  chan struct{} // capacity 1: active, or the room, has changed
	cancel  context.CancelFunc
	done    chan struct{}

	refusing bool // the last attempt to keep records failed; only of run
}

func (a *acceptor) start() {
	ctx, cancel := context.WithCancel(context.Background())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancel, a.done, a.signal = cancel, make(chan struct{}), make(chan struct{}, 1)
	go a.run(ctx, a.done, a.signal)
}

func (a *acceptor) stop() {
	a.mu.Lock()
	cancel, done := a.cancel, a.done
	a.cancel = nil
	a.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

func (a *acceptor) resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.active {
		a.active = true
		a.tell()
	}
}

func (a *acceptor) halt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active = false
	if a.reading != nil {
		a.reading()
	}
}

// roomMade says that the backlog has become smaller.
func (a *acceptor) roomMade() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tell()
}

func (a *acceptor) tell() {
	if a.signal == nil {
		return
	}
	select {
	case a.signal <- struct{}{}:
	default:
	}
}

// batch is how much is read together: what comes while the store syncs its disk.
const (
	batchRecords = 512
	batchBytes   = 16 << 20
)

func (a *acceptor) run(ctx context.Context, done, signal chan struct{}) {
	defer close(done)
	for {
		reading := a.begin(ctx)
		if reading == nil || a.feed.full() {
			select {
			case <-signal:
				continue
			case <-ctx.Done():
				return
			}
		}
		records, err := a.read(reading)
		if len(records) > 0 {
			a.take(ctx, records)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil, reading.Err() != nil:
		case errors.Is(err, connector.ErrEndOfSource):
			a.feed.over(true, nil)
			return
		default:
			a.feed.over(false, err)
			return
		}
	}
}

// begin returns the context of a Read, or nil when there is to be none.
func (a *acceptor) begin(ctx context.Context) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.active {
		return nil
	}
	if a.reading != nil {
		a.reading()
	}
	reading, cancel := context.WithCancel(ctx)
	a.reading = cancel
	return reading
}

func (a *acceptor) read(ctx context.Context) (records []*connector.Record, err error) {
	defer connector.Recover(&err)
	return a.feed.source.Read(ctx, connector.Credit{Records: batchRecords, Bytes: batchBytes})
}

// take makes records durable and tells the source, or tells it that it could not.
func (a *acceptor) take(ctx context.Context, records []*connector.Record) {
	now := time.Now()
	change := &store.Change{Add: make([]*store.Entry, len(records))}
	for i, record := range records {
		change.Add[i] = &store.Entry{Pipeline: a.feed.pipeline, Record: record, Origin: store.Accepted, Since: now}
	}
	err := a.feed.store.Keep(context.WithoutCancel(ctx), change)
	a.note(err, len(records))
	outcome := &connector.Outcome{State: connector.Accepted}
	if err != nil {
		outcome = refusal(err)
	} else {
		a.feed.accepted(change.Add)
	}
	settled := make([]connector.Settled, len(records))
	for i, record := range records {
		settled[i] = connector.Settled{Record: record, Outcome: outcome}
	}
	if err := a.settle(ctx, settled); err != nil {
		a.feed.log.Warn("the source cannot be told of what was accepted", slog.Any("err", err))
	}
}

func (a *acceptor) settle(ctx context.Context, settled []connector.Settled) (err error) {
	defer connector.Recover(&err)
	return a.feed.source.Settle(context.WithoutCancel(ctx), settled)
}

// refusal is the outcome of records that could not be kept. They were not taken: the caller may try again.
func refusal(err error) *connector.Outcome {
	detail := "the record could not be made durable"
	if errors.Is(err, store.ErrFull) {
		detail = "the store has no room left"
	}
	return &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{
		Class: connector.Throttled, Retryable: true, Ambiguous: !errors.Is(err, store.ErrFull), Detail: detail}}
}

// note says once that records are refused, and once that they are taken again.
func (a *acceptor) note(err error, records int) {
	switch {
	case err != nil && !a.refusing:
		a.feed.log.Error(fmt.Sprintf("records are refused until they can be kept: %v", err), slog.Int("records", records))
	case err == nil && a.refusing:
		a.feed.log.Info("records are accepted again")
	}
	a.refusing = err != nil
	a.feed.refusing.Store(a.refusing)
	a.feed.options.Metrics.Refusing(a.refusing)
}

// accepted takes over entries that are in the store.
func (f *Feed) accepted(entries []*store.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range entries {
		f.keptRecords.Add(1)
		f.keptBytes.Add(int64(e.Record.Size()))
		f.fresh.add(e)
	}
	f.show()
	f.options.Metrics.Accepted(len(entries))
	f.wakeUp()
}

// over says that the acceptor has ended: with the source, or with an error of it.
func (f *Feed) over(ended bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended, f.broken = ended, err
	f.wakeUp()
}

// full reports whether the backlog takes no more.
func (f *Feed) full() bool {
	records, bytes := f.Kept()
	return f.options.Records > 0 && records >= f.options.Records || f.options.Bytes > 0 && bytes >= f.options.Bytes
}
