package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/all"
	"github.com/acktor/acktor/connector/memory"
	"github.com/acktor/acktor/store/sqlite"
)

// EngineTask is for the engine. It has a configuration, or callers.
type EngineTask struct {
	YAML string
	// Clock measures how long records take from being read to being settled. It is for sources that leave Record.Ref alone.
	Clock bool
	// Count keeps a ledger of what the sinks write, by the records' offsets. Each of several pipelines has the same share of
	// Records.
	Count bool
	// Store is the directory for positions. Empty: they are kept in memory.
	Store string
	// Grace bounds the time to settle what is in flight when the work is ended.
	Grace time.Duration

	// Callers call Send, each for one record at a time, until Records were sent; the sink is a function.
	Callers int
	Size    int

	Records int64

	Fault Fault // of the sinks

	// Profile is the path where profiles of the work are written: PROFILE.cpu and PROFILE.allocs. Empty: none.
	Profile string
}

// Engine is the role of the engine.
func Engine(ctx context.Context, line *process.Line) error {
	var task EngineTask
	if err := line.Task(&task); err != nil {
		return err
	}
	fault := task.Fault
	if !task.Count && task.Callers == 0 {
		fault = "" // the sinks have it
	}
	e := &engine{task: &task, taken: newTaken(fault), clock: &clock{latency: measure.NewHistogram()}}
	err := e.prepare()
	if err != nil {
		return errors.Join(err, e.closeStore())
	}
	err = process.Compete(ctx, line, profiled(task.Profile, process.Contestant{Start: e.start, Wait: e.wait, Stop: e.stop}))
	return errors.Join(err, e.closeStore())
}

type engine struct {
	task   *EngineTask
	acktor *acktor.Engine
	store  *sqlite.Store
	taken  *taken
	clock  *clock

	source *memory.Source // of callers
	calls  *callers
}

func (e *engine) prepare() (err error) {
	options := acktor.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if e.task.Store != "" {
		if e.store, err = sqlite.Open(context.Background(), e.task.Store, sqlite.Options{}); err != nil {
			return err
		}
		options.Store = e.store
	}
	if e.acktor, err = acktor.New(options); err != nil {
		return err
	}
	if e.task.Callers > 0 {
		return e.embed()
	}
	return e.load()
}

func (e *engine) closeStore() error {
	if e.store == nil {
		return nil
	}
	return e.store.Close()
}

// load adds the pipelines of the configuration.
func (e *engine) load() error {
	loaded, diagnostics := config.Load([]config.Source{{Name: "scenario", Text: []byte(e.task.YAML)}}, all.Registry(), config.Options{})
	if loaded == nil {
		return &acktor.ConfigError{Diagnostics: diagnostics}
	}
	for i := range loaded.Pipelines {
		spec := &loaded.Pipelines[i]
		if e.task.Clock {
			spec.Source = &clocked{Source: spec.Source, clock: e.clock}
		}
		for j := range spec.Sinks {
			switch {
			case e.task.Count:
				count(spec.Sinks[j].Outlet, e.taken, int64(i)*e.task.Records/int64(len(loaded.Pipelines)))
			case e.task.Fault != "":
				spoilOutlet(spec.Sinks[j].Outlet, e.task.Fault)
			}
		}
	}
	for _, pipeline := range acktor.FromConfig(loaded) {
		if err := e.acktor.Add(pipeline); err != nil {
			return err
		}
	}
	return nil
}

// embed adds a pipeline as a program would that embeds the engine.
func (e *engine) embed() error {
	e.source = memory.NewSource(memory.Options{})
	e.calls = &callers{records: e.task.Records, count: e.task.Callers}
	sink := acktor.SinkFunc("function", func(_ context.Context, record *acktor.Record) error {
		e.taken.take(record.Time.UnixNano())
		return nil
	})
	return e.acktor.Add(acktor.Pipeline{Name: "bench", Source: e.source, Sinks: []acktor.Sink{sink}})
}

func (e *engine) start(ctx context.Context) error { return e.acktor.Start(ctx) }

func (e *engine) wait(ctx context.Context) error {
	if e.source == nil {
		if err := e.acktor.Wait(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}
	e.calls.run(ctx, func() func(int64) error {
		return func(n int64) error { return e.send(ctx, n) }
	})
	return nil
}

// send sends a record whose time is its number, so that the sink has it at hand.
func (e *engine) send(ctx context.Context, n int64) error {
	outcome, err := e.source.Send(ctx, &connector.Record{Time: time.Unix(0, n), Data: make([]byte, e.task.Size)})
	if err == nil && outcome.State != connector.Delivered {
		err = fmt.Errorf("record %d: %s", n, outcome.State)
	}
	return err
}

func (e *engine) stop() (process.Report, error) {
	if e.source != nil {
		e.source.End()
	}
	var inTime int64
	for _, status := range e.acktor.Pipelines() {
		inTime += status.Delivered
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.task.Grace)
	defer cancel()
	gaveUp := e.acktor.Stop(ctx)
	if e.source != nil {
		return e.calls.report(e.taken), gaveUp
	}
	report := process.Report{InTime: inTime}
	for _, status := range e.acktor.Pipelines() {
		report.Records += status.Read
		report.Delivered += status.Delivered
		report.Failed += status.Failed
		report.Filtered += status.Filtered
		for _, failure := range status.Failures[:min(len(status.Failures), 3)] {
			report.Failures = append(report.Failures, fmt.Sprintf("%s: %s", failure.Class, failure.Detail))
		}
	}
	if gaveUp != nil {
		report.Failures = append(report.Failures, gaveUp.Error())
	}
	if e.task.Clock {
		report.Latency = e.clock.latency
	}
	if e.task.Count {
		report.Taken = e.taken.page()
	}
	return report, nil
}
