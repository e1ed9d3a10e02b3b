package supervisor

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/sink"
	"github.com/acktor/acktor/actors/source"
	"github.com/acktor/acktor/backlog"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
)

// pipelineActor supervises one pipeline: its source and its sinks. Each of its incarnations starts them anew.
//
//	starting -> running <-> paused
//	   |           |
//	   +-> failing / failed -> running      the source tries again by itself
//	               |
//	   Drain, or the end of the source
//	               v
//	           draining -> ended
type pipelineActor struct {
	restarter
	*Pipeline
	engine         *config
	source         *actor.PID
	sourceRestarts *restarts
	sinks          []*actor.PID // the dead letter's last, if there is one
	draining       bool
	end            *messages.SourceEnded
}

var _ actor.SupervisorStrategy = (*pipelineActor)(nil)

// Receive handles the one state that it has, and its end.
func (p *pipelineActor) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		p.start(ctx)
	case *messages.SourceState:
		p.sourceState(ctx, msg)
	case *messages.Pause:
		p.steer(ctx, Paused, msg)
	case *messages.Resume:
		p.steer(ctx, Running, msg)
	case *messages.Drain:
		p.drain(ctx, msg)
	case *messages.SourceEnded:
		p.sourceEnded(ctx, msg)
	case *actor.Terminated:
		p.terminated(ctx, msg.Who)
	}
}

// HandleFailure restarts the source; a sink's supervisor that gives up, or panics, fails the whole pipeline.
func (p *pipelineActor) HandleFailure(system *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, message any) {
	if child.Equal(p.source) {
		p.handle(system, supervisor, child, p.sourceRestarts, reason, message)
		return
	}
	supervisor.EscalateFailure(reason, message)
}

func (p *pipelineActor) start(ctx actor.Context) {
	p.become(ctx, Starting, nil)
	previous := p.running
	p.running = &sync.WaitGroup{}
	spec := p.Spec
	for i := range spec.Sinks {
		p.sinks = append(p.sinks, p.spawnSinks(ctx, &spec.Sinks[i], i, "sinks/"+spec.Sinks[i].Name, previous))
	}
	var letters *actor.PID
	if spec.DeadLetter != nil {
		letters = p.spawnSinks(ctx, spec.DeadLetter, len(spec.Sinks), "dead-letter", previous)
		p.sinks = append(p.sinks, letters)
	}
	metrics := p.engine.Metrics.Source(string(spec.Name))
	feed := backlog.New(spec.Source, p.engine.Store, string(spec.Name),
		backlog.Options{Records: spec.Backlog.Records, Bytes: int64(spec.Backlog.Bytes), Metrics: metrics}, p.log.With(slog.String("pipeline", string(spec.Name))))
	p.feeds(feed)
	config := &source.Config{
		Spec: spec, Feed: feed, Store: p.engine.Store, Ledger: p.engine.ledger, Sinks: p.sinks[:len(spec.Sinks)], Letters: letters, Positions: p.engine.Positions,
		Metrics: metrics, Board: p.Board,
		Log: p.log.With(slog.String("pipeline", string(spec.Name))), Watcher: p.engine.watcher,
		Running: p.running, Previous: previous, Fault: p.engine.Fault, Dispatcher: p.engine.pool,
	}
	p.sourceRestarts = newRestarts(spec.Restart)
	p.source = p.spawn(ctx, config.Props(), "source")
}

func (p *pipelineActor) spawnSinks(ctx actor.Context, spec *pipeline.Sink, index int, name string, previous *sync.WaitGroup) *actor.PID {
	config := &sink.Config{
		Pipeline: p.Spec.Name, Sink: spec, Index: index, Policy: delivery.NewPolicy(spec.Options.Retry),
		Metrics: p.engine.Metrics.Sink(string(p.Spec.Name), spec.Name), Board: p.Board, Restart: p.Spec.Restart,
		Log: p.log, Events: p.events, Running: p.running, Previous: previous, Fault: p.engine.Fault, Dispatcher: p.engine.pool,
	}
	return p.spawn(ctx, actor.PropsFromProducer(func() actor.Actor { return newSinks(config, p.Pipeline, p.restarter) }), name)
}

// spawn panics when the name is taken, which is a mistake of this package.
func (p *pipelineActor) spawn(ctx actor.Context, props *actor.Props, name string) *actor.PID {
	pid, err := ctx.SpawnNamed(props, name)
	if err != nil {
		panic(fmt.Errorf("spawn %s: %w", name, err))
	}
	return pid
}

func (p *pipelineActor) sourceState(ctx actor.Context, msg *messages.SourceState) {
	if p.draining {
		return
	}
	switch msg.State {
	case messages.SourceOpened:
		if p.Pipeline.State() != Paused {
			p.become(ctx, Running, nil)
		}
	case messages.SourceFailing:
		p.become(ctx, Failing, msg.Err)
	case messages.SourceFailed:
		p.become(ctx, FailedState, msg.Err)
	}
}

// steer passes Pause and Resume on, unless the pipeline is about to end.
func (p *pipelineActor) steer(ctx actor.Context, state State, msg any) {
	if p.draining {
		return
	}
	p.become(ctx, state, nil)
	ctx.Send(p.source, msg)
}

func (p *pipelineActor) drain(ctx actor.Context, msg *messages.Drain) {
	p.become(ctx, Draining, nil)
	p.draining = true
	ctx.Send(p.source, msg)
}

// sourceEnded closes the sinks behind the source.
func (p *pipelineActor) sourceEnded(ctx actor.Context, msg *messages.SourceEnded) {
	p.end, p.draining = msg, true
	for _, pid := range p.sinks {
		ctx.Send(pid, &messages.Drain{})
	}
}

func (p *pipelineActor) terminated(ctx actor.Context, who *actor.PID) {
	for i, pid := range p.sinks {
		if pid.Equal(who) {
			p.sinks = append(p.sinks[:i], p.sinks[i+1:]...)
			break
		}
	}
	if p.end != nil && len(p.sinks) == 0 {
		p.become(ctx, Ended, p.end.Err)
		ctx.Stop(ctx.Self())
	}
}

// become shows a new state to those who look and to those who subscribed.
func (p *pipelineActor) become(ctx actor.Context, state State, err error) {
	if !p.set(state, err) {
		return
	}
	ctx.Send(p.events, changed(p.Pipeline, state, err))
}

func changed(p *Pipeline, state State, err error) *messages.PipelineChanged {
	return &messages.PipelineChanged{Pipeline: string(p.Spec.Name), State: state.String(), Err: err, At: time.Now()}
}
