package sink

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
)

// open opens the connector, after the incarnation before has let go of it, and closes it first when this
// incarnation has opened it already.
func (a *Actor) open() {
	again := a.attempted
	a.attempted = true
	ctx, previous, sink := a.ctx, a.previous, a.life.sink
	self, root, incarnation, earlier := a.self, a.root, a.incarnation, a.Previous
	a.workers.running.Go(func() {
		<-previous
		if earlier != nil {
			earlier.Wait()
		}
		if again {
			_ = closeSink(sink)
		}
		root.Send(self, &opened{incarnation: incarnation, err: openSink(ctx, sink)})
	})
}

func openSink(ctx context.Context, sink connector.Sink) (err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	defer connector.Recover(&err)
	return sink.Open(ctx)
}

func closeSink(sink connector.Sink) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	defer connector.Recover(&err)
	return sink.Close(ctx)
}

// onOpened begins to deliver, or tries again later.
func (a *Actor) onOpened(msg *opened) {
	if msg.incarnation != a.incarnation {
		return // the connector was opened for an actor that has panicked since; its closer is on the way
	}
	if msg.err == nil {
		if a.openErr != nil {
			a.Log.Info(fmt.Sprintf("sink %s/%s %s opened", a.Pipeline, a.Sink.Name, a.life.destination))
		}
		a.openErr = nil
		a.openBackoff.Reset()
		if a.breaker.State(a.now) == delivery.Closed {
			a.becomeDelivering()
		} else {
			a.becomeHolding()
		}
		a.dispatch()
		return
	}
	wait := a.openBackoff.NextBackOff()
	if a.openErr == nil {
		a.Log.Warn(fmt.Sprintf("sink %s/%s %s cannot be opened, %d waiting, next try %s",
			a.Pipeline, a.Sink.Name, a.life.destination, a.waiting(), wait.Round(time.Millisecond)), slog.Any("err", msg.err))
	}
	a.openErr = msg.err
	a.blocked = a.now.Add(wait)
	a.noteFailure(openFailure(msg.err))
	a.show("opening")
}

// openWhenDue tries again to open once the wait after a failed try is over.
func (a *Actor) openWhenDue() {
	if a.openErr != nil && !a.blocked.IsZero() && !a.now.Before(a.blocked) {
		a.blocked = time.Time{}
		a.open()
	}
}

// end cancels all that runs, waits for it, closes the connector, and then calls told, if not nil. It does not block.
func (a *Actor) end(told func(*actor.RootContext, *actor.PID, uint64)) {
	if a.ended {
		return
	}
	a.ended = true
	a.alarm.Stop()
	a.cancel()
	a.workers.end()
	previous, done, sink, attempted := a.previous, a.closed, a.life.sink, a.attempted
	running, log, all := &a.workers.running, a.Log, a.Running
	self, root, incarnation := a.self, a.root, a.incarnation
	go func() {
		<-previous
		waitAtMost(closeTimeout, running.Wait)
		if attempted {
			if err := closeSink(sink); err != nil {
				log.Warn("close the sink", slog.Any("err", err))
			}
		}
		close(done)
		all.Done()
		if told != nil {
			told(root, self, incarnation)
		}
	}()
}

// waitAtMost returns when wait does, or after limit: a connector that ignores its context must not hold up the rest.
func waitAtMost(limit time.Duration, wait func()) {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// openFailure is the failure of a record that waited in vain for the connector to open.
func openFailure(err error) *connector.Failure {
	cause := connector.Classify(err)
	return &connector.Failure{Class: cause.Class, Retryable: true, Status: cause.Status, Detail: cause.Detail}
}
