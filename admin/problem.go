package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/store"
)

// problem is what could not be answered, and how to do better.
type problem struct {
	status       int
	kind, detail string
}

const problemType = "urn:acktor:problem:"

func (p problem) write(w http.ResponseWriter) { p.writeAfter(w, 0) }

// writeAfter also says how many letters had been moved.
func (p problem) writeAfter(w http.ResponseWriter, moved int) {
	writeJSON(w, p.status, "application/problem+json", Problem{
		Type: problemType + p.kind, Title: http.StatusText(p.status), Status: p.status, Detail: p.detail, Moved: moved,
	})
}

func badQuery(err error) problem { return problem{http.StatusBadRequest, "query", err.Error()} }

// storeProblem says what the store's errors mean. Those that the store names itself hold paths and reasons; any other may
// quote whatever its database had to say, so it goes to the log alone.
func (s *Server) storeProblem(err error) problem {
	_, locked := errors.AsType[*store.LockedError](err)
	_, lost := errors.AsType[*store.LockLostError](err)
	_, damaged := errors.AsType[*store.DamagedError](err)
	_, newer := errors.AsType[*store.NewerError](err)
	switch {
	case errors.Is(err, acktor.ErrNoStore):
		return noStore()
	case errors.Is(err, store.ErrNotFound):
		return problem{http.StatusNotFound, "not_found", "there is no such dead letter: it was replayed or dropped, or never there"}
	case errors.Is(err, store.ErrFull):
		return problem{http.StatusInsufficientStorage, "store_full", err.Error()}
	case errors.Is(err, store.ErrClosed), errors.Is(err, context.Canceled):
		return problem{http.StatusServiceUnavailable, "store_closed", "the store is closed: the engine is about to end"}
	case locked, lost, damaged, newer:
		return problem{http.StatusServiceUnavailable, "store", err.Error()}
	}
	s.log.Warn("the store does not answer the admin address", "error", err)
	return problem{http.StatusInternalServerError, "store", "the store does not answer: the log says why"}
}

func noStore() problem {
	return problem{http.StatusNotImplemented, "no_store", "this engine has no store, so it keeps neither records nor dead letters: give it one (Options.Store)"}
}

func writeOK(w http.ResponseWriter, value any) {
	writeJSON(w, http.StatusOK, "application/json", value)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, value any) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client is gone when this fails
}
