package store

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

const defaultLimit = 100

// Matches reports whether the letter is meant. Cursor and Limit do not count.
func (q *LetterQuery) Matches(l *Letter) bool {
	return (q.Seqs == nil || slices.Contains(q.Seqs, l.Seq)) &&
		(q.Pipeline == "" || q.Pipeline == l.Pipeline) &&
		(q.Sink == "" || q.Sink == l.Sink) &&
		(q.Class == 0 || q.Class == l.Class) &&
		(q.ID == "" || q.ID == l.Record.ID) &&
		within(l.At, q.Since, q.Until)
}

// Matches reports whether the story is meant. Cursor and Limit do not count.
func (q *StoryQuery) Matches(s *Story) bool {
	return (q.ID == "" || q.ID == s.ID) &&
		(q.Pipeline == "" || q.Pipeline == s.Pipeline) &&
		(q.State == 0 || s.Outcome != nil && q.State == s.Outcome.State) &&
		(q.Class == 0 || s.Outcome != nil && s.Outcome.Failure != nil && q.Class == s.Outcome.Failure.Class) &&
		within(s.At, q.Since, q.Until)
}

func within(at, since, until time.Time) bool {
	return (since.IsZero() || !at.Before(since)) && (until.IsZero() || at.Before(until))
}

// Page returns the sequence number before which the page begins, 0 for that of the newest, and its length.
func (q *LetterQuery) Page() (before int64, limit int, err error) { return page(q.Cursor, q.Limit) }

// Page returns the sequence number before which the page begins, 0 for that of the newest, and its length.
func (q *StoryQuery) Page() (before int64, limit int, err error) { return page(q.Cursor, q.Limit) }

func page(cursor string, limit int) (int64, int, error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	if cursor == "" {
		return 0, limit, nil
	}
	before, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || before < 1 {
		return 0, 0, fmt.Errorf("store: %q is no cursor: begin without one, and go on with what the last page returned", cursor)
	}
	return before, limit, nil
}

// Cursor returns the cursor of the page after the one that ends with seq.
func Cursor(seq int64) string { return strconv.FormatInt(seq, 10) }
