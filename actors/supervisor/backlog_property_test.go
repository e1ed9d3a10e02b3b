package supervisor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/actors/supervisor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

func newEstate(t *testing.T, seed uint64, n int) *estate {
	e := &estate{
		T: t, random: rand.New(rand.NewPCG(seed, 11)), handed: make(map[connector.RecordID]int),
		told: make(map[connector.RecordID][]*connector.Outcome), taken: make(map[connector.RecordID]int), last: make(map[string]int),
	}
	e.kept = &shaky{store.NewMemory(), e}
	e.accepts = e.random.IntN(2) == 0
	for i := range n {
		record := &connector.Record{
			ID: connector.RecordID(fmt.Sprint(i + 1)), Key: fmt.Sprint(e.random.IntN(6)), Data: fmt.Appendf(nil, "%0*d", 1+e.random.IntN(100), i),
			Headers: connector.Headers{{Name: "to", Value: fmt.Sprint(e.random.IntN(3))}},
		}
		if !e.accepts {
			record.Position = connector.Position{Partition: "p", Offset: int64(i + 1)}
		}
		e.records = append(e.records, record)
	}
	e.odds = odds{keep: e.some(200), ask: e.some(100), writeError: e.some(500), writePermanent: e.some(50),
		writePanic: e.some(20), readError: e.some(20)}
	if e.random.IntN(3) == 0 {
		e.odds.sourcePanic, e.odds.sinkPanic = e.some(16), e.some(5)
	}
	return e
}

func (e *estate) some(most int) int {
	if e.random.IntN(2) == 0 {
		return 0
	}
	return e.random.IntN(most)
}

func (e *estate) spec() *pipeline.Spec {
	spec := &pipeline.Spec{
		Name: "p", Source: &origin{e},
		InFlight: pipeline.Window{Records: 1 + e.random.IntN(100), Bytes: field.Bytes(1024 << e.random.IntN(8))},
		Restart:  pipeline.Restart{Initial: 10 * time.Millisecond, Max: 100 * time.Millisecond, MaxFailures: 1 << 30, RetryFailed: time.Second},
		Backlog:  pipeline.Backlog{Records: 1 + e.random.IntN(400), Bytes: 1 << 20, ParkAfter: 1 + time.Duration(e.random.IntN(int(100*time.Millisecond)))},
	}
	if e.odds.sourcePanic+e.odds.sinkPanic > 0 && e.random.IntN(2) == 0 {
		spec.Restart.MaxFailures = 1 + e.random.IntN(3)
	}
	sinks := 1
	if e.random.IntN(3) == 0 {
		sinks = 2
		spec.FanOut = []pipeline.FanOut{pipeline.All, pipeline.Any, pipeline.First, pipeline.RoundRobin}[e.random.IntN(4)]
	}
	for i := range sinks {
		spec.Sinks = append(spec.Sinks, e.sink(fmt.Sprintf("s%d", i)))
	}
	first := &spec.Sinks[0].Options
	// A record that is parked since its destination has no room may go ahead of one that its sink parks later.
	e.ordered = sinks == 1 && !first.OrderBy.IsZero() && first.Queue.OnFull != pipeline.Park && !e.accepts
	spec.Prepare()
	return spec
}

func (e *estate) sink(name string) pipeline.Sink {
	s := pipeline.Sink{Name: name, Kind: "test", Options: field.Defaults[pipeline.Options]()}
	s.Outlet = &connector.Outlet{Name: name, New: func(to string) (connector.Sink, error) { return &taker{e, name + "/" + to}, nil }}
	s.Outlet.Batch = 1 + e.random.IntN(3)
	options := &s.Options
	options.InFlight = 1 + e.random.IntN(8)
	options.Retry = delivery.Retry{MaxAttempts: 1 + e.random.IntN(8), Initial: 5 * time.Millisecond, Max: time.Second, Multiplier: 2, Jitter: .2, MaxElapsed: time.Hour}
	options.Breaker.Enabled = e.random.IntN(2) == 0
	options.Breaker.OpenFor = 200 * time.Millisecond
	options.Queue.Records = 1 + e.random.IntN(50)
	options.Queue.OnFull = []pipeline.OnFull{pipeline.Hold, pipeline.Fail, pipeline.Park}[e.random.IntN(3)]
	if e.random.IntN(2) == 0 {
		options.OrderBy = expression.Must[expression.Value]("record.key")
	}
	if e.random.IntN(2) == 0 {
		options.Destination = expression.Must[expression.Template]("{{ record.headers.to }}")
		options.MaxDestinations = 1 + e.random.IntN(4)
		options.IdleAfter = 10 * time.Millisecond
	}
	return s
}

// live lets an engine run over the estate until everything is settled, or until stopAfter.
func (e *estate) live(spec *pipeline.Spec, stopAfter time.Duration) {
	engine, err := supervisor.NewEngine(supervisor.Config{
		Log: slog.New(slog.NewTextHandler(e.Output(), nil)), Store: e.kept, Ledger: ledger.Options{KeepFor: 1000 * time.Hour}, Fault: e.fault})
	if err != nil {
		e.Fatal(err)
	}
	p := engine.Start(spec)
	if stopAfter > 0 {
		time.Sleep(stopAfter)
		engine.Drain(p, time.Now().Add(e.pause(50*time.Millisecond)))
	}
	select {
	case <-p.Ended():
	case <-time.After(12 * time.Hour):
		records, bytes := p.Backlog()
		e.Errorf("not ended: %s, in flight %d, in the backlog %d with %d bytes", p.State(), p.Board.InFlight.Load(), records, bytes)
	}
	if records, bytes := p.Backlog(); stopAfter == 0 && (records != 0 || bytes != 0) {
		e.Errorf("the pipeline believes that its backlog has %d records of %d bytes", records, bytes)
	}
	if n := p.Board.InFlight.Load(); n != 0 {
		e.Errorf("%d records are in flight at the end", n)
	}
	if err := engine.Stop(context.Background()); err != nil {
		e.Error(err)
	}
	e.mu.Lock()
	if most := spec.InFlight.Records; !e.accepts && e.most > most {
		e.Errorf("%d records were in flight, want at most %d", e.most, most)
	}
	e.most = 0
	e.mu.Unlock()
	time.Sleep(time.Minute) // the actor system's own goroutines end
}

// check holds what the source was told, and what the store says, against what really happened, over all lives.
func (e *estate) check() {
	stories, letters := e.ends()
	for _, record := range e.records {
		id := record.ID
		told := e.told[id]
		if len(told) != e.handed[id] || len(told) == 0 {
			e.Errorf("record %s was handed over %d times and has %d outcomes", id, e.handed[id], len(told))
			continue
		}
		accepted, failed, delivered := 0, 0, 0
		for _, o := range append(told, stories[id]...) {
			switch {
			case o.State == connector.Accepted:
				accepted++
			case o.State == connector.Delivered:
				delivered++
			case o.State == connector.Failed && o.DeadLettered:
				failed++
			}
		}
		if accepted != len(stories[id]) {
			e.Errorf("record %s was accepted %d times and ended %d times", id, accepted, len(stories[id]))
		}
		if letters[id] != failed {
			e.Errorf("record %s failed %d times and has %d dead letters", id, failed, letters[id])
		}
		if delivered > e.taken[id] || delivered+failed == 0 {
			e.Errorf("record %s was delivered %d times, taken %d times, and failed %d times", id, delivered, e.taken[id], failed)
		}
	}
	if n, bytes, err := e.kept.Count(context.Background(), "p"); n != 0 || bytes != 0 || err != nil {
		e.Errorf("the backlog has %d records of %d bytes at the end, %v", n, bytes, err)
	}
	if positions, err := e.kept.Load(context.Background(), "p"); err != nil || !e.accepts && (len(positions) != 1 || int(positions[0].Offset) != len(e.records)) {
		e.Errorf("committed %v, %v", positions, err)
	}
}

// ends returns the final outcomes of the records that were accepted, and how many dead letters there are of each.
func (e *estate) ends() (stories map[connector.RecordID][]*connector.Outcome, letters map[connector.RecordID]int) {
	stories, letters = make(map[connector.RecordID][]*connector.Outcome), make(map[connector.RecordID]int)
	all, _, err := e.kept.Stories(context.Background(), store.StoryQuery{Limit: 1 << 30})
	if err != nil {
		e.Error(err)
	}
	for _, story := range all {
		if story.Accepted {
			stories[story.ID] = append(stories[story.ID], story.Outcome)
		}
	}
	dead, _, err := e.kept.List(context.Background(), store.LetterQuery{Limit: 1 << 30})
	if err != nil {
		e.Error(err)
	}
	for _, letter := range dead {
		letters[letter.Record.ID]++
	}
	return stories, letters
}

func TestEveryRecordOfABacklogEndsOnceOverAllLivesOfTheEngine(t *testing.T) {
	seeds := 120
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEstate(t, uint64(seed), 300)
				spec := e.spec()
				t.Log(e.describe(spec))
				for range e.random.IntN(4) {
					e.live(spec, 1+e.pause(500*time.Millisecond))
				}
				e.live(spec, 0)
				e.check()
			})
		})
	}
}

// describe says which world it is.
func (e *estate) describe(spec *pipeline.Spec) string {
	text := fmt.Sprintf("accepts %t, %+v, window %+v, backlog %+v, fan out %q", e.accepts, e.odds, spec.InFlight, spec.Backlog, spec.FanOut)
	for i := range spec.Sinks {
		o := &spec.Sinks[i].Options
		text += fmt.Sprintf("; %s: batch %d, in flight %d, queue %+v, ordered %t, templated %t up to %d, breaker %t, attempts %d", spec.Sinks[i].Name,
			spec.Sinks[i].Outlet.Batch, o.InFlight, o.Queue, !o.OrderBy.IsZero(), !o.Destination.IsZero(), o.MaxDestinations, o.Breaker.Enabled, o.Retry.MaxAttempts)
	}
	return text
}
