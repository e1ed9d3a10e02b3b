package supervisor

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/acktor/acktor/backlog"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/telemetry"
)

// State is what a pipeline is doing.
type State uint8

// The states of a pipeline.
const (
	Starting State = iota + 1
	Running
	Paused
	Failing     // its source cannot be opened or read; another try follows soon
	FailedState // that happened too often, or an actor panicked too often; another try follows on the slow clock
	Draining
	Ended
)

var stateNames = [...]string{
	Starting: "starting", Running: "running", Paused: "paused", Failing: "failing",
	FailedState: "failed", Draining: "draining", Ended: "ended",
}

// String returns the state in lower case.
func (s State) String() string {
	if s > 0 && int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Pipeline is a pipeline as seen from outside its actors. Its methods are safe for concurrent use.
type Pipeline struct {
	Spec  *pipeline.Spec
	Board *telemetry.Board

	mu      sync.Mutex
	state   State
	err     error
	opened  chan struct{} // closed when the source was opened, or failed to, for the first time
	openErr error         // why it failed to
	ended   chan struct{} // closed when the pipeline has ended
	running *sync.WaitGroup
	feed    atomic.Pointer[backlog.Feed] // of the source actor there is now
	closers []func() error               // of what the destinations of each sink share, in the order of sink.Config.Index
}

func newPipeline(spec *pipeline.Spec) *Pipeline {
	p := &Pipeline{Spec: spec, Board: telemetry.NewBoard(), opened: make(chan struct{}), ended: make(chan struct{})}
	for i := range spec.Sinks {
		p.closers = append(p.closers, closer(spec.Sinks[i].Outlet))
	}
	if spec.DeadLetter != nil {
		p.closers = append(p.closers, closer(spec.DeadLetter.Outlet))
	}
	return p
}

// closer closes an outlet once. A panic in it is its error.
func closer(outlet *connector.Outlet) func() error {
	return sync.OnceValue(func() (err error) {
		if outlet.Close == nil {
			return nil
		}
		defer connector.Recover(&err)
		return outlet.Close()
	})
}

// closeOutlet frees what the destinations of a sink share, once they are all closed.
func (p *Pipeline) closeOutlet(index int, log *slog.Logger) {
	if err := p.closers[index](); err != nil {
		log.Warn(fmt.Sprintf("pipeline %s: close what a sink shares", p.Spec.Name), slog.Int("sink", index), slog.Any("err", err))
	}
}

// State returns what the pipeline is doing.
func (p *Pipeline) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Err returns why the pipeline is failing or failed, or with which error it ended.
func (p *Pipeline) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Opened is closed when the source was opened for the first time, or has failed to: then OpenErr says why.
func (p *Pipeline) Opened() <-chan struct{} { return p.opened }

// OpenErr returns why the first Open failed, or nil. It may be asked once Opened is closed.
func (p *Pipeline) OpenErr() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.openErr
}

// Ended is closed when everything is settled and closed.
func (p *Pipeline) Ended() <-chan struct{} { return p.ended }

// set reports whether the state or its error is another one now.
func (p *Pipeline) set(state State, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Ended || p.state == state && fmt.Sprint(p.err) == fmt.Sprint(err) {
		return false
	}
	p.state, p.err = state, err
	if state != Starting && closeOnce(p.opened) {
		p.openErr = err
	}
	if state == Ended {
		closeOnce(p.ended)
	}
	return true
}

// closeOnce reports whether it closed c.
func closeOnce(c chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		close(c)
		return true
	}
}

// Look tells the source that the store may have entries for it that it does not know of.
func (p *Pipeline) Look() {
	if feed := p.feed.Load(); feed != nil {
		feed.Look()
	}
}

// Backlog returns how many records the engine answers for by itself, and their bytes.
func (p *Pipeline) Backlog() (records int, bytes int64) {
	if feed := p.feed.Load(); feed != nil {
		return feed.Kept()
	}
	return 0, 0
}

// Refusing reports whether records are refused, because the store cannot keep them.
func (p *Pipeline) Refusing() bool {
	feed := p.feed.Load()
	return feed != nil && feed.Refusing()
}

func (p *Pipeline) feeds(feed *backlog.Feed) { p.feed.Store(feed) }
