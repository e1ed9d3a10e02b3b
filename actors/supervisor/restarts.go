package supervisor

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cenkalti/backoff/v4"

	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/pipeline"
)

// restarts decides how an actor that panics is started again. It belongs to the actor's parent.
type restarts struct {
	settings pipeline.Restart
	backoff  *backoff.ExponentialBackOff
	failures int // without a quiet time between them
	last     time.Time
}

func newRestarts(settings pipeline.Restart) *restarts {
	return &restarts{settings: settings, backoff: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(settings.Initial), backoff.WithMaxInterval(settings.Max), backoff.WithMaxElapsedTime(0))}
}

// failed counts a failure and returns how long to wait before the restart, or false when there were too many.
func (r *restarts) failed(now time.Time) (wait time.Duration, again bool) {
	if now.Sub(r.last) > 2*r.settings.Max {
		r.failures = 0
		r.backoff.Reset()
	}
	r.last = now
	r.failures++
	return r.backoff.NextBackOff(), r.failures <= r.settings.MaxFailures
}

// restarter is what the supervising actors have in common.
type restarter struct {
	pipeline pipeline.Name
	log      *slog.Logger
	events   *actor.PID
}

// handle restarts child after its wait, or escalates.
func (s restarter) handle(system *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, r *restarts, reason, message any) {
	now := time.Now()
	wait, again := r.failed(now)
	s.log.Error(fmt.Sprintf("actor %s panicked, %s", child.Id, next(wait, again)),
		slog.Any("reason", reason), slog.String("message", fmt.Sprintf("%T", message)))
	system.Root.Send(s.events, &messages.ActorRestarted{
		Pipeline: string(s.pipeline), Actor: child.Id, Reason: fmt.Sprint(reason), Delay: wait, At: now})
	if !again {
		parent.EscalateFailure(reason, message)
		return
	}
	time.AfterFunc(wait, func() { parent.RestartChildren(child) })
}

func next(wait time.Duration, again bool) string {
	if again {
		return fmt.Sprintf("restart in %s", wait.Round(time.Millisecond))
	}
	return "too often"
}
