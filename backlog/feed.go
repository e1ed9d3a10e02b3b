package backlog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// Options bound a backlog.
type Options struct {
	Records int   // 0: no limit
	Bytes   int64 // 0: no limit
	// Metrics, which may be nil, shows what is in the backlog.
	Metrics *telemetry.SourceMetrics
}

// Feed is where a source actor reads. Each life of the actor has one of its own.
//
// Open, Read and Close are called like those of a connector.Source, the other methods from any goroutine.
type Feed struct {
	source   connector.Source
	store    store.Store // nil: only what the source reads
	pipeline string
	options  Options
	log      *slog.Logger
	accepts  bool
	refusing atomic.Bool // records are refused since they cannot be kept

	// What is in the store. It may be asked for while the store is asked something under mu.
	keptRecords, keptBytes atomic.Int64

	accept acceptor

	mu      sync.Mutex
	loaded  bool
	fresh   fresh
	parked  schedule
	lanes   lanes
	out     int       // records that were handed over and are not settled
	ended   bool      // the source has no more
	stalled bool      // nothing is read from the source until there is room
	broken  error     // why the acceptor has ended
	again   time.Time // when to ask the store again, after it could not answer

	// A Read that waits for the source is ended by interrupt, another one by wake.
	wake       chan struct{} // capacity 1: something has changed
	reading    context.Context
	readingFor context.Context // what it was derived from
	interrupt  context.CancelFunc
	alarm      *time.Timer
	rings      time.Time
}

// New makes the feed of a pipeline. Without a store it hands over what the source reads, and nothing else; a source that
// wants its records accepted is then told so when the engine has them in memory.
func New(source connector.Source, kept store.Store, pipeline string, options Options, log *slog.Logger) *Feed {
	f := &Feed{source: source, store: kept, pipeline: pipeline, options: options, log: log, wake: make(chan struct{}, 1)}
	if accepter, ok := source.(connector.Accepter); ok {
		f.accepts = accepter.WantsAccepted()
	}
	f.accept.feed = f
	return f
}

// Open opens the source, and learns what the store has when it is opened for the first time.
func (f *Feed) Open(ctx context.Context, from []connector.Position) error {
	if f.store != nil && !f.loaded {
		if err := f.load(ctx); err != nil {
			return err
		}
	}
	if err := f.source.Open(ctx, from); err != nil {
		return err
	}
	f.mu.Lock()
	f.broken = nil
	f.mu.Unlock()
	if f.accepts && f.store != nil {
		f.accept.start()
	}
	return nil
}

// Close closes the source.
func (f *Feed) Close(ctx context.Context) error {
	if f.accepts {
		f.accept.stop()
	}
	return f.source.Close(ctx)
}

// loadPage is how many parked records are asked for together.
const loadPage = 1000

func (f *Feed) load(ctx context.Context) error {
	records, bytes, err := f.store.Count(ctx, f.pipeline)
	if err != nil {
		return err
	}
	var parked schedule
	lanes := newLanes()
	for after := int64(0); ; {
		heads, err := f.store.Parked(ctx, f.pipeline, after, loadPage)
		if err != nil {
			return err
		}
		for _, head := range heads {
			if lanes.enter(head.Seq, head.Due, &head.Progress) {
				parked.add(head.Seq, head.Due)
			}
			after = head.Seq
		}
		if len(heads) < loadPage {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded, f.parked = true, parked
	f.keptRecords.Store(int64(records))
	f.keptBytes.Store(bytes)
	f.show()
	f.lanes = lanes
	f.fresh = fresh{behind: true, known: make(map[int64]struct{})}
	if records > 0 {
		f.log.Info("records of an earlier run are taken up", slog.Int("records", records), slog.Int("parked", parked.Len()))
	}
	return nil
}

// Read returns records of the backlog that are due, or else what the source reads. What is of the backlog has a
// *store.Entry as its Ref. It returns ErrEndOfSource when the source has no more, nothing is in the backlog, and
// everything that was handed over is settled.
func (f *Feed) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	if f.store == nil {
		return f.readThrough(ctx, credit)
	}
	f.accept.resume()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		records, next, err := f.next(ctx, credit)
		if len(records) > 0 || err != nil {
			return records, err
		}
		if f.accepts || f.readsNoMore() {
			if err := f.wait(ctx, next); err != nil {
				return nil, err
			}
			continue
		}
		if records, err = f.readSource(ctx, credit, next); len(records) > 0 || err != nil {
			return records, err
		}
	}
}

// readThrough reads from the source alone. One that wants its records accepted is told so at once: they are in flight, and
// nowhere else. They have a *store.Entry without a Seq as their Ref.
func (f *Feed) readThrough(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	records, err := f.source.Read(ctx, credit)
	if !f.accepts || len(records) == 0 {
		return records, err
	}
	now := time.Now()
	outcome, settled := &connector.Outcome{State: connector.Accepted}, make([]connector.Settled, len(records))
	for i, record := range records {
		settled[i] = connector.Settled{Record: record, Outcome: outcome}
		records[i] = handed(&store.Entry{Pipeline: f.pipeline, Record: record, Origin: store.Accepted, Since: now})
	}
	return records, errors.Join(err, f.accept.settle(ctx, settled))
}

// next returns what of the backlog is due, or when something will be.
func (f *Feed) next(ctx context.Context, credit connector.Credit) ([]*connector.Record, time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return nil, time.Time{}, f.broken
	}
	now := time.Now()
	if now.Before(f.again) {
		return nil, f.again, nil
	}
	entries, err := f.due(ctx, credit, now)
	if err != nil && ctx.Err() != nil {
		return nil, time.Time{}, ctx.Err() // it is not known whether there is more
	}
	if err != nil {
		f.log.Warn("the backlog cannot be read; it is tried again", slog.Any("err", err))
		f.again = now.Add(askAgain)
		return nil, f.again, nil
	}
	records := make([]*connector.Record, len(entries))
	for i, e := range entries {
		records[i] = handed(e)
	}
	f.out += len(records)
	if len(records) == 0 && f.ended && f.out == 0 && f.parked.Len() == 0 && len(f.lanes.held) == 0 {
		return nil, time.Time{}, connector.ErrEndOfSource
	}
	return records, f.parked.first(), nil
}

// askAgain is how long a store that could not answer is left alone.
const askAgain = time.Second

// handed is the record of an entry, for the actor.
func handed(e *store.Entry) *connector.Record {
	record := *e.Record
	record.Ref, record.Position = e, connector.Position{}
	if e.Replays > 0 {
		record.Headers = append(connector.Headers(nil), record.Headers...)
		record.Headers.Set(ReplaysHeader, itoa(e.Replays))
	}
	return &record
}

// ReplaysHeader says how often a record was taken out of the dead letters.
const ReplaysHeader = "acktor-replays"

// wait returns when something has changed, or next has come.
func (f *Feed) wait(ctx context.Context, next time.Time) error {
	var ring <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		ring = timer.C
	}
	select {
	case <-f.wake:
	case <-ring:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// readSource reads from the source until something of the backlog is due.
func (f *Feed) readSource(ctx context.Context, credit connector.Credit, next time.Time) ([]*connector.Record, error) {
	reading := f.interruptible(ctx, next)
	records, err := f.source.Read(reading, credit)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out += len(records)
	switch {
	case errors.Is(err, connector.ErrEndOfSource):
		f.ended, err = true, nil
	case errors.Is(err, context.Canceled) && reading.Err() != nil:
		err = ctx.Err() // nil: it was only to look again
	}
	return records, err
}

// interruptible returns a context that ends with ctx, at next, and when something of the backlog changes. It is used for
// one Read after the other.
func (f *Feed) interruptible(ctx context.Context, next time.Time) context.Context {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == nil || f.readingFor != ctx || f.reading.Err() != nil {
		if f.interrupt != nil {
			f.interrupt()
		}
		f.readingFor = ctx
		f.reading, f.interrupt = context.WithCancel(ctx)
	}
	select {
	case <-f.wake: // it came before this Read, which looks for itself
		f.interrupt()
	default:
	}
	if !next.IsZero() {
		f.ringAt(next)
	}
	return f.reading
}

// ringAt makes a Read look again at a time. The lock is held.
func (f *Feed) ringAt(next time.Time) {
	if f.alarm == nil {
		f.alarm = time.AfterFunc(time.Until(next), f.changed)
	} else if !next.Equal(f.rings) {
		f.alarm.Reset(time.Until(next))
	}
	f.rings = next
}

// changed makes a Read look again.
func (f *Feed) changed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rings = time.Time{}
	f.wakeUp()
}

// wakeUp is changed with the lock held.
func (f *Feed) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
	if f.interrupt != nil {
		f.interrupt()
	}
}

// readsNoMore says that nothing is to be read from the source: it has ended, or the backlog is full while there are records in
// it behind which others have to wait. What is read could belong behind them, and has to find its place there.
func (f *Feed) readsNoMore() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stalled = len(f.lanes.of) > 0 && f.full()
	return f.ended || f.stalled
}

// Look says that the store may have entries that the feed does not know of.
func (f *Feed) Look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh.lookAgain()
	f.wakeUp()
}

// Halt ends what is read from the source, until the next Read.
func (f *Feed) Halt() {
	if f.accepts {
		f.accept.halt()
	}
}

// Settled takes note of a change that was kept, nil if there was none, of the bytes (Record.Size) of what it removed, and
// of how many of the records that were handed over are done with through it.
func (f *Feed) Settled(change *store.Change, removed int64, records int) {
	if f.store == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out -= records
	f.keptBytes.Add(-removed)
	if change != nil {
		f.note(change)
	}
	f.show()
	if f.ended && f.out == 0 || change != nil && len(change.Add)+len(change.Update) > 0 {
		f.wakeUp()
	}
}

func (f *Feed) note(change *store.Change) {
	for _, e := range change.Add {
		f.keptRecords.Add(1)
		f.keptBytes.Add(int64(e.Record.Size()))
		f.park(e)
	}
	for _, e := range change.Update {
		delete(f.fresh.known, e.Seq)
		f.park(e)
	}
	for _, seq := range change.Remove {
		delete(f.fresh.known, seq)
		f.leave(seq)
	}
	f.keptRecords.Add(-int64(len(change.Remove)))
	if len(change.Remove) > 0 && f.accepts {
		f.accept.roomMade()
	}
	if len(change.Remove) > 0 && f.stalled {
		f.stalled = false
		f.wakeUp()
	}
}

// leave takes an entry out of its lanes: the next may go.
func (f *Feed) leave(seq int64) {
	for _, next := range f.lanes.leave(seq) {
		f.parked.add(next.seq, time.Unix(0, next.due))
		f.wakeUp()
	}
}

func (f *Feed) park(e *store.Entry) {
	if f.lanes.enter(e.Seq, e.Due, &e.Progress) {
		f.parked.add(e.Seq, e.Due)
	}
}

// Lanes returns how many parked records hold back those that a sink is to write behind them.
func (f *Feed) Lanes() map[Lane]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := make(map[Lane]int, len(f.lanes.byLane))
	for lane, seqs := range f.lanes.byLane {
		counts[lane] = len(seqs)
	}
	return counts
}

// LanesOf returns the lanes in which a record holds others back.
func (f *Feed) LanesOf(seq int64) []Lane {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lanes.of[seq]
}

// Refusing reports whether records are refused, because the store could not keep the last ones.
func (f *Feed) Refusing() bool { return f.refusing.Load() }

// Kept returns how many records are in the backlog, and their bytes (Record.Size).
func (f *Feed) Kept() (records int, bytes int64) {
	return int(f.keptRecords.Load()), f.keptBytes.Load()
}

func (f *Feed) show() { f.options.Metrics.Backlog(f.Kept()) }
