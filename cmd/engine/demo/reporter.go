package demo

import (
	"context"
	"fmt"
	"sync"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

// reporter announces what the engine tells of its destinations, and counts. Its counts are to be read after run has returned;
// lastError at any time.
type reporter struct {
	watch *acktor.Watch
	tell  func(format string, arguments ...any)
	open  map[string]bool // destinations whose breaker was announced as open

	retries, opened, closed int64
	mostWaiting             int
	mostWaitingAt           string

	mu         sync.Mutex
	lastErrors map[string]string // by destination
}

func newReporter(watch *acktor.Watch, tell func(string, ...any)) *reporter {
	return &reporter{watch: watch, tell: tell, open: map[string]bool{}, lastErrors: map[string]string{}}
}

// run reports until ctx ends and there is nothing left to report.
func (r *reporter) run(ctx context.Context) {
	for {
		select {
		case event := <-r.watch.C:
			r.report(event)
			continue
		default:
		}
		select {
		case event := <-r.watch.C:
			r.report(event)
		case <-ctx.Done():
			return
		}
	}
}

func (r *reporter) report(event acktor.Event) {
	switch e := event.(type) {
	case *acktor.AttemptFailed:
		r.remember(e.Destination, &e.Failure)
		if !e.Next.IsZero() {
			r.retries++
		}
	case *acktor.BreakerOpened:
		r.opened++
		if e.Waiting > r.mostWaiting {
			r.mostWaiting, r.mostWaitingAt = e.Waiting, e.Destination
		}
		if !r.open[e.Destination] {
			r.open[e.Destination] = true
			r.tell("the breaker of %s opens: %d of %d attempts failed, %s", e.Destination, e.Failed, e.Requests, e.Class)
		}
	case *acktor.Resumed:
		r.closed++
		delete(r.open, e.Destination)
		r.tell("the breaker of %s closes: %s that waited for it go out", e.Destination, orders(e.Waiting))
	}
}

func (r *reporter) remember(destination string, failure *connector.Failure) {
	text := failure.Class.String()
	if failure.Status != 0 {
		text = fmt.Sprintf("%s (%d)", text, failure.Status)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErrors[destination] = text
}

// lastError says why the last attempt at a destination failed that did.
func (r *reporter) lastError(destination string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastErrors[destination]
}
