package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/acktor/acktor"
)

// steer answers with how the pipeline stands after do.
func (s *Server) steer(do func(w http.ResponseWriter, r *http.Request, name string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		err := do(w, r, name)
		if errors.Is(err, acktor.ErrUnknownPipeline) {
			problem{http.StatusNotFound, "not_found", "there is no pipeline of that name: /v1/pipelines lists them"}.write(w)
			return
		}
		for _, status := range s.engine.Pipelines() {
			if status.Pipeline == name {
				writeOK(w, newPipeline(&status))
			}
		}
	})
}

// drain reads no more and settles what is in flight, for at most the time that the query gives, or as long as the client waits.
// What does not go well is in the pipeline's own error.
func (s *Server) drain(w http.ResponseWriter, r *http.Request, name string) error {
	ctx := r.Context()
	if text := r.URL.Query().Get("timeout"); text != "" {
		timeout, err := time.ParseDuration(text)
		if err != nil || timeout < 0 {
			timeout = 0
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	// The answer may take longer than others do.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	return s.engine.Drain(ctx, name)
}
