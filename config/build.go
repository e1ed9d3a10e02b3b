package config

import (
	"fmt"
	"log/slog"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
)

// build constructs a pipeline as far as its form is right, and checks the combination of its settings.
func (d *decoder) build(form *pipelineForm, logger *slog.Logger) pipeline.Spec {
	b := builder{decoder: d, pipeline: form.name, logger: logger.With("pipeline", form.name)}
	spec := pipeline.Spec{
		Name: pipeline.Name(form.name), InFlight: form.InFlight, FanOut: form.FanOut, Restart: form.Restart, NoDeadLetter: !form.KeepFailed, Backlog: form.Backlog, Steps: steps.NewChain(form.Steps),
		SourceKind: form.Source.definition.Name, Source: b.source(&form.Source.choice),
	}
	for _, sink := range form.sinksInOrder() {
		spec.Sinks = append(spec.Sinks, b.sink(sink, sink.name))
		d.checkSink(sink)
	}
	if form.DeadLetter != nil {
		spec.DeadLetter = new(b.sink(form.DeadLetter, deadLetter))
		d.checkSink(form.DeadLetter)
	}
	d.checkPipeline(form)
	return spec
}

// deadLetter is the name of the sink for failed records.
const deadLetter = "dead_letter"

// builder calls the constructors of one pipeline's connectors.
type builder struct {
	*decoder
	pipeline string
	logger   *slog.Logger
}

func (b *builder) env(name string) connector.Env {
	return connector.Env{Log: b.logger.With("connector", name), Pipeline: b.pipeline, Connector: name}
}

func (b *builder) source(c *choice) (source connector.Source) {
	b.construct(c, func() (err error) {
		source, err = c.definition.Source.New(c.config, b.env("source"))
		return err
	})
	return source
}

func (b *builder) sink(form *sinkForm, name string) pipeline.Sink {
	sink := pipeline.Sink{Name: name, Kind: form.definition.Name, Options: form.Options}
	b.construct(&form.choice, func() (err error) {
		sink.Outlet, err = form.definition.Sink.New(form.config, b.env(name))
		return err
	})
	form.many = severalDestinations(sink.Outlet, form)
	form.single = sink.Outlet != nil && sink.Outlet.Batch <= 1
	if sink.Options.Queue.OnFull == "" {
		sink.Options.Queue.OnFull = pipeline.Hold
		if form.many && name != deadLetter { // a record whose dead letter is not written is not settled
			sink.Options.Queue.OnFull = pipeline.Fail
		}
	}
	return sink
}

// severalDestinations reports whether the records of a sink decide where they go.
func severalDestinations(outlet *connector.Outlet, form *sinkForm) bool {
	if !form.Destination.IsZero() {
		_, constant := form.Destination.Constant()
		return !constant
	}
	return outlet != nil && outlet.Destination != nil
}

// construct calls a constructor, provided that the connector's keys were right. What it returns, or panics
// with, is reported at the keys that it names.
func (b *builder) construct(c *choice, call func() error) {
	if c.config == nil {
		return
	}
	path := join(c.path, c.definition.Name)
	defer func() {
		if p := recover(); p != nil {
			b.errorf(c.node.owner, path, "", "the connector panicked: %s", b.secrets.hide(fmt.Sprint(p)))
		}
	}()
	b.complaint(call(), c.node, path)
}
