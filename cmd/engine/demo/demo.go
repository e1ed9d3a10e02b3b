package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector/all"
)

//go:embed demo.yaml
var demoYAML []byte

// Options say how long the demo runs and how it is shown.
type Options struct {
	For   time.Duration // how long orders are sent; then those on their way get their outcome
	Out   io.Writer     // where it is shown; nil: nowhere
	Live  bool          // Out is a terminal on which a table is redrawn in place
	Color bool
}

// patience is how long the last orders may take to get their outcome.
const patience = 20 * time.Second

// Run runs the demo until Options.For has passed or ctx has ended. The Summary says whether the numbers add up.
func Run(ctx context.Context, options Options) (*Summary, error) {
	began := time.Now()
	street, err := openStreet()
	if err != nil {
		return nil, err
	}
	defer street.close()
	engine, address, err := startEngine(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{
		Options: options, began: began, street: street, engine: engine,
		callers: newCallers(address, street.shops), told: make(chan string, 64),
	}
	return r.show(ctx)
}

// startEngine starts the pipeline of demo.yaml and returns where its source listens.
func startEngine(ctx context.Context) (*acktor.Engine, net.Addr, error) {
	loaded, diagnostics := config.Load([]config.Source{{Name: "demo.yaml", Text: demoYAML}}, all.Registry(), config.Options{})
	if loaded == nil {
		return nil, nil, &acktor.ConfigError{Diagnostics: diagnostics}
	}
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		return nil, nil, errors.Join(err, loaded.Close())
	}
	for _, pipeline := range acktor.FromConfig(loaded) {
		if err := engine.Add(pipeline); err != nil {
			return nil, nil, errors.Join(err, engine.Stop(ctx))
		}
	}
	if err := engine.Start(ctx); err != nil {
		return nil, nil, err
	}
	listener, ok := loaded.Pipelines[0].Source.(interface{ Addr() net.Addr })
	if !ok {
		return nil, nil, errors.Join(errors.New("demo: the source does not say where it listens"), engine.Stop(ctx))
	}
	return engine, listener.Addr(), nil
}

// run is one run of the demo.
type run struct {
	Options
	began   time.Time
	street  *street
	engine  *acktor.Engine
	callers *callers
	told    chan string // announcements for the screen
}

// show lets the demo happen: the callers call, the script breaks and mends a shop, the reporter says what the engine tells
// of it, and the screen shows it all.
func (r *run) show(ctx context.Context) (*Summary, error) {
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	reporter := newReporter(r.engine.Watch(watching, acktor.WatchOptions{Records: true, Buffer: 1 << 16}), r.tell)
	reported := make(chan struct{})
	go func() { defer close(reported); reporter.run(watching) }()

	shown := make(chan struct{})
	over := make(chan struct{})
	go func() { defer close(shown); newScreen(r, reporter.lastError).show(over) }()

	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.For+patience)
	defer cancel()
	r.perform(ctx, settling)
	stopWatching()
	<-reported
	close(over)
	<-shown
	if err := r.engine.Stop(settling); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return newSummary(r.engine.Pipelines()[0], r.callers, reporter, r.began), nil
}

// perform sends orders for as long as the demo lasts, and waits for their outcomes until settling ends.
func (r *run) perform(ctx, settling context.Context) {
	playing, stop := context.WithTimeout(ctx, r.For)
	defer stop()
	played := make(chan struct{})
	go func() { defer close(played); r.play(playing) }()
	r.callers.run(playing, settling)
	<-played
}

// tell announces something.
func (r *run) tell(format string, arguments ...any) { r.told <- r.stamped(format, arguments...) }

// stamped puts the time before a line.
func (r *run) stamped(format string, arguments ...any) string {
	return fmt.Sprintf("%5.1fs  ", time.Since(r.began).Seconds()) + fmt.Sprintf(format, arguments...)
}

// play is the script: the brittle shop goes down after a fifth of the time and comes back after three fifths.
func (r *run) play(ctx context.Context) {
	if !sleep(ctx, r.For/5) {
		return
	}
	r.tell("%s goes down: it refuses connections", brittle)
	r.street.brittle.goDown()
	sleep(ctx, r.For*2/5)
	r.street.brittle.comeBack()
	r.tell("%s is back", brittle)
}

// sleep returns false when ctx ends before the time has passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
