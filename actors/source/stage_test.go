package source

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/backlog"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/internal/scenario"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/steps"
	"github.com/acktor/acktor/telemetry"
)

// stage is a source actor between a pipeline and the supervisors of its sinks, which note what they are told and answer
// as the scenario says, over a connector that hands over what it is fed.
type stage struct {
	*scenario.Transcript
	t     *testing.T
	spec  *pipeline.Spec
	feed  *feed
	fault fault

	system  *actor.ActorSystem
	parent  *actor.PID
	actor   *actor.PID
	board   *telemetry.Board
	silent  bool
	running *sync.WaitGroup

	mu           sync.Mutex
	destinations map[string]*actor.PID        // by sink/destination
	pending      map[string]*messages.Deliver // by sink/record, the last one sent
	broken       map[string]bool              // destinations that cannot be made
	supervisors  map[string]*actor.PID        // by sink
	sessions     map[string]map[uint64]int    // by sink/destination: the how many-th of it
}

func TestConversations(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", func(t *testing.T, transcript *scenario.Transcript) scenario.Stage {
		return newStage(t, transcript)
	})
}

func newStage(t *testing.T, transcript *scenario.Transcript) *stage {
	return &stage{
		Transcript: transcript, t: t, feed: newFeed(transcript), board: telemetry.NewBoard(), running: &sync.WaitGroup{},
		system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
		spec: &pipeline.Spec{
			Name: "orders", InFlight: pipeline.Window{Records: 100, Bytes: 1 << 20},
			Restart: pipeline.Restart{Initial: 100, Max: 100, MaxFailures: 3, RetryFailed: time.Minute},
		},
		destinations: make(map[string]*actor.PID), pending: make(map[string]*messages.Deliver),
		broken: make(map[string]bool), supervisors: make(map[string]*actor.PID),
		sessions: make(map[string]map[uint64]int),
	}
}

// Do carries out one command of a scenario.
func (s *stage) Do(command string, args []string) {
	switch command {
	case "options":
		s.set(args)
	case "start":
		s.start()
	case "feed": // ID, ID@DESTINATION or ID/PARTITION
		s.feed.add(args)
	case "end":
		s.feed.fail("read", connector.ErrEndOfSource)
	case "fail": // the next call of read, open, settle, save or commit; forever, when it is told so
		s.feed.failNext(args)
	case "slow": // the next call of open or settle takes so long: slow settle 1s
		s.feed.slow(args[0], duration(args[1]))
	case "answer": // answer SINK/ID OUTCOME
		s.answer(args[0], args[1])
	case "break": // SINK/DESTINATION cannot be made
		s.broken[args[0]] = true
	case "saved": // PARTITION OFFSET was committed in an earlier life
		s.feed.saved[args[0]] = connector.Position{Partition: args[0], Offset: int64(number(args[1]))}
	case "silence": // no question for a destination is answered
		s.silent = true
	case "restart": // SINK/DESTINATION has lost its memory
		s.resolved(s.actor, args[0], true)
	case "replace": // SINK/DESTINATION is another actor now
		s.spawn(args[0])
		s.resolved(s.actor, args[0], false)
	case "health": // health SINK/DESTINATION troubled
		sink, destination, _ := strings.Cut(args[0], "/")
		s.tell(&messages.Health{Sink: s.indexOf(sink), Destination: destination, PID: s.destinations[args[0]], Troubled: args[1] == "troubled"})
	case "panic": // before or after the next message of that type is handled
		s.fault.arm(args[0], args[1])
	default:
		s.steer(command, args)
	}
}

func (s *stage) steer(command string, args []string) {
	switch command {
	case "pause":
		s.tell(&messages.Pause{})
	case "resume":
		s.tell(&messages.Resume{})
	case "drain":
		drain := &messages.Drain{}
		if len(args) > 0 {
			drain.Deadline = time.Now().Add(duration(args[0]))
		}
		s.tell(drain)
	case "stop":
		_ = s.system.Root.StopFuture(s.actor).Wait()
	case "board":
		b := s.board
		s.Printf("board: read %d delivered %d failed %d filtered %d, in flight %d",
			b.Read.Load(), b.Delivered.Load(), b.Failed.Load(), b.Filtered.Load(), b.InFlight.Load())
	default:
		panic("unknown command " + command)
	}
}

// End stops the system and waits for its own goroutines.
func (s *stage) End() {
	pids := []*actor.PID{s.parent}
	for _, pid := range s.supervisors {
		pids = append(pids, pid)
	}
	for _, pid := range s.destinations {
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		_ = s.system.Root.StopFuture(pid).Wait()
	}
	s.running.Wait()
	time.Sleep(time.Minute)
}

func (s *stage) tell(message any) { s.system.Root.Send(s.actor, message) }

func (s *stage) start() {
	s.spec.Source = s.feed
	s.spec.Prepare()
	config := &Config{
		Spec: s.spec, Feed: backlog.New(s.feed, nil, "p", backlog.Options{}, slog.New(slog.DiscardHandler)), Positions: positions{s.feed}, Board: s.board, Log: slog.New(slog.DiscardHandler),
		Watcher: func() *actor.PID { return nil }, Running: s.running, Fault: s.fault.strike,
	}
	for i := range s.spec.Sinks {
		config.Sinks = append(config.Sinks, s.supervisor(s.spec.Sinks[i].Name))
	}
	if s.spec.DeadLetter != nil {
		config.Letters = s.supervisor(s.spec.DeadLetter.Name)
	}
	again := actor.NewOneForOneStrategy(1000, time.Hour, func(any) actor.Directive { return actor.RestartDirective })
	s.parent = s.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch msg := ctx.Message().(type) {
		case *actor.Started:
			s.actor = ctx.Spawn(config.Props())
		case *messages.SourceState:
			s.Printf("pipeline: %s", condition(msg))
		case *messages.SourceEnded:
			s.Printf("pipeline: ended%s", because(msg.Err))
		}
	}, actor.WithSupervisor(again)))
}

func condition(msg *messages.SourceState) string {
	name := map[messages.SourceCondition]string{
		messages.SourceOpened: "opened", messages.SourceFailing: "failing", messages.SourceFailed: "failed",
	}
	return name[msg.State] + because(msg.Err)
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// supervisor is that of a sink's destinations.
func (s *stage) supervisor(sink string) *actor.PID {
	s.supervisors[sink] = s.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch msg := ctx.Message().(type) {
		case *messages.Resolve:
			name := sink + "/" + msg.Destination
			s.Printf("%s: resolve %s", sink, msg.Destination)
			if s.silent {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.destinations[name] == nil && !s.broken[name] {
				s.spawn(name)
			}
			s.resolved(msg.Source, name, false)
		case *messages.Release:
			s.Printf("%s: release %s", sink, msg.Destination)
		}
	}))
	return s.supervisors[sink]
}

func (s *stage) spawn(name string) {
	sink, _, _ := strings.Cut(name, "/")
	sessions := s.sessions[name]
	if sessions == nil {
		sessions = make(map[uint64]int)
		s.sessions[name] = sessions
	}
	s.destinations[name] = s.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch msg := ctx.Message().(type) {
		case *messages.Deliver:
			key := ""
			if msg.Key != "" {
				key = " key " + msg.Key
			}
			s.Printf("%s: deliver %s%s, session %d", name, msg.Record.ID, key, sessions[msg.Session])
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pending[sink+"/"+string(msg.Record.ID)] = msg
		case *messages.Connect:
			sessions[msg.Session] = len(sessions) + 1
			s.Printf("%s: connect %d", name, sessions[msg.Session])
		case *messages.Withdraw:
			s.Printf("%s: withdraw number %d", name, msg.Seq)
		}
	}))
}

func (s *stage) resolved(to *actor.PID, name string, restarted bool) {
	sink, destination, _ := strings.Cut(name, "/")
	msg := &messages.Resolved{Sink: s.indexOf(sink), Destination: destination, PID: s.destinations[name], Restarted: restarted}
	if s.broken[name] {
		msg.Err = errors.New("cannot be made")
	}
	s.system.Root.Send(to, msg)
}

func (s *stage) indexOf(sink string) int {
	for i := range s.spec.Sinks {
		if s.spec.Sinks[i].Name == sink {
			return i
		}
	}
	return len(s.spec.Sinks)
}

// answer answers the Deliver of a record: delivered, or the class of its failure.
func (s *stage) answer(name, what string) {
	deliver := s.pending[name]
	sink, _, _ := strings.Cut(name, "/")
	outcome := connector.Outcome{State: connector.Delivered, Sink: sink, Attempts: 1}
	if what != "delivered" {
		var class connector.Class
		if err := class.UnmarshalText([]byte(what)); err != nil {
			panic(err)
		}
		outcome.State, outcome.Failure = connector.Failed, &connector.Failure{Class: class, Detail: what}
	}
	s.tell(&messages.Outcome{Ticket: deliver.Ticket, Outcome: outcome})
}

// set reads options such as window=2, before start.
func (s *stage) set(settings []string) {
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		switch key {
		case "window":
			s.spec.InFlight.Records = number(value)
		case "bytes":
			s.spec.InFlight.Bytes = field.Bytes(number(value))
		case "fan_out":
			s.spec.FanOut = pipeline.FanOut(value)
		case "filter": // keeps records whose id is not that
			s.spec.Steps = steps.Chain{steps.Filter{Condition: expression.Must[expression.Condition](`record.id != "` + value + `"`)}}
		case "sink":
			s.spec.Sinks = append(s.spec.Sinks, newSink(value))
		case "letters":
			letters := newSink(value)
			s.spec.DeadLetter = &letters
		default:
			setOption(&s.spec.Sinks[len(s.spec.Sinks)-1].Options, key, value)
		}
	}
}

// setOption sets an option of the sink that was named last.
func setOption(o *pipeline.Options, key, value string) {
	switch key {
	case "in_flight":
		o.InFlight = number(value)
	case "queue":
		o.Queue.Records = number(value)
	case "on_full":
		o.Queue.OnFull = pipeline.OnFull(value)
	case "destinations": // by the header "to", so many at most
		o.Destination = expression.Must[expression.Template]("{{ record.headers.to }}")
		o.MaxDestinations = number(value)
	case "idle":
		o.IdleAfter = duration(value)
	case "order":
		o.OrderBy = expression.Must[expression.Value]("record." + value)
	case "not": // does not take the record with that id
		o.When = expression.Must[expression.Condition](`record.id != "` + value + `"`)
	default:
		panic("unknown option " + key)
	}
}

func newSink(name string) pipeline.Sink {
	return pipeline.Sink{
		Name: name, Options: field.Defaults[pipeline.Options](),
		Outlet: &connector.Outlet{Name: "it", New: func(string) (connector.Sink, error) { panic("not in this test") }},
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
	panic("scripted")
}
