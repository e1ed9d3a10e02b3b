package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

// hand is a source that hands over what it is given, and remembers what it is told.
type hand struct {
	records chan *connector.Record
	opens   atomic.Int32

	mu   sync.Mutex
	told []string
}

func (h *hand) Open(context.Context, []connector.Position) error { h.opens.Add(1); return nil }
func (h *hand) Close(context.Context) error                      { return nil }

func (h *hand) Read(ctx context.Context, _ connector.Credit) ([]*connector.Record, error) {
	select {
	case record := <-h.records:
		return []*connector.Record{record}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hand) Settle(_ context.Context, settled []connector.Settled) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range settled {
		text := fmt.Sprintf("%s %s", s.Record.ID, s.Outcome.State)
		if s.Outcome.Failure != nil {
			text += " " + s.Outcome.Failure.Class.String()
		}
		h.told = append(h.told, text)
	}
	return nil
}

func (h *hand) give(ids ...connector.RecordID) {
	for _, id := range ids {
		h.records <- &connector.Record{ID: id}
	}
	synctest.Wait()
}

// expect looks at what the source was told since it was asked last.
func (h *hand) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.told, want) {
		t.Errorf("it was told %q, want %q", h.told, want)
	}
	h.told = nil
}

// taker is a sink that delivers after some time.
type taker struct {
	takes  time.Duration
	closes *atomic.Int32
}

func (s *taker) Open(context.Context) error  { return nil }
func (s *taker) Close(context.Context) error { s.closes.Add(1); return nil }

func (s *taker) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	results := make([]connector.Result, len(batch))
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		for i := range results {
			results[i].Err = ctx.Err()
		}
	}
	return results
}

// house is an engine of which a Deliver of the record "panic" makes the destination's actor panic, and a Read of the
// record "burn" the source's, each as often as it is handled.
type house struct {
	*Engine
	t       *testing.T
	mu      sync.Mutex
	changes []string
	shared  atomic.Int32 // closes of what destinations share
	closes  atomic.Int32 // closes of sinks
}

func inHouse(t *testing.T, test func(t *testing.T, h *house)) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t}
		engine, err := NewEngine(Config{
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Positions: store.NewMemory(), Fault: burn,
		})
		if err != nil {
			t.Fatal(err)
		}
		h.Engine = engine
		stop := engine.Watch(false, func(status messages.Status) {
			if change, ok := status.(*messages.PipelineChanged); ok {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.changes = append(h.changes, change.Pipeline+" "+change.State)
			}
		})
		test(t, h)
		stop()
		if err := engine.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
	})
}

func burn(message any) {
	if deliver, ok := message.(*messages.Deliver); ok && deliver.Record.ID == "panic" {
		panic("burning")
	}
}

func (h *house) pipeline(name pipeline.Name, takes time.Duration) (*Pipeline, *hand) {
	source := &hand{records: make(chan *connector.Record)}
	spec := &pipeline.Spec{
		Name: name, Source: source, InFlight: pipeline.Window{Records: 100, Bytes: 1 << 20},
		Restart: pipeline.Restart{Initial: time.Millisecond, Max: time.Second, MaxFailures: 2, RetryFailed: time.Minute},
		Sinks: []pipeline.Sink{{Name: "crm", Options: field.Defaults[pipeline.Options](), Outlet: &connector.Outlet{
			Name:  "it",
			New:   func(string) (connector.Sink, error) { return &taker{takes, &h.closes}, nil },
			Close: func() error { h.shared.Add(1); return nil },
		}}},
	}
	spec.Prepare()
	p := h.Start(spec)
	<-p.Opened()
	synctest.Wait()
	return p, source
}

// fail lets the pipeline fail as a whole, and returns what its source was told.
func (h *house) fail(source *hand) (told []string) {
	for range 3 {
		source.give("panic")
		time.Sleep(10 * time.Millisecond)
	}
	source.mu.Lock()
	defer source.mu.Unlock()
	told, source.told = source.told, nil
	return told
}

func (h *house) expectChanges(want ...string) {
	h.t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.changes, want) {
		h.t.Errorf("the changes are %q, want %q", h.changes, want)
	}
	h.changes = nil
}

func (h *house) drain(p *Pipeline) {
	h.t.Helper()
	h.Drain(p, time.Time{})
	synctest.Wait()
	select {
	case <-p.Ended():
	default:
		h.t.Errorf("the pipeline is %s, want ended", p.State())
	}
}

func TestPipelineThatFailsIsStoppedAtOnceAndStartedAnewOnTheSlowClock(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", 10*time.Second)
		source.give("a")
		if told := h.fail(source); len(told) != 4 || !slices.Contains(told, "a failed cancelled") {
			t.Errorf("it was told %q", told) // of the last straw either that it panicked or that it was cancelled
		}
		h.expectChanges("p starting", "p running", "p failed")
		time.Sleep(59 * time.Second)
		if p.State() != FailedState || source.opens.Load() != 1 {
			t.Errorf("it is %s, opened %d times before its time", p.State(), source.opens.Load())
		}
		time.Sleep(time.Second)
		h.expectChanges("p starting", "p running")
		source.give("b")
		time.Sleep(time.Minute)
		source.expect(t, "b delivered")
		h.drain(p)
		h.expectChanges("p draining", "p ended")
		if h.shared.Load() != 1 {
			t.Errorf("what the sinks share was closed %d times", h.shared.Load())
		}
	})
}

func TestPipelineThatFailsHurtsNoOther(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ill, source := h.pipeline("ill", 0)
		well, other := h.pipeline("well", 5*time.Second)
		other.give("a")
		h.fail(source)
		other.give("b")
		time.Sleep(10 * time.Second)
		other.expect(t, "a delivered", "b delivered")
		if ill.State() != FailedState || well.State() != Running || other.opens.Load() != 1 {
			t.Errorf("one is %s, the other %s", ill.State(), well.State())
		}
		h.drain(ill)
		h.drain(well)
		if ill.Err() == nil || well.Err() != nil {
			t.Errorf("one ended with %v, the other with %v", ill.Err(), well.Err())
		}
	})
}

func TestFailedPipelineCanBeDrained(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", 0)
		h.fail(source)
		h.drain(p)
		if p.Err() == nil || h.shared.Load() != 1 {
			t.Errorf("it ended with %v, what its sinks share was closed %d times", p.Err(), h.shared.Load())
		}
		time.Sleep(2 * time.Minute)
		if source.opens.Load() != 1 {
			t.Error("it was started again after its end")
		}
	})
}

func TestPipelineThatFailsWhileItIsDrainedEnds(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", 10*time.Second)
		source.give("a")
		source.give("panic")
		time.Sleep(10 * time.Millisecond)
		source.give("panic")
		time.Sleep(10 * time.Millisecond)
		source.records <- &connector.Record{ID: "panic"}
		h.Drain(p, time.Time{}) // behind the record that is the last straw
		<-p.Ended()
		time.Sleep(2 * time.Minute)
		if source.opens.Load() != 1 {
			t.Error("it was started again although it was to end")
		}
	})
}

func TestPauseOutlivesAFailure(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", 0)
		h.fail(source)
		h.Pause(p)
		time.Sleep(2 * time.Minute)
		if p.State() != Paused {
			t.Errorf("it is %s", p.State())
		}
		h.Resume(p)
		source.give("a")
		source.expect(t, "a delivered")
		h.drain(p)
	})
}

func TestPipelineThatIsDrainedCannotBePausedOrResumed(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", time.Minute)
		source.give("a")
		h.Drain(p, time.Now().Add(time.Second))
		h.Pause(p)
		h.Resume(p)
		synctest.Wait()
		if p.State() != Draining {
			t.Errorf("it is %s", p.State())
		}
		<-p.Ended()
		source.expect(t, "a failed cancelled")
		h.Pause(p) // nobody is there any more
		h.drain(p)
	})
}

func TestDestinationThatIsGoneIsReplacedAndGetsItsRecordsAgain(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", 10*time.Second)
		source.give("a")
		h.system.Root.Stop(actor.NewPID(h.system.Address(), "engine/p/sinks/crm/1"))
		time.Sleep(time.Second)
		source.expect(t)
		time.Sleep(10 * time.Second)
		source.expect(t, "a delivered")
		h.drain(p)
		if h.closes.Load() != 2 {
			t.Errorf("%d sinks were closed, want 2", h.closes.Load())
		}
	})
}

func TestEngineThatIsStoppedCancelsWhatIsInFlightAndClosesEverything(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		p, source := h.pipeline("p", time.Hour)
		source.give("a")
		if err := h.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-p.Ended()
		source.expect(t, "a failed cancelled")
		if h.closes.Load() != 1 || h.shared.Load() != 1 {
			t.Errorf("%d sinks were closed, what they share %d times", h.closes.Load(), h.shared.Load())
		}
	})
}

func TestWhatSinksShareIsClosedAlthoughItPanics(t *testing.T) {
	closed := closer(&connector.Outlet{Close: func() error { panic("close") }})
	for range 2 {
		if _, ok := errors.AsType[*connector.PanicError](closed()); !ok {
			t.Error("a panic is not an error")
		}
	}
	if closer(&connector.Outlet{})() != nil {
		t.Error("nothing to close is an error")
	}
}

func TestStateHasANameInLowerCase(t *testing.T) {
	for state, want := range map[State]string{Starting: "starting", FailedState: "failed", Ended: "ended", 99: "State(99)"} {
		if state.String() != want {
			t.Errorf("got %s, want %s", state, want)
		}
	}
}
