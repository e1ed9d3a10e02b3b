package acktor

import (
	"context"
	"sync/atomic"

	"github.com/acktor/acktor/messages"
)

// Event is what happens on the way: one of the types below, by pointer.
type Event = messages.Status

// The events.
type (
	// Queued says that a destination has the record.
	Queued = messages.Queued
	// AttemptStarted says that an attempt began.
	AttemptStarted = messages.AttemptStarted
	// AttemptFailed says that an attempt failed, and when the next one is due.
	AttemptFailed = messages.AttemptFailed
	// Settled says that a record has its outcome.
	Settled = messages.Settled
	// BreakerOpened says that a destination is left alone for a while.
	BreakerOpened = messages.BreakerOpened
	// Resumed says that a destination's breaker closed again.
	Resumed = messages.Resumed
	// PipelineChanged says that a pipeline is in another state.
	PipelineChanged = messages.PipelineChanged
	// ActorRestarted says that an actor panicked and is started anew.
	ActorRestarted = messages.ActorRestarted
)

// WatchOptions say what a watcher wants.
type WatchOptions struct {
	// Records asks for the events of single records too. It costs each record some messages while somebody watches.
	Records bool
	// Buffer is how many events may wait to be received; what comes on top is dropped. The default is 1024.
	Buffer int
}

// Watch is a subscription to events.
type Watch struct {
	C       <-chan Event
	dropped *atomic.Int64
}

// Dropped counts the events that were lost because the channel was full: watching never slows deliveries.
func (w *Watch) Dropped() int64 { return w.dropped.Load() }

// Watch subscribes to events until ctx ends. The channel is not closed then.
func (e *Engine) Watch(ctx context.Context, options WatchOptions) *Watch {
	if options.Buffer <= 0 {
		options.Buffer = 1024
	}
	events, dropped := make(chan Event, options.Buffer), &atomic.Int64{}
	stop := e.tree.Watch(options.Records, func(status messages.Status) {
		select {
		case events <- status:
		default:
			dropped.Add(1)
		}
	})
	context.AfterFunc(ctx, stop)
	return &Watch{C: events, dropped: dropped}
}
