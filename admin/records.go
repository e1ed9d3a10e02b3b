package admin

import (
	"context"
	"net/http"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func (s *Server) listRecords(w http.ResponseWriter, r *http.Request, kept store.Store) {
	f := newFilter(r.URL.Query(), storyFilters+" cursor limit")
	query := f.stories()
	if f.err != nil {
		badQuery(f.err).write(w)
		return
	}
	stories, next, err := kept.Stories(r.Context(), query)
	if err != nil {
		s.storeProblem(err).write(w)
		return
	}
	writeOK(w, Stories{Stories: each(stories, newStory), Next: next})
}

func (s *Server) showRecord(w http.ResponseWriter, r *http.Request, kept store.Store) {
	record, err := look(r.Context(), kept, connector.RecordID(r.PathValue("id")))
	switch {
	case err != nil:
		s.storeProblem(err).write(w)
	case !record.Known():
		problem{http.StatusNotFound, "unknown_record", "nothing is known of this record: no source handed it over, or it is in flight and was not accepted before, or it was settled longer ago than " +
			"stories are kept (store.ledger.keep_for), or it was delivered or filtered, of which only a share is kept (store.ledger.successes)"}.write(w)
	default:
		writeOK(w, record)
	}
}

// look asks for everything about a record. What is pending is asked for first: a record that is settled meanwhile shows up twice
// rather than not at all.
func look(ctx context.Context, kept store.Store, id connector.RecordID) (*Record, error) {
	entries, err := kept.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	letters, _, err := kept.List(ctx, store.LetterQuery{ID: id, Limit: defaultPage})
	if err != nil {
		return nil, err
	}
	stories, _, err := kept.Stories(ctx, store.StoryQuery{ID: id, Limit: defaultPage})
	if err != nil {
		return nil, err
	}
	return &Record{
		ID: string(id), Pending: each(entries, newPending), Stories: each(stories, newStory), Dead: each(letters, newLetterWithOutcome),
	}, nil
}
