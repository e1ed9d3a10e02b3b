package sink

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/internal/scenario"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/telemetry"
)

// stage is a sink actor between a source and a parent that note what they are told, over a connector that answers as
// the scenario says. Its commands are the methods in commands.
type stage struct {
	*scenario.Transcript
	t       *testing.T
	options pipeline.Options
	batch   int
	peer    *peer
	fault   fault

	system *actor.ActorSystem
	parent *actor.PID
	source *actor.PID
	actor  *actor.PID
	board  *telemetry.Board
	config *Config

	session uint64
	seq     uint64
	tickets map[string]messages.Ticket
}

func TestConversations(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", func(t *testing.T, transcript *scenario.Transcript) scenario.Stage {
		return newStage(t, transcript)
	})
}

func newStage(t *testing.T, transcript *scenario.Transcript) *stage {
	s := &stage{
		Transcript: transcript, t: t, options: field.Defaults[pipeline.Options](), batch: 1, session: 1,
		peer: &peer{Transcript: transcript, answers: make(map[string][]string)}, tickets: make(map[string]messages.Ticket),
	}
	s.options.Retry.Jitter = 0
	s.options.Retry.Initial = 100 * time.Millisecond
	s.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	note := actor.PropsFromFunc(func(ctx actor.Context) { s.note(ctx.Message()) })
	s.source = s.system.Root.Spawn(note)
	return s
}

// Do carries out one command of a scenario.
func (s *stage) Do(command string, args []string) {
	switch command {
	case "options":
		s.set(args)
	case "start":
		s.start()
	case "answer": // what the next writes whose first record is ID do: answer ID WHAT ...
		s.peer.script(args[0], args[1:])
	case "open", "close": // what the next opens, or closes, do
		s.peer.script(command, args)
	case "deliver": // ID or ID:KEY
		s.deliver(args)
	case "connect":
		s.session++
		s.tell(&messages.Connect{Source: s.source, Session: s.session})
	case "withdraw":
		s.tell(&messages.Withdraw{Ticket: s.tickets[args[0]]})
	case "drain":
		s.tell(&messages.Drain{})
	case "panic": // before or after the next message of that type is handled: panic before *messages.Deliver
		s.fault.arm(args[0], args[1])
	case "linger": // before it handles the next message of that type: linger 1ms *messages.Deliver
		s.fault.arm(args[0], args[1])
	case "workers": // how many goroutines there are that write
		stacks := make([]byte, 1<<20)
		s.Printf("workers: %d", strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "sink.(*workers).hire.func1("))
	case "board":
		s.showBoard()
	default:
		panic("unknown command " + command)
	}
}

// End stops the system and waits for its own goroutines.
func (s *stage) End() {
	_ = s.system.Root.StopFuture(s.parent).Wait()
	_ = s.system.Root.StopFuture(s.source).Wait()
	s.peer.release()
	time.Sleep(time.Minute)
	if left := s.board.Destinations(); len(left) > 0 {
		s.t.Errorf("%d destinations are left on the board", len(left))
	}
}

func (s *stage) tell(message any) { s.system.Root.Send(s.actor, message) }

// start starts the actor under a parent that restarts it at once.
func (s *stage) start() {
	events := s.source
	outlet := connector.Single("crm", s.peer)
	outlet.Batch = s.batch
	s.board = telemetry.NewBoard()
	s.config = &Config{
		Pipeline: "orders", Sink: &pipeline.Sink{Name: "crm", Outlet: outlet, Options: s.options},
		Policy: delivery.NewPolicy(s.options.Retry), Board: s.board, Log: slog.New(logged{slog.DiscardHandler, s.Transcript}),
		Events: events, Running: &sync.WaitGroup{}, Fault: s.fault.strike,
	}
	again := actor.NewOneForOneStrategy(1000, time.Hour, func(any) actor.Directive { return actor.RestartDirective })
	s.parent = s.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch msg := ctx.Message().(type) {
		case *actor.Started:
			s.actor = ctx.Spawn(s.config.Props("crm", s.peer))
		default:
			s.note(msg)
		}
	}, actor.WithSupervisor(again)))
}

// logged notes what is logged.
type logged struct {
	slog.Handler
	*scenario.Transcript
}

func (logged) Enabled(context.Context, slog.Level) bool { return true }

func (l logged) Handle(_ context.Context, record slog.Record) error {
	l.Printf("log: %s", record.Message)
	return nil
}

func (s *stage) deliver(ids []string) {
	for _, id := range ids {
		id, key, _ := strings.Cut(id, ":")
		s.seq++
		s.tickets[id] = messages.Ticket{Session: s.session, Seq: s.seq}
		s.tell(&messages.Deliver{
			Ticket: s.tickets[id], ReplyTo: s.source, Record: &connector.Record{ID: connector.RecordID(id)}, Key: key,
		})
	}
}

// note writes down what the source, the parent and those who watch are told.
func (s *stage) note(message any) {
	switch msg := message.(type) {
	case *messages.Outcome:
		s.Printf("outcome %s %s", s.nameOf(msg.Ticket), outcome(&msg.Outcome))
	case *messages.Health:
		s.Printf("health troubled=%v", msg.Troubled)
	case *messages.BreakerOpened:
		s.Printf("breaker open %d/%d %s, %d waiting, for %s", msg.Failed, msg.Requests, msg.Class, msg.Waiting, msg.Until.Sub(msg.At))
	case *messages.Resumed:
		s.Printf("breaker closed, %d waiting", msg.Waiting)
	case *messages.Restarted:
		s.Printf("restarted")
	case *actor.Terminated:
		s.Printf("stopped")
	}
}

func (s *stage) nameOf(ticket messages.Ticket) string {
	for _, id := range slices.Sorted(maps.Keys(s.tickets)) {
		if s.tickets[id] == ticket {
			return id
		}
	}
	return fmt.Sprintf("of session %d", ticket.Session)
}

func outcome(o *connector.Outcome) string {
	if o.State != connector.Failed {
		return fmt.Sprintf("%s, attempts %d", o.State, o.Attempts)
	}
	text := fmt.Sprintf("failed %s, attempts %d", o.Failure.Class, o.Attempts)
	if o.Failure.Ambiguous {
		text += ", ambiguous"
	}
	return text
}

func (s *stage) showBoard() {
	for _, d := range s.board.Destinations() {
		state := d.State()
		s.Printf("board %s breaker %s: delivered %d failed %d attempts %d waiting %d writing %d", state.State, state.Breaker,
			d.Delivered.Load(), d.Failed.Load(), d.Attempts.Load(), d.Waiting.Load(), d.Writing.Load())
	}
}

// set reads options such as in_flight=2, before start.
func (s *stage) set(settings []string) {
	o := &s.options
	o.Breaker.Enabled = false
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		parts := strings.Split(value, ",")
		switch key {
		case "in_flight":
			o.InFlight = number(value)
		case "timeout":
			o.Timeout = duration(value)
		case "attempts":
			o.Retry.MaxAttempts = number(value)
		case "elapsed":
			o.Retry.MaxElapsed = duration(value)
		case "take": // what the connector takes in one write
			s.batch = number(value)
		case "batch": // records,wait
			o.Batch = &pipeline.Batch{Records: number(parts[0]), Bytes: 1 << 20, Wait: duration(parts[1])}
		case "rate": // per second,burst
			o.RateLimit = &delivery.RateLimit{PerSecond: float64(number(parts[0])), Burst: number(parts[1])}
		case "breaker": // minimum of requests,open for,probes
			o.Breaker = delivery.BreakerSettings{
				Enabled: true, FailureRatio: .5, Window: 10 * time.Second,
				MinRequests: number(parts[0]), OpenFor: duration(parts[1]), Probes: number(parts[2]),
			}
		default:
			panic("unknown option " + key)
		}
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

// fault panics in the actor over one message of a type.
type fault struct {
	mu         sync.Mutex
	when, kind string
	seen       any
}

func (f *fault) arm(when, kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.when, f.kind, f.seen = when, kind, nil
}

// strike is called before and after each message is handled.
func (f *fault) strike(message any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == "" || fmt.Sprintf("%T", message) != f.kind {
		return
	}
	if f.when == "after" && f.seen != message {
		f.seen = message
		return
	}
	f.kind = ""
	if wait, err := time.ParseDuration(f.when); err == nil {
		time.Sleep(wait)
		return
	}
	panic("scripted")
}
