package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/store"
)

// estate is what outlives an engine in the tests of the backlog: the store, what the source has, and what was seen of both
// its sides. It is the dumb model.
type estate struct {
	*testing.T
	mu     sync.Mutex
	random *rand.Rand
	kept   *shaky

	accepts  bool
	ordered  bool // the sink is to take the records of a key in order
	records  []*connector.Record
	again    []*connector.Record // those that were refused
	next     int                 // the first that was not handed over
	handed   map[connector.RecordID]int
	told     map[connector.RecordID][]*connector.Outcome
	taken    map[connector.RecordID]int // by any sink
	last     map[string]int             // by destination and key: the record taken last
	flying   int
	most     int
	panicked int
	odds     odds
}

// odds are the chances, in a thousand, of what may go wrong.
type odds struct {
	keep, ask, writeError, writePermanent, writePanic, sourcePanic, sinkPanic, readError int
}

func (e *estate) chance(thousandth int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.random.IntN(1000) < thousandth
}

func (e *estate) pause(most time.Duration) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Duration(e.random.Int64N(int64(most)))
}

func (e *estate) fault(message any) {
	chance := 0
	switch message.(type) {
	case *actor.Started, *actor.Stopping, *actor.Stopped, *actor.Restarting, *messages.Drain:
	case *messages.Deliver, *messages.Connect, *messages.Unpark:
		chance = e.odds.sinkPanic
	case *messages.Outcome, *messages.Parked, *messages.Resolved:
		chance = e.odds.sourcePanic
	default:
		chance = min(e.odds.sinkPanic, e.odds.sourcePanic)
	}
	if e.chance(chance) {
		e.mu.Lock()
		e.panicked++
		e.mu.Unlock()
		panic("actor")
	}
}

// shaky is a store that now and then cannot do what it is asked, and takes its time over the rest.
type shaky struct {
	store.Store
	*estate
}

var errShaky = errors.New("the store is shaky")

func (s *shaky) Keep(ctx context.Context, change *store.Change) error {
	time.Sleep(s.pause(3 * time.Millisecond))
	if s.chance(s.odds.keep) {
		return &store.FullError{Path: "x", Err: errShaky}
	}
	return s.Store.Keep(ctx, change)
}

func (s *shaky) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*store.Entry, error) {
	if s.chance(s.odds.ask) {
		return nil, errShaky
	}
	return s.Store.Fresh(ctx, pipeline, after, limit, maxBytes)
}

func (s *shaky) Take(ctx context.Context, pipeline string, seqs []int64) ([]*store.Entry, error) {
	if s.chance(s.odds.ask) {
		return nil, errShaky
	}
	return s.Store.Take(ctx, pipeline, seqs)
}

func (s *shaky) Parked(ctx context.Context, pipeline string, after int64, limit int) ([]store.Head, error) {
	if s.chance(s.odds.ask) {
		return nil, errShaky
	}
	return s.Store.Parked(ctx, pipeline, after, limit)
}

// origin hands over the records of an estate. One whose records are accepted hands over again what was refused; one with
// positions goes on behind the last that was committed.
type origin struct{ *estate }

func (o *origin) WantsAccepted() bool { return o.accepts }

func (o *origin) Open(_ context.Context, from []connector.Position) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.accepts {
		o.next = 0
		for _, position := range from {
			o.next = int(position.Offset)
		}
	}
	return nil
}

func (o *origin) Close(context.Context) error { return nil }

func (o *origin) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	if o.chance(o.odds.readError) {
		return nil, &connector.NotConnectedError{Err: errors.New("lost")}
	}
	select {
	case <-time.After(o.pause(4 * time.Millisecond)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(credit.Records, 1+o.random.IntN(30))
	var records []*connector.Record
	if len(o.again) > 0 {
		n = min(n, len(o.again))
		records, o.again = o.again[:n:n], o.again[n:]
	} else {
		n = min(n, len(o.records)-o.next)
		records = o.records[o.next : o.next+n : o.next+n]
		o.next += n
	}
	for _, record := range records {
		o.handed[record.ID]++
	}
	o.flying += len(records)
	o.most = max(o.most, o.flying)
	if len(records) == 0 && o.flying == 0 { // else what was handed over may be refused and come again
		return nil, connector.ErrEndOfSource
	}
	return records, nil
}

func (o *origin) Settle(_ context.Context, settled []connector.Settled) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range settled {
		o.told[s.Record.ID] = append(o.told[s.Record.ID], s.Outcome)
		if o.accepts && s.Outcome.State == connector.Failed && s.Outcome.Failure.Class == connector.Throttled {
			o.again = append(o.again, s.Record)
		}
	}
	o.flying -= len(settled)
	return nil
}

// taker is a sink that fails now and then.
type taker struct {
	*estate
	destination string
}

func (s *taker) Open(context.Context) error  { return nil }
func (s *taker) Close(context.Context) error { return nil }

func (s *taker) Write(_ context.Context, batch []*connector.Record) []connector.Result {
	time.Sleep(s.pause(4 * time.Millisecond))
	if s.chance(s.odds.writePanic) {
		panic("write")
	}
	results := make([]connector.Result, len(batch))
	for i, record := range batch {
		switch {
		case s.chance(s.odds.writePermanent):
			results[i].Err = &connector.PermanentError{Err: errors.New("never")}
		case s.chance(s.odds.writeError):
			results[i].Err = errors.New("not now")
		default:
			s.take(record)
		}
	}
	return results
}

// take takes a record. The first time that one is taken, no later one with its key may have been, unless it is handed over
// again: it may have failed, for good, before the engine stopped without having committed that.
func (s *taker) take(record *connector.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int
	if _, err := fmt.Sscan(string(record.ID), &n); err != nil || n < 1 || n > len(s.records) || string(record.Data) != string(s.records[n-1].Data) {
		s.Errorf("the sink got %q with %q: %v", record.ID, record.Data, err)
		return
	}
	lane := s.destination + "/" + record.Key
	if s.taken[record.ID]++; s.taken[record.ID] > 1 {
		return
	}
	if s.ordered && s.panicked == 0 && s.handed[record.ID] == 1 && n < s.last[lane] {
		s.Errorf("%s took %d behind %d", lane, n, s.last[lane])
	}
	s.last[lane] = max(n, s.last[lane])
}
