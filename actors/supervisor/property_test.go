package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/supervisor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

// world is the dumb model: it knows which records were handed over, what each sink really took, and what the source was told.
type world struct {
	mu       sync.Mutex
	random   *rand.Rand
	handed   []connector.RecordID
	taken    map[string]map[connector.RecordID]int // by sink
	order    map[string][]connector.RecordID       // by sink: as it took them
	told     map[connector.RecordID][]*connector.Outcome
	panicked int
	faults   faults
	t        *testing.T
}

// faults are the chances, in a thousand, of what may go wrong.
type faults struct {
	writePanic, writeError, writePermanent, writeHang, writeIgnore, writeLost, short int
	readError, readPanic, settlePanic, openError                                     int
	sourcePanic, sinkPanic                                                           int
}

func (w *world) chance(thousandth int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(1000) < thousandth
}

func (w *world) pause(most time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(most)))
}

// source hands over n records.
type source struct {
	*world
	n    int
	next int
	open bool
}

func (s *source) Open(_ context.Context, from []connector.Position) error {
	if s.chance(s.faults.openError) {
		return errors.New("cannot open")
	}
	if s.open {
		s.t.Error("the source was opened twice without a Close")
	}
	s.open = true
	for _, position := range from {
		if int(position.Offset) != s.next {
			s.t.Errorf("opened behind %d, want %d: every record is handed over once", position.Offset, s.next)
		}
	}
	return nil
}

func (s *source) Close(context.Context) error { s.open = false; return nil }

func (s *source) Read(ctx context.Context, max connector.Credit) ([]*connector.Record, error) {
	if s.chance(s.faults.readPanic) {
		panic("read")
	}
	if s.chance(s.faults.readError) {
		return nil, &connector.NotConnectedError{Err: errors.New("lost")}
	}
	if wait := s.pause(5 * time.Millisecond); wait > 3*time.Millisecond {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(max.Records, s.n-s.next, 1+s.random.IntN(40))
	records := make([]*connector.Record, n)
	for i := range records {
		s.next++
		id := connector.RecordID(fmt.Sprint(s.next))
		s.handed = append(s.handed, id)
		records[i] = &connector.Record{
			ID: id, Key: fmt.Sprint(s.random.IntN(5)), Data: []byte("x"), Position: connector.Position{Partition: "p", Offset: int64(s.next)},
			Headers: connector.Headers{{Name: "to", Value: fmt.Sprint(s.random.IntN(4))}},
		}
	}
	if s.next == s.n {
		return records, connector.ErrEndOfSource
	}
	return records, nil
}

func (s *source) Settle(_ context.Context, settled []connector.Settled) error {
	s.mu.Lock()
	for _, one := range settled {
		s.told[one.Record.ID] = append(s.told[one.Record.ID], one.Outcome)
	}
	s.mu.Unlock()
	if s.chance(s.faults.settlePanic) {
		panic("settle")
	}
	return nil
}

// sink takes records, unless something goes wrong.
type sink struct {
	*world
	name string
}

func (s *sink) Open(context.Context) error {
	if s.chance(s.faults.openError) {
		return errors.New("cannot open")
	}
	return nil
}

func (s *sink) Close(context.Context) error { return nil }

func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	time.Sleep(s.pause(4 * time.Millisecond))
	switch {
	case s.chance(s.faults.writePanic):
		panic("write")
	case s.chance(s.faults.writeHang):
		<-ctx.Done()
		return all(len(batch), ctx.Err())
	case s.chance(s.faults.writeIgnore):
		time.Sleep(5 * time.Second)
	case s.chance(s.faults.writeLost):
		return all(len(batch), &connector.NotConnectedError{Err: errors.New("lost")})
	}
	results := make([]connector.Result, len(batch))
	for i, record := range batch {
		switch {
		case s.chance(s.faults.writePermanent):
			results[i].Err = &connector.PermanentError{Err: errors.New("never")}
		case s.chance(s.faults.writeError):
			results[i].Err = errors.New("not now")
		default:
			s.take(record.ID)
		}
	}
	if s.chance(s.faults.short) {
		return results[:len(results)-1]
	}
	return results
}

func (s *sink) take(id connector.RecordID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[s.name][id]++
	s.order[s.name] = append(s.order[s.name], id)
}

func all(n int, err error) []connector.Result {
	results := make([]connector.Result, n)
	for i := range results {
		results[i].Err = err
	}
	return results
}

// fault panics in an actor, now and then.
func (w *world) fault(message any) {
	chance := 0
	switch message.(type) {
	case *actor.Started, *actor.Stopping, *actor.Stopped, *actor.Restarting, *messages.Drain:
		return
	case *messages.Deliver, *messages.Connect:
		chance = w.faults.sinkPanic
	case *messages.Outcome, *messages.Resolved:
		chance = w.faults.sourcePanic
	default:
		chance = min(w.faults.sinkPanic, w.faults.sourcePanic)
	}
	if w.chance(chance) {
		w.mu.Lock()
		w.panicked++
		w.mu.Unlock()
		panic("actor")
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		t: t, random: rand.New(rand.NewPCG(seed, 7)), told: make(map[connector.RecordID][]*connector.Outcome),
		taken: make(map[string]map[connector.RecordID]int), order: make(map[string][]connector.RecordID),
	}
}

func (w *world) sink(name string) pipeline.Sink {
	w.taken[name] = make(map[connector.RecordID]int)
	s := pipeline.Sink{Name: name, Kind: "test", Options: field.Defaults[pipeline.Options]()}
	s.Outlet = &connector.Outlet{Name: name, New: func(string) (connector.Sink, error) { return &sink{world: w, name: name}, nil }}
	s.Outlet.Batch = 1 + w.random.IntN(5)
	options := &s.Options
	options.InFlight = 1 + w.random.IntN(8)
	options.Timeout = 200 * time.Millisecond
	options.Retry = delivery.Retry{MaxAttempts: w.random.IntN(6), Initial: 5 * time.Millisecond, Max: time.Second, Multiplier: 2, Jitter: .2, MaxElapsed: time.Minute}
	options.Breaker.OpenFor = 500 * time.Millisecond
	options.Queue.Records = 1 + w.random.IntN(100)
	if w.random.IntN(2) == 0 {
		options.Queue.OnFull = pipeline.Fail
	}
	if w.random.IntN(2) == 0 {
		options.OrderBy = expression.Must[expression.Value]("record.key")
	}
	if w.random.IntN(2) == 0 {
		options.Destination = expression.Must[expression.Template]("{{ record.headers.to }}")
		options.MaxDestinations = 1 + w.random.IntN(5)
		options.IdleAfter = 10 * time.Millisecond
	}
	return s
}

func (w *world) spec(n int) *pipeline.Spec {
	spec := &pipeline.Spec{
		Name: "p", Source: &source{world: w, n: n},
		InFlight: pipeline.Window{Records: 1 + w.random.IntN(200), Bytes: 1 << 20},
		Restart:  pipeline.Restart{Initial: 10 * time.Millisecond, Max: 100 * time.Millisecond, MaxFailures: 1 << 30, RetryFailed: time.Second},
	}
	sinks := 1
	if w.random.IntN(3) == 0 {
		sinks = 2 + w.random.IntN(2)
		spec.FanOut = []pipeline.FanOut{pipeline.All, pipeline.Any, pipeline.First, pipeline.RoundRobin}[w.random.IntN(4)]
	}
	for i := range sinks {
		spec.Sinks = append(spec.Sinks, w.sink(fmt.Sprintf("s%d", i)))
	}
	if w.random.IntN(3) == 0 {
		letters := w.sink("letters")
		letters.Options.Destination, letters.Options.OrderBy = expression.Template{}, expression.Value{}
		spec.DeadLetter = &letters
	}
	spec.Prepare()
	return spec
}

// run runs one pipeline over n records, with the world's faults, until it ends, or until stopAfter.
func (w *world) run(n int, stopAfter time.Duration) {
	spec := w.spec(n)
	positions := store.NewMemory()
	engine, err := supervisor.NewEngine(supervisor.Config{
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Positions: positions, Fault: w.fault})
	if err != nil {
		w.t.Fatal(err)
	}
	p := engine.Start(spec)
	if stopAfter > 0 {
		time.Sleep(stopAfter)
		engine.Drain(p, time.Now().Add(50*time.Millisecond))
	}
	select {
	case <-p.Ended():
	case <-time.After(2 * time.Hour):
		w.t.Errorf("not ended: %s, %d handed over, %d told, in flight %d", p.State(), len(w.handed), len(w.told), p.Board.InFlight.Load())
	}
	if err := engine.Stop(context.Background()); err != nil {
		w.t.Error(err)
	}
	time.Sleep(time.Minute) // the actor system's own goroutines end
	w.check(spec, positions)
}

// check holds what the source was told against what really happened.
func (w *world) check(spec *pipeline.Spec, positions store.Positions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	firstLost := len(w.handed) + 1
	for i, id := range w.handed {
		outcomes := w.told[id]
		if len(outcomes) != 1 {
			w.t.Errorf("record %s has %d outcomes, want 1", id, len(outcomes))
			continue
		}
		o := outcomes[0]
		taken := 0
		for _, s := range spec.Sinks {
			if w.taken[s.Name][id] > 0 {
				taken++
			}
		}
		if o.State == connector.Delivered && taken == 0 {
			w.t.Errorf("record %s is delivered, but no sink took it", id)
		}
		if o.State == connector.Delivered && spec.FanOut == pipeline.All && taken < len(spec.Sinks) {
			w.t.Errorf("record %s is delivered, but only %d of %d sinks took it", id, taken, len(spec.Sinks))
		}
		cancelled := o.State == connector.Failed && o.Failure.Class == connector.Cancelled
		if o.State == connector.Failed && spec.DeadLetter != nil && !cancelled && w.taken["letters"][id] == 0 {
			w.t.Errorf("record %s failed and has no dead letter", id)
		}
		if cancelled {
			firstLost = min(firstLost, i+1)
		}
	}
	committed, err := positions.Load(context.Background(), "p")
	if err != nil {
		w.t.Error(err)
	}
	for _, position := range committed {
		if int(position.Offset) >= firstLost {
			w.t.Errorf("committed %d, but record %d is not settled", position.Offset, firstLost)
		}
	}
	if len(w.told) != len(w.handed) {
		w.t.Errorf("%d records were handed over, %d settled", len(w.handed), len(w.told))
	}
}

// everything goes wrong, at chances that the seed decides.
func (w *world) randomFaults() {
	some := func(most int) int {
		if w.random.IntN(2) == 0 {
			return 0
		}
		return w.random.IntN(most)
	}
	w.faults = faults{
		writePanic: some(50), writeError: some(300), writePermanent: some(100), writeHang: some(20), writeIgnore: some(5), writeLost: some(20),
		short: some(20), readError: some(100), readPanic: some(50), settlePanic: some(50), openError: some(300),
		sourcePanic: some(8), sinkPanic: some(5),
	}
}

func TestEveryRecordHasExactlyOneOutcomeWhateverGoesWrong(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, uint64(seed))
				w.randomFaults()
				w.run(300, 0)
			})
		})
	}
}

func TestEveryRecordHasExactlyOneOutcomeWhenTheEngineStopsMidway(t *testing.T) {
	seeds := 100
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, uint64(1000+seed))
				w.randomFaults()
				w.run(3000, 1+w.pause(300*time.Millisecond))
			})
		})
	}
}
