package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// Config is what the whole tree shares.
type Config struct {
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	Positions store.Positions
	// Fault, if not nil, is called before and after each message of a source or a destination. Tests let it panic.
	Fault func(message any)
}

type config struct {
	Config
	events   *actor.PID
	watching *atomic.Int64 // how many want the Status of records
}

// watcher returns who wants the Status of records: the events actor, if anybody subscribed to them.
func (c *config) watcher() *actor.PID {
	if c.watching.Load() > 0 {
		return c.events
	}
	return nil
}

// Engine is the root of the tree, as seen from outside. Its methods are safe for concurrent use.
type Engine struct {
	config *config
	system *actor.ActorSystem
	root   *actor.PID
}

// NewEngine starts an actor system of its own with an engine actor in it.
func NewEngine(c Config) (*Engine, error) {
	quiet := c.Log.With(slog.String("part", "actors"))
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(onlyErrors{quiet.Handler()})
	}), actor.WithDeadLetterThrottleInterval(time.Millisecond)) // after each dead letter a goroutine waits for so long, even beyond Stop
	events, err := system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &eventsActor{} }), "events")
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	shared := &config{Config: c, events: events, watching: &atomic.Int64{}}
	root, err := system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &engineActor{config: shared} }), "engine")
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	return &Engine{config: shared, system: system, root: root}, nil
}

// Start starts a pipeline. Names must differ from those of all pipelines before it.
func (e *Engine) Start(spec *pipeline.Spec) *Pipeline {
	p := newPipeline(spec)
	e.system.Root.Send(e.root, &startPipeline{p})
	return p
}

// Pause, Resume and Drain speak to one pipeline.
func (e *Engine) Pause(p *Pipeline) { e.tell(p, &messages.Pause{}) }

// Resume reads again after a Pause.
func (e *Engine) Resume(p *Pipeline) { e.tell(p, &messages.Resume{}) }

// Drain reads no more, settles what is in flight until the deadline, and ends the pipeline; Pipeline.Ended is closed then.
func (e *Engine) Drain(p *Pipeline, deadline time.Time) {
	e.tell(p, &messages.Drain{Deadline: deadline})
}

func (e *Engine) tell(p *Pipeline, message any) {
	e.system.Root.Send(e.root, &toPipeline{name: p.Spec.Name, message: message})
}

// Watch calls each for every Status from now on until stop is called. records asks for those of single records too,
// which costs each of them some messages. each is called from an actor: it must not block.
func (e *Engine) Watch(records bool, each func(messages.Status)) (stop func()) {
	subscription := &subscription{records: records, each: each}
	wanted := int64(0)
	if records {
		wanted = 1
	}
	e.system.Root.Send(e.config.events, &subscribe{subscription})
	e.config.watching.Add(wanted) // behind subscribe, so that no Status comes before it
	return sync.OnceFunc(func() {
		e.config.watching.Add(-wanted)
		e.system.Root.Send(e.config.events, &unsubscribe{subscription})
	})
}

// Stop ends the tree. Pipelines should have been drained; what they still have in flight is cancelled.
func (e *Engine) Stop(ctx context.Context) error {
	for _, pid := range []*actor.PID{e.root, e.config.events} {
		stopped := e.system.Root.StopFuture(pid)
		done := make(chan error, 1)
		go func() { done <- stopped.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("supervisor: stop %s: %w", pid.Id, err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// engineActor supervises the pipelines.
type engineActor struct {
	config    *config
	pipelines map[string]*supervised // by the id of their actor
}

type supervised struct {
	*Pipeline
	pid  *actor.PID
	down bool // it has failed and is not started again yet, unless its state says otherwise
}

// Messages to the engine actor.
type (
	startPipeline struct{ *Pipeline }
	toPipeline    struct {
		name    pipeline.Name
		message any
	}
)

var _ actor.SupervisorStrategy = (*engineActor)(nil)

// Receive handles the one state that it has.
func (e *engineActor) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *startPipeline:
		e.start(ctx, msg.Pipeline)
	case *toPipeline:
		e.forward(ctx, msg)
	case *actor.Terminated:
		e.terminated(msg.Who)
	}
}

// HandleFailure starts a pipeline anew, on the slow clock: whatever can be mended by a quick restart was restarted
// further down.
func (e *engineActor) HandleFailure(system *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, _ any) {
	p, ok := e.pipelines[child.Id]
	if !ok {
		return
	}
	wait := p.Spec.Restart.RetryFailed
	e.config.Log.Error(fmt.Sprintf("pipeline %s failed, next try %s", p.Spec.Name, wait), slog.Any("reason", reason))
	p.down = true
	p.set(FailedState, fmt.Errorf("%v", reason))
	time.AfterFunc(wait, func() { supervisor.RestartChildren(child) })
}

func (e *engineActor) start(ctx actor.Context, p *Pipeline) {
	if e.pipelines == nil {
		e.pipelines = make(map[string]*supervised)
	}
	log := e.config.Log
	props := actor.PropsFromProducer(func() actor.Actor {
		return &pipelineActor{
			restarter: restarter{pipeline: p.Spec.Name, log: log, events: e.config.events},
			Pipeline:  p, engine: e.config,
		}
	})
	pid, err := ctx.SpawnNamed(props, string(p.Spec.Name))
	if err != nil {
		p.set(Ended, fmt.Errorf("supervisor: start pipeline %s: %w", p.Spec.Name, err))
		return
	}
	e.pipelines[pid.Id] = &supervised{Pipeline: p, pid: pid}
}

func (e *engineActor) forward(ctx actor.Context, msg *toPipeline) {
	for _, p := range e.pipelines {
		if p.Spec.Name != msg.name {
			continue
		}
		if _, drain := msg.message.(*messages.Drain); drain && p.down && p.State() == FailedState {
			ctx.Stop(p.pid) // it would read the message only after its next start
			continue
		}
		ctx.Send(p.pid, msg.message)
	}
}

func (e *engineActor) terminated(who *actor.PID) {
	if p, ok := e.pipelines[who.Id]; ok {
		delete(e.pipelines, who.Id)
		go func() { // a stopped pipeline closes its connectors in the background
			p.running.Wait()
			p.set(Ended, fmt.Errorf("supervisor: pipeline %s was stopped", p.Spec.Name))
		}()
	}
}
