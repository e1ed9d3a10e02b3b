package source

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cenkalti/backoff/v4"

	"github.com/acktor/acktor/actors/alarm"
	"github.com/acktor/acktor/actors/dispatch"
	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/backlog"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// Config is what a source actor needs.
type Config struct {
	Spec      *pipeline.Spec
	Sinks     []*actor.PID  // the supervisors of the sinks' destinations, in the order of Spec.Sinks
	Letters   *actor.PID    // that of the dead letter's; nil when there is none
	Feed      *backlog.Feed // what the source and the backlog have
	Positions store.Positions
	Store     store.Store // nil: nothing is parked, and there are no dead letters but those of a sink
	Ledger    *ledger.Writer
	Metrics   *telemetry.SourceMetrics
	Board     *telemetry.Board
	Log       *slog.Logger
	// Watcher returns who wants the Status of records, or nil. It is called for each batch.
	Watcher func() *actor.PID
	// Running counts the connectors that are not closed yet. Previous, if not nil, is that of the pipeline's life before:
	// nothing is opened until it is done.
	Running, Previous *sync.WaitGroup
	// Dispatcher runs the actor. Nil: protoactor's own does.
	Dispatcher actor.Dispatcher
	// Fault, if not nil, is called before and after each message is handled. Tests let it panic.
	Fault func(message any)
}

// Props returns the props of the actor. Its incarnations share one Actor: what is in flight outlives a panic.
func (c *Config) Props() *actor.Props {
	a := newActor(c)
	return dispatch.Props(func(turn *dispatch.Turn) actor.Actor {
		a.turn = turn
		return a
	}, c.Dispatcher)
}

// Actor owns the records of one source. See the package comment for its states.
type Actor struct {
	*Config
	state func(ctx actor.Context, message any)
	turn  *dispatch.Turn
	now   time.Time // when the message at hand was taken up
	self  *actor.PID
	root  *actor.RootContext

	prompt  connector.Prompt // the connector, if it can be told of outcomes here and now; else nil
	ctx     context.Context  // of all that runs
	cancel  context.CancelFunc
	intake  *intake
	grants  chan grant
	granted bool            // a Read is under way
	readCtx context.Context // of the Reads, until the actor ends one
	endRead context.CancelFunc
	clerk   clerk
	endOpen context.CancelFunc

	attempted   bool // the connector was opened, or at least tried to
	opens       bool // the connector is open
	loaded      bool // ... and was before: the keys of what is parked are known
	ended       bool // the source has no more records
	pauses      bool // the operator wants a pause
	drains      bool
	readStopped bool  // the actor has ended the Read itself
	sayFailed   bool  // the last word to the connector failed
	hopeless    bool  // the last positions cannot be committed
	lost        int   // records that were given up
	failure     error // why the pipeline does not end well

	commitFailures int // in a row

	flight      flight
	sinks       []*sinkRoutes // the dead letter's last, if there is one
	letters     *sinkRoutes
	late        []waiter // dead letters to be tried again
	lettersFail bool     // the last dead letter was refused
	heldRoutes  []*route // with legs that are held back
	holding     int      // routes whose records wait for credit, and homeless records
	session     uint64
	watcher     *actor.PID
	unsaid      unsaid   // what is decided, and not kept or told yet
	saying      *settled // what the clerk keeps and tells at the moment
	spare       []connector.Settled
	keepFails   bool
	keepAgain   time.Time // when the store is asked again, after it could not keep something
	parkedKeys  map[laneKey]blockers
	ledger      commits
	deadline    time.Time // of the drain; zero when there is none, or it has passed
	givesUp     bool      // it has passed
	rescued     any       // the message over which the incarnation before panicked

	alarm       alarm.Alarm
	checkpoint  time.Time
	housekeep   time.Time
	openBackoff *backoff.ExponentialBackOff
	failures    int // to open or to read, in a row
	openAt      time.Time
}

func newActor(config *Config) *Actor {
	a := &Actor{Config: config, intake: newIntake(config.Feed, config.Spec), grants: make(chan grant, 1)}
	for i := range config.Spec.Sinks {
		a.sinks = append(a.sinks, newSinkRoutes(i, &config.Spec.Sinks[i], config.Sinks[i]))
	}
	if config.Letters != nil {
		a.letters = newSinkRoutes(len(a.sinks), config.Spec.DeadLetter, config.Letters)
		a.sinks = append(a.sinks, a.letters)
	}
	a.prompt, _ = config.Spec.Source.(connector.Prompt)
	restart := config.Spec.Restart
	a.openBackoff = backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(restart.Initial), backoff.WithMaxInterval(restart.Max), backoff.WithMaxElapsedTime(0))
	a.state = a.opening
	return a
}

// Messages of the actor to itself.
type (
	opened struct {
		err  error
		done bool
	}
	read struct {
		*batch
		returned, judged bool // what of it is done
	}
	settled struct {
		unsaid
		uncommitted []connector.Position
		keepErr     error // nothing was kept, and nobody told
		err         error
		done        bool
	}
	closed    struct{ err error }
	said      struct{} // not sent: outcomes were told, which has given credit back
	rang      struct{}
	reconnect struct{}
)

// Receive hands the message to the current state.
func (a *Actor) Receive(ctx actor.Context) {
	defer a.rescueAndPanicOn(ctx)
	a.now = a.turn.Now()
	if a.Fault != nil {
		a.Fault(ctx.Message())
		defer a.Fault(ctx.Message())
	}
	a.state(ctx, ctx.Message())
	if a.prompt != nil && a.unsaid.records > 0 && (a.unsaid.records >= sayAtOnce || !a.turn.More()) {
		a.say()
		a.state(ctx, said{})
	}
	a.schedule()
}

// opening waits for the connector.
func (a *Actor) opening(ctx actor.Context, message any) {
	switch msg := message.(type) {
	case *opened:
		a.onOpened(ctx, msg)
	default:
		a.always(ctx, message)
	}
}

// reading reads while it has credit.
func (a *Actor) reading(ctx actor.Context, message any) {
	switch message.(type) {
	case *messages.Pause:
		a.becomePaused()
	default:
		a.always(ctx, message)
		a.grant()
	}
}

// waiting reads again when there is room worth reading for.
func (a *Actor) waiting(ctx actor.Context, message any) {
	switch message.(type) {
	case *messages.Pause:
		a.becomePaused()
	default:
		a.always(ctx, message)
		if !a.drains && a.opens && a.hasRoom() {
			a.becomeReading()
		}
	}
}

// paused lets what is in flight go on and reads no more.
func (a *Actor) paused(ctx actor.Context, message any) {
	switch message.(type) {
	case *messages.Resume:
		a.pauses = false
		a.becomeReading()
	default:
		a.always(ctx, message)
	}
}

// draining settles what is in flight, up to the deadline.
func (a *Actor) draining(ctx actor.Context, message any) {
	switch msg := message.(type) {
	case *messages.Drain:
		if !a.givesUp {
			a.deadline = alarm.Earlier(a.deadline, msg.Deadline)
		}
	case *opened:
		if !msg.done {
			msg.done = true
			a.clerk.done()
			a.say()
		}
	default:
		a.always(ctx, message)
	}
	if !a.deadline.IsZero() && !a.now.Before(a.deadline) {
		a.deadline, a.givesUp = time.Time{}, true
	}
	if a.givesUp { // what a Read brings that does not heed its end, too
		a.giveUp("the engine stopped before the record was settled")
	}
	if a.drained() {
		a.becomeClosing()
	}
}

// closing waits for the connector to let go.
func (a *Actor) closing(ctx actor.Context, message any) {
	switch msg := message.(type) {
	case *messages.Drain:
		// it is drained already
	case *closed:
		ctx.Send(ctx.Parent(), &messages.SourceEnded{Err: msg.err})
		a.state = a.gone
	default:
		a.always(ctx, message)
	}
}

// gone waits to be stopped.
func (a *Actor) gone(actor.Context, any) {}

// always handles what means the same in every state.
func (a *Actor) always(ctx actor.Context, message any) {
	switch msg := message.(type) {
	case *messages.Outcome:
		a.onOutcome(msg)
	case *messages.Parked:
		a.onParked(msg)
	case *read:
		a.onRead(ctx, msg)
	case *settled:
		a.onSettled(msg)
	case *messages.Resolved:
		a.onResolved(msg)
	case *messages.Health:
		a.onHealth(msg)
	case *rang:
		a.onRang()
	case *reconnect:
		a.reconnectAll()
	case *messages.Drain:
		a.becomeDraining(msg.Deadline)
	case *messages.Pause:
		a.pauses = true
	case *messages.Resume:
		a.pauses = false
	case *actor.Started:
		a.started(ctx)
	case *actor.Stopping:
		a.abandonAll()
	}
}

// started begins, or, after a panic, takes up the message that was at hand and connects anew to every destination.
func (a *Actor) started(ctx actor.Context) {
	if a.self != nil {
		a.Metrics.Restarted()
		if message := a.rescued; message != nil {
			a.state(ctx, message)
			a.rescued = nil
		}
		a.root.Send(a.self, &reconnect{}) // behind the outcomes that came meanwhile
		return
	}
	a.self, a.root = ctx.Self(), ctx.ActorSystem().Root
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.alarm.Wire(a.root, a.self, &rang{})
	a.housekeep = a.now.Add(housekeepEvery)
	go a.intake.run(a.grants, a.root, a.self)
	a.Running.Add(1)
	a.clerk.start()
	a.open()
}

func (a *Actor) becomeReading() {
	a.state = a.reading
	a.grant()
}

func (a *Actor) becomeWaiting() { a.state = a.waiting }

func (a *Actor) becomePaused() {
	a.pauses = true
	a.state = a.paused
	a.stopRead()
}

func (a *Actor) becomeDraining(deadline time.Time) {
	a.state = a.draining
	a.drains, a.deadline, a.commitFailures = true, deadline, 0
	a.openAt = time.Time{}
	a.stopRead()
	if a.endOpen != nil {
		a.endOpen()
	}
	if a.drained() {
		a.becomeClosing()
	}
}

func (a *Actor) becomeClosing() {
	a.state = a.closing
	a.close()
}

const (
	// housekeepEvery is how often idle destinations and refused dead letters are looked at.
	housekeepEvery = time.Second
	// lookAgainEvery is how often it is looked whether a destination that records are held back for has gone silent.
	lookAgainEvery = 50 * time.Millisecond
	// checkpointEvery is how long a settled position may wait to be committed.
	checkpointEvery = 100 * time.Millisecond
	// sayAtOnce is how many outcomes a prompt connector is told of together, at most.
	sayAtOnce = 64
	// maxUncommitted bounds the settled records that wait behind one that is not.
	maxUncommitted = 1 << 18
)

// onRang does what is due by itself.
func (a *Actor) onRang() {
	a.alarm.Rang()
	a.admitHeld()
	if !a.openAt.IsZero() && !a.now.Before(a.openAt) {
		a.openAt = time.Time{}
		a.open()
	}
	a.say()
	if !a.now.Before(a.housekeep) {
		a.housekeep = a.now.Add(housekeepEvery)
		a.keepHouse()
	}
}

func (a *Actor) keepHouse() {
	for _, s := range a.sinks {
		if s.single == nil {
			s.releaseIdle(a.now.Add(-s.sink.Options.IdleAfter), a.root)
		}
	}
	a.retryLetters()
}

// schedule sets the alarm to the next thing that is due by itself.
func (a *Actor) schedule() {
	next := alarm.Earlier(a.openAt, a.deadline)
	switch {
	case a.clerk.busy(): // it commits when the clerk is done
	case !a.keepAgain.IsZero():
		next = alarm.Earlier(next, a.keepAgain)
	default:
		next = alarm.Earlier(next, a.checkpoint)
	}
	if len(a.heldRoutes) > 0 {
		next = alarm.Earlier(next, a.now.Add(lookAgainEvery))
	}
	if len(a.late) > 0 || a.hasIdle() {
		next = alarm.Earlier(next, a.housekeep)
	}
	if !next.IsZero() && a.ctx.Err() == nil {
		a.alarm.Set(next, a.now)
	}
}

func (a *Actor) hasIdle() bool {
	for _, s := range a.sinks {
		if s.idle.Len() > 0 {
			return true
		}
	}
	return false
}

func (a *Actor) name() string { return fmt.Sprintf("source %s/%s", a.Spec.Name, a.Spec.SourceKind) }
