package supervisor

import (
	"context"
	"log/slog"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/messages"
)

// eventsActor hands every Status on to those who subscribed.
type eventsActor struct{ subscriptions []*subscription }

type subscription struct {
	records bool
	each    func(messages.Status)
}

type (
	subscribe   struct{ *subscription }
	unsubscribe struct{ *subscription }
)

// Receive handles the one state that it has.
func (e *eventsActor) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *subscribe:
		e.subscriptions = append(e.subscriptions, msg.subscription)
	case *unsubscribe:
		e.subscriptions = slices.DeleteFunc(e.subscriptions, func(s *subscription) bool { return s == msg.subscription })
	case messages.Status:
		e.tell(msg)
	}
}

func (e *eventsActor) tell(status messages.Status) {
	ofRecord := isOfRecord(status)
	for _, s := range e.subscriptions {
		if s.records || !ofRecord {
			s.each(status)
		}
	}
}

func isOfRecord(status messages.Status) bool {
	switch status.(type) {
	case *messages.Queued, *messages.AttemptStarted, *messages.AttemptFailed, *messages.Settled:
		return true
	}
	return false
}

// onlyErrors passes on what protoactor logs as an error; the rest of what it says is for its own developers.
type onlyErrors struct{ slog.Handler }

// Enabled reports whether level is an error.
func (h onlyErrors) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the filter.
func (h onlyErrors) WithAttrs(attrs []slog.Attr) slog.Handler {
	return onlyErrors{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the filter.
func (h onlyErrors) WithGroup(name string) slog.Handler { return onlyErrors{h.Handler.WithGroup(name)} }
