package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/dispatch"
	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// Config is what the whole tree shares.
type Config struct {
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	Positions store.Positions // nil: those of Store, or else in memory
	Store     store.Store     // nil: there is none
	Ledger    ledger.Options
	// Fault, if not nil, is called before and after each message of a source or a destination. Tests let it panic.
	Fault func(message any)
}

type config struct {
	Config
	events   *actor.PID
	watching *atomic.Int64  // how many want the Status of records
	ledger   *ledger.Writer // nil: there is no store
	pool     *dispatch.Pool
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
	switch {
	case c.Positions != nil:
	case c.Store != nil:
		c.Positions = c.Store
	default:
		c.Positions = store.NewMemory()
	}
	quiet := c.Log.With(slog.String("part", "actors"))
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(onlyErrors{quiet.Handler()})
	}), actor.WithDeadLetterThrottleInterval(time.Millisecond)) // after each dead letter a goroutine waits for so long, even beyond Stop
	events, err := system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return &eventsActor{} }), "events")
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	shared := &config{Config: c, events: events, watching: &atomic.Int64{}, pool: dispatch.NewPool()}
	if c.Store != nil {
		shared.ledger = ledger.New(c.Store, c.Ledger, c.Log, c.Metrics.Dropped)
	}
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
	defer e.config.pool.Close()
	defer e.config.ledger.Close()
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
//
//	running --- an actor of it failed too often ---> stopping ---> down --- slow clock ---> running
//	   |                                                |           |
//	   +--- ended by itself ---> ended <--- if it was asked to drain+
type engineActor struct {
	config    *config
	pipelines map[pipeline.Name]*supervised
	stopping  bool
}

// supervised is a pipeline that has not ended.
type supervised struct {
	*Pipeline
	pid     *actor.PID // nil while it is down
	failure error      // why it is stopping or down
	drains  bool       // it was asked to end, and is not started again
	pauses  bool       // it is started again as a paused one
}

// Messages to the engine actor.
type (
	startPipeline   struct{ *Pipeline }
	restartPipeline struct{ *supervised }
	toPipeline      struct {
		name    pipeline.Name
		message any
	}
)

var _ actor.SupervisorStrategy = (*engineActor)(nil)

// Receive handles the one state that it has.
func (e *engineActor) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *startPipeline:
		e.add(ctx, msg.Pipeline)
	case *restartPipeline:
		e.restart(ctx, msg.supervised)
	case *toPipeline:
		e.forward(ctx, msg)
	case *actor.Terminated:
		e.terminated(ctx, msg.Who)
	case *actor.Stopping:
		e.stopping = true
	}
}

// HandleFailure stops a pipeline that is beyond quick restarts: what it has in flight is cancelled at once, and it is
// started anew on the slow clock.
func (e *engineActor) HandleFailure(system *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, _ any) {
	p := e.of(child)
	if p == nil || p.failure != nil {
		return // it stops already
	}
	p.failure = fmt.Errorf("supervisor: pipeline %s failed: %v", p.Spec.Name, reason)
	e.config.Log.Error(fmt.Sprintf("pipeline %s failed, next try %s", p.Spec.Name, p.Spec.Restart.RetryFailed), slog.Any("reason", reason))
	if p.set(FailedState, p.failure) {
		system.Root.Send(e.config.events, changed(p.Pipeline, FailedState, p.failure))
	}
	supervisor.StopChildren(child)
}

func (e *engineActor) of(pid *actor.PID) *supervised {
	for _, p := range e.pipelines {
		if pid.Equal(p.pid) {
			return p
		}
	}
	return nil
}

func (e *engineActor) add(ctx actor.Context, p *Pipeline) {
	if e.pipelines == nil {
		e.pipelines = make(map[pipeline.Name]*supervised)
	}
	e.pipelines[p.Spec.Name] = &supervised{Pipeline: p}
	e.start(ctx, e.pipelines[p.Spec.Name])
}

func (e *engineActor) start(ctx actor.Context, p *supervised) {
	if e.stopping { // a child that is spawned now would never be stopped
		e.end(p)
		return
	}
	log := e.config.Log
	props := actor.PropsFromProducer(func() actor.Actor {
		return &pipelineActor{
			restarter: restarter{pipeline: p.Spec.Name, log: log, events: e.config.events},
			Pipeline:  p.Pipeline, engine: e.config,
		}
	})
	pid, err := ctx.SpawnNamed(props, string(p.Spec.Name))
	if err != nil {
		p.failure = fmt.Errorf("supervisor: start pipeline %s: %w", p.Spec.Name, err)
		e.end(p)
		return
	}
	p.pid, p.failure = pid, nil
	if p.pauses {
		ctx.Send(pid, &messages.Pause{})
	}
}

func (e *engineActor) restart(ctx actor.Context, p *supervised) {
	if e.pipelines[p.Spec.Name] == p { // else it was drained meanwhile
		e.start(ctx, p)
	}
}

func (e *engineActor) forward(ctx actor.Context, msg *toPipeline) {
	p, ok := e.pipelines[msg.name]
	if !ok {
		return // it has ended
	}
	switch msg.message.(type) {
	case *messages.Pause:
		p.pauses = true
	case *messages.Resume:
		p.pauses = false
	case *messages.Drain:
		p.drains = true
	}
	switch {
	case p.pid != nil:
		ctx.Send(p.pid, msg.message)
	case p.drains:
		e.end(p)
	}
}

// terminated follows the end of a pipeline's actor: that of the pipeline, or, after a failure, a pause of it.
func (e *engineActor) terminated(ctx actor.Context, who *actor.PID) {
	p := e.of(who)
	if p == nil {
		return
	}
	p.pid = nil
	if p.failure == nil || p.drains || e.stopping {
		e.end(p)
		return
	}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	time.AfterFunc(p.Spec.Restart.RetryFailed, func() { root.Send(self, &restartPipeline{p}) })
}

// end lets go of a pipeline. One that was stopped closes its connectors in the background.
func (e *engineActor) end(p *supervised) {
	delete(e.pipelines, p.Spec.Name)
	err := p.failure
	if err == nil {
		err = fmt.Errorf("supervisor: pipeline %s was stopped", p.Spec.Name)
	}
	log := e.config.Log
	go func() {
		if p.running != nil {
			p.running.Wait()
		}
		for i := range p.closers {
			p.closeOutlet(i, log)
		}
		p.set(Ended, err)
	}()
}
