// Package ledger writes down what became of records, without ever holding one up: what does not fit into its queue is
// dropped, and counted.
package ledger

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/store"
)

// Options say what is kept, and for how long. Failures are kept always, and so is what became of records of the backlog.
type Options struct {
	Successes float64       `config:"successes" default:"0.01" min:"0" max:"1" doc:"The share of records that were delivered, or filtered, whose story is kept. That of a record that failed, and of one that was accepted before it was delivered, is kept always."`
	PerSecond int           `config:"successes_per_second" default:"100" min:"0" doc:"... but of no more than so many in a second."`
	KeepFor   time.Duration `config:"keep_for" default:"168h" min:"1m" doc:"How long a story is kept."`
	Keep      int           `config:"keep" default:"1000000" min:"1" doc:"How many stories are kept at most: the oldest go first."`
}

// DefaultOptions are those of an empty configuration.
func DefaultOptions() Options { return field.Defaults[Options]() }

// Writer writes to a store. A nil Writer writes nothing. Its methods are safe for concurrent use.
type Writer struct {
	store   store.Store
	options Options
	log     *slog.Logger
	queue   chan *store.Story
	dropped atomic.Int64
	second  atomic.Int64 // the one that taken counts for, since 1970
	taken   atomic.Int64 // successes in it
	end     chan struct{}
	done    chan struct{}
	onDrop  func(n int)
}

const (
	queued      = 4096 // stories
	batch       = 512
	expireEvery = time.Minute
	patience    = 30 * time.Second // for one change
)

// New starts a writer. onDrop, if not nil, is called with how many stories were dropped. Close ends it.
func New(kept store.Store, options Options, log *slog.Logger, onDrop func(n int)) *Writer {
	w := &Writer{store: kept, options: options, log: log, queue: make(chan *store.Story, queued), end: make(chan struct{}), done: make(chan struct{}), onDrop: onDrop}
	go w.run()
	return w
}

// Wants reports whether the story of a record with that outcome is to be told now.
func (w *Writer) Wants(outcome *connector.Outcome, now time.Time) bool {
	switch {
	case w == nil:
		return false
	case outcome.State == connector.Failed:
		return true
	}
	return (w.options.Successes >= 1 || w.options.Successes > 0 && rand.Float64() < w.options.Successes) && w.hasRoom(now)
}

// hasRoom counts a success, unless there are enough of them in this second.
func (w *Writer) hasRoom(now time.Time) bool {
	if second := now.Unix(); w.second.Swap(second) != second {
		w.taken.Store(0)
	}
	return w.taken.Add(1) <= int64(w.options.PerSecond)
}

// Tell writes a story down soon, if it is not nil. It does not block.
func (w *Writer) Tell(story *store.Story) {
	if w == nil || story == nil {
		return
	}
	select {
	case w.queue <- story:
	default:
		w.drop(1)
	}
}

// Dropped returns how many stories were dropped.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

// Close writes what is queued and ends the writer. What is told afterwards is forgotten.
func (w *Writer) Close() {
	if w != nil {
		close(w.end)
		<-w.done
	}
}

func (w *Writer) run() {
	defer close(w.done)
	expire := time.NewTicker(expireEvery)
	defer expire.Stop()
	failing := false
	for {
		select {
		case story := <-w.queue:
			failing = w.write(w.gather(story), failing)
		case <-expire.C:
			w.expire()
		case <-w.end:
			for len(w.queue) > 0 {
				failing = w.write(w.gather(<-w.queue), failing)
			}
			return
		}
	}
}

// gather returns first and what else is queued.
func (w *Writer) gather(first *store.Story) []*store.Story {
	stories := append(make([]*store.Story, 0, batch), first)
	for len(stories) < batch {
		select {
		case story := <-w.queue:
			stories = append(stories, story)
		default:
			return stories
		}
	}
	return stories
}

// write says once that it fails, and returns whether it does.
func (w *Writer) write(stories []*store.Story, failing bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := w.store.Keep(ctx, &store.Change{Stories: stories})
	if err == nil {
		return false
	}
	w.drop(len(stories))
	if !failing {
		w.log.Warn("what became of records cannot be written down", slog.Any("err", err))
	}
	return true
}

func (w *Writer) expire() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := w.store.Expire(ctx, time.Now().Add(-w.options.KeepFor), w.options.Keep); err != nil {
		w.log.Warn("old stories cannot be removed", slog.Any("err", err))
	}
}

func (w *Writer) drop(n int) {
	w.dropped.Add(int64(n))
	if w.onDrop != nil {
		w.onDrop(n)
	}
}
