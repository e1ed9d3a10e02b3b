package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// part is how many rows one transaction moves or removes at most, so that changes do not wait for long.
const part = 256

// condition is a WHERE and its arguments.
type condition struct {
	terms []string
	args  []any
}

func (c *condition) and(wanted bool, term string, args ...any) {
	if wanted {
		c.terms, c.args = append(c.terms, term), append(c.args, args...)
	}
}

func (c *condition) text() string {
	if len(c.terms) == 0 {
		return `1 = 1`
	}
	return strings.Join(c.terms, ` AND `)
}

func (c *condition) record(pipeline string, id connector.RecordID, since, until time.Time) {
	c.and(pipeline != "", `pipe = ?`, pipe(pipeline))
	c.and(id != "", `hash = ? AND id = ?`, hash(id), []byte(id))
	c.and(!since.IsZero(), `at >= ?`, nanos(since))
	c.and(!until.IsZero(), `at < ?`, nanos(until))
}

func lettersThat(q *store.LetterQuery) *condition {
	c := &condition{}
	c.and(q.Seqs != nil, anyOf(q.Seqs))
	c.record(q.Pipeline, q.ID, q.Since, q.Until)
	c.and(q.Sink != "", `sink = ?`, []byte(q.Sink))
	c.and(q.Class != 0, fmt.Sprintf(`class = %d`, q.Class))
	return c
}

// scanLetter reads a row of letterColumns.
func scanLetter(rows *sql.Rows) (*store.Letter, *wound, error) {
	var seq int64
	var pipeline, id, sink, body, data []byte
	if err := rows.Scan(&seq, &pipeline, &id, &sink, &body, &data); err != nil {
		return nil, nil, err
	}
	l, err := letter(seq, string(pipeline), string(id), string(sink), body, data)
	if err != nil {
		return nil, &wound{part: "letters", seq: seq, pipeline: string(pipeline), id: string(id), reason: err}, nil
	}
	return l, nil, nil
}

func letterColumns(withData bool) string {
	if withData {
		return `SELECT seq, pipeline, id, sink, body, data FROM acktor_letters WHERE `
	}
	return `SELECT seq, pipeline, id, sink, body, NULL FROM acktor_letters WHERE `
}

// List returns a page of letters.
func (s *Store) List(ctx context.Context, q store.LetterQuery) (letters []*store.Letter, next string, err error) {
	before, limit, err := q.Page()
	if err != nil {
		return nil, "", err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	c := lettersThat(&q)
	c.and(before != 0, `seq < ?`, before)
	c.args = append(c.args, limit+1)
	err = s.collect(ctx, letterColumns(q.WithData)+c.text()+` ORDER BY seq DESC LIMIT ?`, c.args, func() { letters = nil },
		func(rows *sql.Rows) (bool, *wound, error) {
			l, hurt, err := scanLetter(rows)
			if l != nil {
				letters = append(letters, l)
			}
			return true, hurt, err
		})
	if len(letters) > limit {
		letters = letters[:limit]
		next = store.Cursor(letters[limit-1].Seq)
	}
	return letters, next, err
}

// Letter returns a whole letter.
func (s *Store) Letter(ctx context.Context, seq int64) (*store.Letter, error) {
	letters, _, err := s.List(ctx, store.LetterQuery{Seqs: []int64{seq}, WithData: true})
	if err == nil && len(letters) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return letters[0], nil
}

// CountLetters counts the letters that match.
func (s *Store) CountLetters(ctx context.Context, q store.LetterQuery) (n int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	c := lettersThat(&q)
	err = s.reader.QueryRowContext(ctx, s.dialect.text(`SELECT COUNT(*) FROM acktor_letters WHERE `+c.text()), c.args...).Scan(&n)
	return n, s.explain(err)
}

// Replay moves letters to the backlog, a part in each transaction.
func (s *Store) Replay(ctx context.Context, q store.LetterQuery) (moved int, pipelines []string, err error) {
	to := map[string]bool{}
	moved, err = s.parts(ctx, &q, func(ctx context.Context, w *writing, c *condition, most int) (int, error) {
		letters, err := s.oldest(ctx, w, c, most)
		if err != nil {
			return 0, err
		}
		for _, l := range letters {
			to[l.Pipeline] = true
		}
		return len(letters), w.replay(ctx, letters)
	})
	return moved, slices.Sorted(maps.Keys(to)), err
}

// Drop removes letters, a part in each transaction.
func (s *Store) Drop(ctx context.Context, q store.LetterQuery) (int, error) {
	return s.parts(ctx, &q, func(ctx context.Context, w *writing, c *condition, most int) (int, error) {
		n, err := w.run(ctx, `DELETE FROM acktor_letters WHERE seq IN (SELECT seq FROM acktor_letters WHERE `+c.text()+` ORDER BY seq LIMIT ?)`, append(c.args, most)...)
		return int(n), err
	})
}

// parts calls move in one transaction after another, until it returns none or the limit of the query is reached. Letters
// that come meanwhile are not meant.
func (s *Store) parts(ctx context.Context, q *store.LetterQuery, move func(ctx context.Context, w *writing, c *condition, most int) (int, error)) (int, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	var newest int64
	if err := s.reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM acktor_letters`).Scan(&newest); err != nil {
		return 0, s.explain(err)
	}
	total := 0
	for {
		most := part
		if q.Limit > 0 {
			most = min(most, q.Limit-total)
		}
		n := 0
		err := s.do(ctx, func(ctx context.Context, w *writing) (err error) {
			c := lettersThat(q)
			c.and(true, `seq <= ?`, newest)
			n, err = move(ctx, w, c, most)
			return err
		})
		if err != nil {
			return total, err
		}
		total += n
		if n == 0 || total == q.Limit {
			return total, nil
		}
	}
}

// oldest returns letters that are whole; what is damaged before them is moved aside.
func (s *Store) oldest(ctx context.Context, w *writing, c *condition, most int) (letters []*store.Letter, err error) {
	for wounds := []wound{{}}; len(letters) == 0 && len(wounds) > 0; {
		if letters, wounds, err = w.scanLetters(ctx, c, most); err != nil {
			return nil, err
		}
		if err := s.aside(ctx, w, wounds); err != nil {
			return nil, err
		}
	}
	return letters, nil
}

func (w *writing) scanLetters(ctx context.Context, c *condition, most int) (letters []*store.Letter, wounds []wound, err error) {
	rows, err := w.conn.QueryContext(ctx, w.dialect.text(letterColumns(true)+c.text()+` ORDER BY seq LIMIT ?`), append(c.args, most)...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		l, hurt, err := scanLetter(rows)
		if err != nil {
			return nil, nil, err
		}
		if hurt != nil {
			wounds = append(wounds, *hurt)
		} else {
			letters = append(letters, l)
		}
	}
	return letters, wounds, rows.Err()
}

func (w *writing) replay(ctx context.Context, letters []*store.Letter) error {
	var g grouped
	now := time.Now()
	for _, l := range letters {
		row, err := entryRowOf(l.Entry(now))
		if err != nil {
			return err
		}
		g.adds = append(g.adds, &row)
	}
	if err := g.number(ctx, w); err != nil {
		return err
	}
	if err := g.add(ctx, w); err != nil {
		return err
	}
	return w.each(ctx, `DELETE FROM acktor_letters WHERE seq IN (`, `?`, `)`, len(letters), func(args []any, i int) []any { return append(args, letters[i].Seq) })
}
