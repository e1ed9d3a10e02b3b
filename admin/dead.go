package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/acktor/acktor/store"
)

// stored hands the engine's store to a handler, or answers that there is none.
func (s *Server) stored(answer func(http.ResponseWriter, *http.Request, store.Store)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kept := s.engine.Store(); kept != nil {
			answer(w, r, kept)
		} else {
			noStore().write(w)
		}
	})
}

func (s *Server) listDead(w http.ResponseWriter, r *http.Request, kept store.Store) {
	f := newFilter(r.URL.Query(), letterFilters+" cursor limit")
	query := f.letters(defaultPage, maxPage)
	if f.err != nil {
		badQuery(f.err).write(w)
		return
	}
	letters, next, err := kept.List(r.Context(), query)
	total := 0
	if err == nil {
		total, err = kept.CountLetters(r.Context(), query)
	}
	if err != nil {
		s.storeProblem(err).write(w)
		return
	}
	writeOK(w, Letters{Letters: each(letters, newLetter), Total: total, Next: next})
}

func (s *Server) showDead(w http.ResponseWriter, r *http.Request, kept store.Store) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		problem{http.StatusNotFound, "not_found", "a dead letter is named by its number, as /v1/dead lists it"}.write(w)
		return
	}
	letter, err := kept.Letter(r.Context(), seq)
	if err != nil {
		s.storeProblem(err).write(w)
		return
	}
	writeOK(w, newWholeLetter(letter))
}

// move answers a replay or a drop.
func (s *Server) move(do func(context.Context, store.Store, store.LetterQuery) (int, error)) http.Handler {
	return s.stored(func(w http.ResponseWriter, r *http.Request, kept store.Store) {
		query, err := whatToMove(r)
		if err != nil {
			badQuery(err).write(w)
			return
		}
		unhurried(w)
		moved, err := do(r.Context(), kept, query)
		if err != nil {
			s.storeProblem(err).writeAfter(w, moved)
			return
		}
		left, err := kept.CountLetters(r.Context(), query)
		if err != nil {
			s.storeProblem(err).writeAfter(w, moved)
			return
		}
		writeOK(w, Moved{Moved: moved, Left: left})
	})
}

func whatToMove(r *http.Request) (store.LetterQuery, error) {
	f := newFilter(r.URL.Query(), letterFilters+" all limit")
	query := f.letters(defaultMove, maxMove)
	if all := f.values.Get("all"); all != "" && all != "true" {
		f.fail("all %q: want true, or leave it out", all)
	}
	if f.err == nil && !f.given(letterFilters+" all") {
		f.err = errors.New("say which dead letters are meant: give one of pipeline, sink, class, id, seq, since, until, or all=true")
	}
	return query, f.err
}

// unhurried lets a request take as long as the server lets one answer take. Without it the read timeout, which is for
// slow clients, would end the request's context while the store works.
func unhurried(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // not every ResponseWriter has one
}

func (s *Server) replay(ctx context.Context, _ store.Store, query store.LetterQuery) (int, error) {
	return s.engine.Replay(ctx, query)
}

func (s *Server) drop(ctx context.Context, kept store.Store, query store.LetterQuery) (int, error) {
	return kept.Drop(ctx, query)
}
