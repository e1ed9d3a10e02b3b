package supervisor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
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
	"github.com/acktor/acktor/telemetry"
)

// world is the dumb model: it knows which records were handed over, what each sink really took, and what the source was told.
type world struct {
	mu       sync.Mutex
	random   *rand.Rand
	handed   map[connector.RecordID]int            // how often: more than once only after the pipeline was started anew
	taken    map[string]map[connector.RecordID]int // by sink
	tried    map[connector.RecordID]int            // over all sinks but the dead letter
	last     map[string]int                        // by sink, destination and key: the record taken last
	told     map[connector.RecordID][]*connector.Outcome
	flying   int // handed over and not told
	most     int // of them, at any time
	panicked int
	restarts bool // the pipeline may be started anew as a whole
	faults   faults
	spec     *pipeline.Spec
	board    *telemetry.Board
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
		taken: make(map[string]map[connector.RecordID]int), handed: make(map[connector.RecordID]int),
		tried: make(map[connector.RecordID]int), last: make(map[string]int),
	}
}

func (w *world) sink(name string) pipeline.Sink {
	w.taken[name] = make(map[connector.RecordID]int)
	s := pipeline.Sink{Name: name, Kind: "test", Options: field.Defaults[pipeline.Options]()}
	s.Outlet = &connector.Outlet{Name: name, New: func(to string) (connector.Sink, error) {
		return &sink{world: w, name: name, destination: to}, nil
	}}
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

func (w *world) newSpec(n int) *pipeline.Spec {
	spec := &pipeline.Spec{
		Name: "p", Source: &source{world: w, n: n},
		InFlight: pipeline.Window{Records: 1 + w.random.IntN(200), Bytes: field.Bytes(1024 << w.random.IntN(10))},
		Restart:  pipeline.Restart{Initial: 10 * time.Millisecond, Max: 100 * time.Millisecond, MaxFailures: 1 << 30, RetryFailed: time.Second},
	}
	if w.restarts {
		spec.Restart.MaxFailures = 1 + w.random.IntN(3)
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
	spec := w.newSpec(n)
	positions := store.NewMemory()
	engine, err := supervisor.NewEngine(supervisor.Config{
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Positions: positions, Fault: w.fault})
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock() // nothing happens before the model knows the board
	p := engine.Start(spec)
	w.spec, w.board = spec, p.Board
	w.mu.Unlock()
	if stopAfter > 0 {
		time.Sleep(stopAfter)
		engine.Drain(p, time.Now().Add(50*time.Millisecond))
	}
	select {
	case <-p.Ended():
	case <-time.After(2 * time.Hour):
		w.mu.Lock()
		w.t.Errorf("not ended: %s, %d handed over, %d told, in flight %d", p.State(), len(w.handed), len(w.told), p.Board.InFlight.Load())
		w.mu.Unlock()
		for _, d := range p.Board.Destinations() {
			w.t.Errorf("%s/%s: %+v, waiting %d, writing %d", d.Sink, d.Name, d.State(), d.Waiting.Load(), d.Writing.Load())
		}
	}
	if err := engine.Stop(context.Background()); err != nil {
		w.t.Error(err)
	}
	time.Sleep(time.Minute) // the actor system's own goroutines end
	w.check(p, positions)
}

// check holds what the source was told against what really happened.
func (w *world) check(p *supervisor.Pipeline, positions store.Positions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	total, unsettled := 0, len(w.handed)+1
	for id, times := range w.handed {
		total += times
		outcomes := w.told[id]
		if len(outcomes) != times {
			w.t.Errorf("record %s was handed over %d times and has %d outcomes", id, times, len(outcomes))
			continue
		}
		final := outcomes[len(outcomes)-1]
		w.checkOutcome(id, final)
		if isCancelled(final) {
			n, _ := strconv.Atoi(string(id))
			unsettled = min(unsettled, n)
		}
	}
	committed, err := positions.Load(context.Background(), "p")
	if err != nil {
		w.t.Error(err)
	}
	for _, position := range committed {
		if int(position.Offset) >= unsettled {
			w.t.Errorf("committed %d, but record %d is not settled", position.Offset, unsettled)
		}
	}
	if most := p.Spec.InFlight.Records; w.most > most {
		w.t.Errorf("%d records were in flight, want at most %d", w.most, most)
	}
	read, settled := p.Board.Read.Load(), p.Board.Delivered.Load()+p.Board.Failed.Load()+p.Board.Filtered.Load()
	if read != settled || read != int64(total) || p.Board.InFlight.Load() != 0 {
		w.t.Errorf("%d handed over, the board says %d read, %d settled, %d in flight", total, read, settled, p.Board.InFlight.Load())
	}
}

// checkOutcome holds the last outcome of a record against what its sinks did.
func (w *world) checkOutcome(id connector.RecordID, o *connector.Outcome) {
	taken := 0
	for _, s := range w.spec.Sinks {
		if w.taken[s.Name][id] > 0 {
			taken++
		}
	}
	if o.State == connector.Delivered && taken == 0 {
		w.t.Errorf("record %s is delivered, but no sink took it", id)
	}
	if o.State == connector.Delivered && w.spec.FanOut == pipeline.All && taken < len(w.spec.Sinks) {
		w.t.Errorf("record %s is delivered, but only %d of %d sinks took it", id, taken, len(w.spec.Sinks))
	}
	if o.State == connector.Failed && w.spec.DeadLetter != nil && !isCancelled(o) && w.taken["letters"][id] == 0 {
		w.t.Errorf("record %s failed and has no dead letter", id)
	}
	if w.panicked == 0 && !isCancelled(o) && o.Attempts != w.tried[id] {
		w.t.Errorf("record %s was tried %d times, its outcome says %d", id, w.tried[id], o.Attempts)
	}
}

func isCancelled(o *connector.Outcome) bool {
	return o.State == connector.Failed && o.Failure.Class == connector.Cancelled
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

func TestEveryRecordHasAnOutcomeForEachTimeItIsHandedOverWhenThePipelineIsStartedAnew(t *testing.T) {
	seeds := 100
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, uint64(2000+seed))
				w.randomFaults()
				w.restarts, w.faults.sourcePanic, w.faults.sinkPanic = true, w.random.IntN(12), w.random.IntN(8)
				stopAfter := time.Duration(0)
				if w.random.IntN(3) == 0 {
					stopAfter = w.pause(3 * time.Second)
				}
				w.run(300, stopAfter)
			})
		})
	}
}
