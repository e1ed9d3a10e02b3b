package acktor

import (
	"context"
	"errors"

	"github.com/acktor/acktor/store"
)

// ErrNoStore is returned by what needs Options.Store where there is none.
var ErrNoStore = errors.New("acktor: the engine has no store")

// Store returns what Options.Store was: the place to look up positions, pending records, dead letters and outcomes. It is
// nil when there is none.
func (e *Engine) Store() store.Store { return e.store }

// Replay takes dead letters out, the oldest first, at most query.Limit of them, and delivers them again: each to the sink
// that failed, under the id that it had. It returns how many it took, also with an error, without waiting for what
// becomes of them. Those of a pipeline that does not run are delivered when it does.
func (e *Engine) Replay(ctx context.Context, query store.LetterQuery) (moved int, err error) {
	if e.store == nil {
		return 0, ErrNoStore
	}
	moved, pipelines, err := e.store.Replay(ctx, query)
	for _, name := range pipelines {
		if p, err := e.find(name); err == nil {
			p.Look()
		}
	}
	return moved, err
}
