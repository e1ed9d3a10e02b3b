package sink

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/dispatch"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/telemetry"
)

// Config is what the destinations of one sink have in common.
type Config struct {
	Pipeline pipeline.Name
	Sink     *pipeline.Sink
	Index    int // of the sink in its pipeline
	Policy   *delivery.Policy
	Metrics  *telemetry.SinkMetrics
	Board    *telemetry.Board
	Log      *slog.Logger
	Events   *actor.PID // gets the Status of destinations
	Restart  pipeline.Restart
	// Running counts the connectors that are not closed yet. Previous, if not nil, is that of the pipeline's life before:
	// nothing is opened until it is done.
	Running, Previous *sync.WaitGroup
	// Dispatcher runs the actor. Nil: protoactor's own does.
	Dispatcher actor.Dispatcher
	// Fault, if not nil, is called before and after each message is handled. Tests let it panic.
	Fault func(message any)
}

// Props returns the props of the actor of one destination that writes with sink. The actor and its later
// incarnations share sink: it is closed before it is opened again.
func (c *Config) Props(destination string, sink connector.Sink) *actor.Props {
	life := &life{destination: destination, sink: sink, closed: make(chan struct{})}
	close(life.closed)
	return dispatch.Props(func(turn *dispatch.Turn) actor.Actor {
		a := newActor(c, life)
		a.turn = turn
		return a
	}, c.Dispatcher)
}

// life is what outlives an incarnation of a destination's actor.
type life struct {
	destination string
	sink        connector.Sink
	incarnation atomic.Uint64
	// closed is closed when the incarnation before has closed the sink. It is replaced by the incarnation
	// that opens it.
	closed chan struct{}
}

const (
	// openTimeout bounds one Open, closeTimeout one Close.
	openTimeout  = 30 * time.Second
	closeTimeout = 10 * time.Second
	// patience is how much longer than its timeout a Write may take before it is overdue. At the next look its attempt
	// counts as timed out although it has not returned.
	patience = time.Second
	// sweepEvery is how often a busy destination looks for records whose time is up.
	sweepEvery = time.Second
)
