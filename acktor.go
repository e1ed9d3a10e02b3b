package acktor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/actors/supervisor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// Options configure an Engine. The zero value works.
type Options struct {
	// Logger gets one line per change of state. Nil discards.
	Logger *slog.Logger
	// Registerer gets the engine's metrics. Nil: there are none.
	Registerer prometheus.Registerer
	// Store keeps what has to survive a restart: the committed positions of sources, the records that the engine has accepted or
	// parked, the dead letters, and what became of records. Nil keeps positions in memory, and nothing else: a record
	// that fails is then reported to its source alone, unless its pipeline has a dead letter. The engine does not close it.
	Store store.Store
	// Ledger says what of the outcomes is kept in Store, and for how long. The zero value means the defaults.
	Ledger ledger.Options
}

// Engine runs pipelines. Its methods are safe for concurrent use.
type Engine struct {
	tree  *supervisor.Engine
	store store.Store // nil: there is none

	mu        sync.Mutex
	state     engineState
	pipelines []*supervisor.Pipeline // in the order of Add
	added     []*pipeline.Spec       // not started yet
}

type engineState uint8

const (
	ready engineState = iota
	started
	stopped
)

// The errors of an Engine's methods.
var (
	ErrStopped         = errors.New("acktor: the engine is stopped")
	ErrUnknownPipeline = errors.New("acktor: there is no such pipeline")
)

// New makes an engine. Stop frees what it holds, whether it was started or not.
func New(options Options) (*Engine, error) {
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	orDefaults(&options.Ledger)
	tree, err := supervisor.NewEngine(supervisor.Config{
		Log: log, Metrics: telemetry.NewMetrics(options.Registerer), Store: options.Store, Ledger: options.Ledger})
	if err != nil {
		return nil, fmt.Errorf("acktor: %w", err)
	}
	return &Engine{tree: tree, store: options.Store}, nil
}

// Add adds a pipeline. It begins with Start, or at once when the engine is started already. The error names the
// field that is wrong. The engine owns the pipeline's source and sinks from then on.
func (e *Engine) Add(p Pipeline) error {
	spec, err := p.spec()
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == stopped {
		return ErrStopped
	}
	if e.has(spec.Name) {
		return fmt.Errorf("acktor: pipeline %q is there already", spec.Name)
	}
	if e.state == ready {
		e.added = append(e.added, spec)
		return nil
	}
	e.pipelines = append(e.pipelines, e.tree.Start(spec))
	return nil
}

func (e *Engine) has(name pipeline.Name) bool {
	for _, spec := range e.added {
		if spec.Name == name {
			return true
		}
	}
	for _, p := range e.pipelines {
		if p.Spec.Name == name {
			return true
		}
	}
	return false
}

// Start starts the pipelines and returns when the source of each has been opened or has failed to. Sources that fail are
// tried again in the background, unless trying cannot help: an address in use, a locked directory, a
// connector.PermanentError. Then, and when ctx ends first, Start stops the engine and returns the error.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	if e.state != ready {
		e.mu.Unlock()
		return errors.New("acktor: the engine was started before")
	}
	e.state = started
	for _, spec := range e.added {
		e.pipelines = append(e.pipelines, e.tree.Start(spec))
	}
	e.added = nil
	pipelines := e.pipelines
	e.mu.Unlock()

	var hopeless error
	for _, p := range pipelines {
		select {
		case <-p.Opened():
		case <-ctx.Done():
			return errors.Join(ctx.Err(), e.Stop(ctx))
		}
		if err := p.OpenErr(); isHopeless(err) {
			hopeless = errors.Join(hopeless, fmt.Errorf("pipeline %s: %w", p.Spec.Name, err))
		}
	}
	if hopeless != nil {
		now, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancel()
		_ = e.Stop(now)
	}
	return hopeless
}

func isHopeless(err error) bool {
	if err == nil {
		return false
	}
	_, permanent := errors.AsType[*connector.PermanentError](err)
	_, locked := errors.AsType[*store.LockedError](err)
	return permanent || locked || errors.Is(err, syscall.EADDRINUSE)
}

// Wait returns when every pipeline has ended, which those with an endless source never do by themselves, or when ctx ends.
// The error joins those with which pipelines ended; failed records are no such error, see Status.
func (e *Engine) Wait(ctx context.Context) error {
	var all error
	for _, p := range e.list() {
		select {
		case <-p.Ended():
			if err := p.Err(); err != nil {
				all = errors.Join(all, fmt.Errorf("pipeline %s: %w", p.Spec.Name, err))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return all
}

// grace is what Stop takes at the most beyond its context's deadline, to close what is open.
const grace = 15 * time.Second

// Stop reads no more, settles what is in flight until ctx ends, gives up the rest with class cancelled, and closes
// everything. The error says how much was given up. A stopped engine cannot be started again.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	if e.state == stopped {
		e.mu.Unlock()
		return nil
	}
	e.state = stopped
	pipelines := e.pipelines
	e.mu.Unlock()

	for _, p := range pipelines {
		e.tree.Drain(p, time.Time{})
	}
	drained := e.wait(ctx, pipelines)
	if !drained {
		for _, p := range pipelines {
			e.tree.Drain(p, time.Now())
		}
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var lost error
	if !e.wait(closing, pipelines) {
		lost = errors.New("acktor: a connector did not close in time")
	}
	for _, p := range pipelines {
		if err := p.Err(); err != nil {
			lost = errors.Join(lost, fmt.Errorf("pipeline %s: %w", p.Spec.Name, err))
		}
	}
	return errors.Join(lost, e.tree.Stop(closing))
}

// wait reports whether all pipelines ended before ctx did.
func (e *Engine) wait(ctx context.Context, pipelines []*supervisor.Pipeline) bool {
	for _, p := range pipelines {
		select {
		case <-p.Ended():
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Pause makes a pipeline read no more; what is in flight goes on.
func (e *Engine) Pause(name string) error { return e.tell(name, e.tree.Pause) }

// Resume makes a paused pipeline read again.
func (e *Engine) Resume(name string) error { return e.tell(name, e.tree.Resume) }

// Drain ends one pipeline: it reads no more and settles what is in flight. It returns when that is done; when ctx ends first,
// the rest is given up with class cancelled.
func (e *Engine) Drain(ctx context.Context, name string) error {
	p, err := e.find(name)
	if err != nil {
		return err
	}
	e.tree.Drain(p, time.Time{})
	if !e.wait(ctx, []*supervisor.Pipeline{p}) {
		e.tree.Drain(p, time.Now())
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		e.wait(closing, []*supervisor.Pipeline{p})
	}
	return p.Err()
}

func (e *Engine) tell(name string, do func(*supervisor.Pipeline)) error {
	p, err := e.find(name)
	if err != nil {
		return err
	}
	do(p)
	return nil
}

func (e *Engine) find(name string) (*supervisor.Pipeline, error) {
	for _, p := range e.list() {
		if string(p.Spec.Name) == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownPipeline, name)
}

func (e *Engine) list() []*supervisor.Pipeline {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*supervisor.Pipeline(nil), e.pipelines...)
}
