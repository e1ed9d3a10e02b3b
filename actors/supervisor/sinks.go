package supervisor

import (
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/sink"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
)

// sinks supervises the destinations of one sink: it makes them when a source asks for them, restarts them when
// they panic, and closes them when the source lets go.
type sinks struct {
	restarter
	config   *sink.Config
	shown    *Pipeline
	byName   map[string]*destination
	byPID    map[string]*destination
	spawned  int
	draining bool
	stopping bool
}

// destination is one child.
type destination struct {
	name     string
	pid      *actor.PID
	source   *actor.PID
	restarts *restarts
	closing  bool
	pending  *messages.Resolve // asked for while it is closing
}

var _ actor.SupervisorStrategy = (*sinks)(nil)

func newSinks(config *sink.Config, shown *Pipeline, restarter restarter) *sinks {
	return &sinks{
		restarter: restarter, config: config, shown: shown,
		byName: make(map[string]*destination), byPID: make(map[string]*destination),
	}
}

// Receive handles the one state that it has, and its end.
func (s *sinks) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *messages.Resolve:
		s.resolve(ctx, msg)
	case *messages.Release:
		s.release(ctx, msg)
	case *messages.Restarted:
		s.reconnect(ctx, msg.PID)
	case *messages.Drain:
		s.drain(ctx)
	case *actor.Terminated:
		s.terminated(ctx, msg.Who)
	case *actor.Stopping:
		s.stopping = true
	case *outletClosed:
		ctx.Stop(ctx.Self())
	}
}

// HandleFailure restarts a destination's actor.
func (s *sinks) HandleFailure(system *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	_ *actor.RestartStatistics, reason, message any) {
	if d, ok := s.byPID[child.Id]; ok {
		s.handle(system, supervisor, child, d.restarts, reason, message)
	}
}

func (s *sinks) resolve(ctx actor.Context, msg *messages.Resolve) {
	d, ok := s.byName[msg.Destination]
	switch {
	case s.stopping: // a child that is spawned now would never be stopped
	case !ok:
		s.spawn(ctx, msg)
	case d.closing:
		d.pending = msg
	default:
		ctx.Send(msg.Source, &messages.Resolved{Sink: msg.Sink, Destination: msg.Destination, PID: d.pid})
	}
}

func (s *sinks) spawn(ctx actor.Context, msg *messages.Resolve) {
	resolved := &messages.Resolved{Sink: msg.Sink, Destination: msg.Destination}
	defer func() { ctx.Send(msg.Source, resolved) }()
	connector, err := s.make(msg.Destination)
	if err != nil {
		resolved.Err = err
		return
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(s.config.Props(msg.Destination, connector), strconv.Itoa(s.spawned))
	if err != nil {
		resolved.Err = err
		return
	}
	d := &destination{name: msg.Destination, pid: pid, source: msg.Source, restarts: newRestarts(s.config.Restart)}
	s.byName[d.name], s.byPID[pid.Id] = d, d
	resolved.PID = pid
}

// make makes the connector of a destination. A panic in it is its error.
func (s *sinks) make(name string) (made connector.Sink, err error) {
	defer connector.Recover(&err)
	return s.config.Sink.Outlet.New(name)
}

func (s *sinks) release(ctx actor.Context, msg *messages.Release) {
	if d, ok := s.byPID[msg.PID.Id]; ok && !d.closing {
		d.closing = true
		ctx.Send(d.pid, &messages.Drain{})
	}
}

// reconnect tells the source that a destination's actor has lost its memory, or the actor that it was to close.
func (s *sinks) reconnect(ctx actor.Context, pid *actor.PID) {
	d, ok := s.byPID[pid.Id]
	switch {
	case !ok:
	case d.closing:
		ctx.Send(d.pid, &messages.Drain{})
	default:
		ctx.Send(d.source, &messages.Resolved{
			Sink: s.config.Index, Destination: d.name, PID: d.pid, Restarted: true})
	}
}

func (s *sinks) terminated(ctx actor.Context, pid *actor.PID) {
	d, ok := s.byPID[pid.Id]
	if !ok {
		return
	}
	delete(s.byPID, pid.Id)
	delete(s.byName, d.name)
	ctx.Send(d.pid, letGo{})
	switch {
	case s.stopping || s.draining:
	case d.pending != nil:
		s.spawn(ctx, d.pending)
	case !d.closing:
		s.spawn(ctx, &messages.Resolve{Sink: s.config.Index, Destination: d.name, Source: d.source})
	}
	s.closeWhenEmpty(ctx)
}

// letGo goes to an actor that is gone. protoactor keeps the PIDs of former children in the spare room of a slice, and a PID
// keeps its actor, mailbox and all, until it is used again.
type letGo struct{}

// IgnoreDeadLetterLogging tells protoactor that nobody minds that the message reaches nobody.
func (letGo) IgnoreDeadLetterLogging() {}

// drain closes every destination. The source has nothing in flight any more.
func (s *sinks) drain(ctx actor.Context) {
	s.draining = true
	for _, d := range s.byPID {
		d.pending = nil
		if !d.closing {
			d.closing = true
			ctx.Send(d.pid, &messages.Drain{})
		}
	}
	s.closeWhenEmpty(ctx)
}

// outletClosed says that what the destinations shared is closed.
type outletClosed struct{}

// closeWhenEmpty closes what the destinations shared, once they are all gone.
func (s *sinks) closeWhenEmpty(ctx actor.Context) {
	if !s.draining || len(s.byPID) > 0 {
		return
	}
	shown, index, log := s.shown, s.config.Index, s.log
	root, self := ctx.ActorSystem().Root, ctx.Self()
	go func() {
		shown.closeOutlet(index, log)
		root.Send(self, &outletClosed{})
	}()
}
