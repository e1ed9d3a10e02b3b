package sink

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cenkalti/backoff/v4"

	"github.com/acktor/acktor/actors/alarm"
	"github.com/acktor/acktor/actors/dispatch"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/telemetry"
)

// Actor delivers to one destination. See the package comment for its states.
type Actor struct {
	*Config
	life        *life
	where       messages.Where
	incarnation uint64
	state       func(actor.Context)
	turn        *dispatch.Turn
	now         time.Time // when the message at hand was taken up

	ctx      context.Context // of all that this incarnation has running
	cancel   context.CancelFunc
	self     *actor.PID
	root     *actor.RootContext
	previous <-chan struct{} // closed when the incarnation before has let go of the connector
	closed   chan struct{}   // closed when this one has; nil when it has never held it

	ready      fifo // may be written at once
	readySince time.Time
	readyBytes int
	retries    retryHeap
	lanes      lanes
	writing    []*write
	spare      []*write
	freeJobs   []*job
	workers    workers
	limit      int // writes at the same time
	batch      int // records in a write

	breaker     *delivery.Breaker
	limiter     *delivery.Limiter
	heldUntil   time.Time // the peer asked to be left alone
	blocked     time.Time // nothing can be written before
	reopen      bool      // the connector has lost its peer
	openBackoff *backoff.ExponentialBackOff
	openErr     error

	alarm     alarm.Alarm
	nextSweep time.Time
	sources   []*actor.PID // who connected
	row       *telemetry.Destination
	attempted bool // the connector was opened, or at least tried to
	ended     bool // end was called
	left      bool // the board is left
	lastClass connector.Class
}

func newActor(config *Config, life *life) *Actor {
	options := &config.Sink.Options
	a := &Actor{
		Config: config, life: life, incarnation: life.incarnation.Add(1),
		where:   messages.Where{Pipeline: string(config.Pipeline), Sink: config.Sink.Name, Destination: life.destination},
		limit:   options.InFlight,
		batch:   max(1, config.Sink.Outlet.Batch),
		limiter: delivery.NewLimiter(options.RateLimit),
	}
	if most := config.Sink.Outlet.InFlight; most > 0 {
		a.limit = min(a.limit, most)
	}
	if options.Batch != nil {
		a.batch = options.Batch.Records
	}
	a.breaker = delivery.NewBreaker(life.destination, options.Breaker, a.breakerChanged)
	a.openBackoff = backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(options.Retry.Initial), backoff.WithMaxInterval(options.Retry.Max),
		backoff.WithMultiplier(options.Retry.Multiplier), backoff.WithRandomizationFactor(options.Retry.Jitter),
		backoff.WithMaxElapsedTime(0))
	a.state = a.opening
	return a
}

// Messages of the actor to itself.
type (
	opened struct {
		incarnation uint64
		err         error
	}
	closed struct{ incarnation uint64 }
	rang   struct{ incarnation uint64 }
)

// Receive hands the message to the current state.
func (a *Actor) Receive(ctx actor.Context) {
	defer a.answerAndPanicOn(ctx)
	a.now = a.turn.Now()
	if a.Fault != nil {
		a.Fault(ctx.Message())
		defer a.Fault(ctx.Message())
	}
	a.state(ctx)
}

// answerAndPanicOn makes a panic over a Deliver its outcome, then lets the supervisor restart the actor. The
// other records of the actor are sent again by their source.
func (a *Actor) answerAndPanicOn(ctx actor.Context) {
	reason := recover()
	if reason == nil {
		return
	}
	if deliver, ok := ctx.Message().(*messages.Deliver); ok {
		answer(ctx, deliver, a.failed(&delivery.Progress{}, panicFailure(reason)))
	}
	panic(reason)
}

// opening waits for the connector. Records wait with it.
func (a *Actor) opening(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		a.started(ctx)
	case *opened:
		a.onOpened(msg)
	case *rang:
		a.onRang(msg)
		a.openWhenDue()
	default:
		a.always(ctx)
	}
	a.schedule()
}

// delivering writes what it gets.
func (a *Actor) delivering(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *messages.Deliver:
		a.enqueue(msg)
		a.dispatchSoon()
	case *rang:
		a.onRang(msg)
		a.dispatch()
	default:
		a.always(ctx)
		a.dispatch()
	}
	a.schedule()
}

// holding leaves the destination alone while its breaker is not closed; when its time comes, dispatch sends the probes.
func (a *Actor) holding(ctx actor.Context) {
	a.delivering(ctx)
}

// draining closes the connector. What is still here was given up by its source.
func (a *Actor) draining(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *closed:
		if msg.incarnation == a.incarnation {
			ctx.Stop(ctx.Self())
		}
	case *messages.Deliver:
		answer(ctx, msg, a.failed(&delivery.Progress{}, &connector.Failure{
			Class: connector.Cancelled, Detail: "the destination is closing"}))
	case *actor.Restarting, *actor.Stopping:
		a.always(ctx)
	}
}

// always handles what means the same in every state.
func (a *Actor) always(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *messages.Deliver:
		a.enqueue(msg)
	case *written:
		a.onWritten(msg.write)
	case *messages.Connect:
		a.connect(msg)
	case *messages.Withdraw:
		a.withdraw(msg.Ticket)
	case *messages.Unpark:
		a.lanes.unpark(msg.Key)
	case *messages.Drain:
		a.becomeDraining()
	case *actor.Restarting, *actor.Stopping:
		a.end(nil)
		a.leaveBoard()
	}
}

func (a *Actor) started(ctx actor.Context) {
	a.self, a.root = ctx.Self(), ctx.ActorSystem().Root
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.previous, a.closed = a.life.closed, make(chan struct{})
	a.life.closed = a.closed
	a.alarm.Wire(a.root, a.self, &rang{a.incarnation})
	a.Running.Add(1)
	a.enterBoard()
	if a.incarnation > 1 {
		a.Metrics.Restarted()
		ctx.Send(ctx.Parent(), &messages.Restarted{PID: a.self})
	}
	a.open()
}

func (a *Actor) becomeOpening() {
	a.state = a.opening
	a.reopen = false
	a.show("opening")
	a.open()
}

func (a *Actor) becomeDelivering() {
	a.state = a.delivering
	a.show("delivering")
}

func (a *Actor) becomeHolding() {
	a.state = a.holding
	a.show("holding")
}

func (a *Actor) becomeDraining() {
	a.state = a.draining
	a.show("draining")
	a.end(func(root *actor.RootContext, self *actor.PID, incarnation uint64) {
		root.Send(self, &closed{incarnation})
	})
}
