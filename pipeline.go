package acktor

import (
	"context"
	"fmt"
	"reflect"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
)

// The words of the engine, as their packages define them.
type (
	// Record is one unit of data.
	Record = connector.Record
	// Outcome is the one final word on a record.
	Outcome = connector.Outcome
	// Source hands records over.
	Source = connector.Source
	// SinkOptions guard a sink: retries, breaker, limits, order.
	SinkOptions = pipeline.Options
	// Window bounds what is in flight.
	Window = pipeline.Window
	// FanOut says what several sinks mean for one record.
	FanOut = pipeline.FanOut
)

// Pipeline moves the records of one source through steps to one or more sinks.
type Pipeline struct {
	// Name is unique in the engine: lower-case letters, digits, - and _, at most 63.
	Name   string
	Source Source
	Steps  []steps.Step
	Sinks  []Sink
	// FanOut says what several sinks mean for one record. The default is pipeline.All.
	FanOut FanOut
	// DeadLetter gets the records that failed for good, if it is set: they are settled once they are written there. Without it
	// they are kept in the engine's store, where there is one, unless NoDeadLetter is set.
	DeadLetter   *Sink
	NoDeadLetter bool
	// Backlog bounds what the engine answers for by itself, where it has a store. The zero value means the defaults.
	Backlog pipeline.Backlog
	// InFlight bounds what is read and not yet settled. The zero value means the defaults.
	InFlight Window
	// Restart is how the supervisors restart what failed. The zero value means the defaults.
	Restart pipeline.Restart

	loaded *pipeline.Spec
}

// Sink is one sink of a pipeline.
type Sink struct {
	Name   string
	Outlet *connector.Outlet
	// Options guard the sink. The zero value means the defaults; to change one, begin with DefaultSinkOptions.
	Options SinkOptions
}

// DefaultSinkOptions returns the documented defaults.
func DefaultSinkOptions() SinkOptions { return field.Defaults[SinkOptions]() }

// SinkFunc makes a sink from a function that delivers one record. It is called from many goroutines at the same
// time; its error is judged by connector.Classify.
func SinkFunc(name string, write func(ctx context.Context, record *Record) error) Sink {
	return Sink{Name: name, Outlet: connector.Single(name, funcSink(write))}
}

type funcSink func(context.Context, *Record) error

var _ connector.Sink = funcSink(nil)

func (funcSink) Open(context.Context) error  { return nil }
func (funcSink) Close(context.Context) error { return nil }

func (f funcSink) Write(ctx context.Context, batch []*Record) []connector.Result {
	var results []connector.Result
	for i, record := range batch {
		if err := f(ctx, record); err != nil {
			if results == nil {
				results = make([]connector.Result, len(batch))
			}
			results[i].Err = err
		}
	}
	return results
}

// SourceFunc makes a source from a function that returns the next record. It is called by one goroutine at a time, must
// return when ctx ends, and returns connector.ErrEndOfSource at the end. Nobody is told of the outcomes: watch them.
func SourceFunc(next func(ctx context.Context) (*Record, error)) Source { return funcSource(next) }

type funcSource func(context.Context) (*Record, error)

func (funcSource) Open(context.Context, []connector.Position) error  { return nil }
func (funcSource) Settle(context.Context, []connector.Settled) error { return nil }
func (funcSource) Close(context.Context) error                       { return nil }
func (f funcSource) Read(ctx context.Context, _ connector.Credit) ([]*Record, error) {
	record, err := f(ctx)
	if record == nil {
		return nil, err
	}
	return []*Record{record}, err
}

// spec checks the pipeline and puts in the defaults.
func (p Pipeline) spec() (*pipeline.Spec, error) {
	if p.loaded != nil {
		return p.loaded, nil
	}
	spec := &pipeline.Spec{
		Name: pipeline.Name(p.Name), InFlight: p.InFlight, Source: p.Source, SourceKind: "go",
		Steps: p.Steps, FanOut: p.FanOut, Restart: p.Restart, NoDeadLetter: p.NoDeadLetter, Backlog: p.Backlog,
	}
	orDefaults(&spec.InFlight)
	orDefaults(&spec.Restart)
	for _, sink := range p.Sinks {
		spec.Sinks = append(spec.Sinks, sink.spec())
	}
	if p.DeadLetter != nil {
		letters := p.DeadLetter.spec()
		spec.DeadLetter = &letters
	}
	spec.Prepare()
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("acktor: %w", err)
	}
	return spec, nil
}

func (s Sink) spec() pipeline.Sink {
	spec := pipeline.Sink{Name: s.Name, Kind: "go", Outlet: s.Outlet, Options: s.Options}
	orDefaults(&spec.Options)
	return spec
}

func orDefaults[C any](config *C) {
	if reflect.ValueOf(config).Elem().IsZero() {
		*config = field.Defaults[C]()
	}
}
