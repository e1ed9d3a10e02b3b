package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func (s *Store) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.reader.QueryContext(ctx, s.dialect.text(query), args...)
}

// collect runs a query and hands each row to take, which returns false when it has enough, and an error of the row: then that
// is moved aside, and all begins anew, with what reset does. So a page is never shorter for want of what was lost.
func (s *Store) collect(ctx context.Context, query string, args []any, reset func(), take func(rows *sql.Rows) (more bool, hurt *wound, err error)) error {
	for {
		reset()
		wounds, err := s.scan(ctx, query, args, take)
		if err != nil {
			return s.explain(err)
		}
		if len(wounds) == 0 {
			return nil
		}
		if err := s.retreat(ctx, wounds); err != nil {
			return err
		}
	}
}

func (s *Store) scan(ctx context.Context, query string, args []any, take func(rows *sql.Rows) (bool, *wound, error)) (wounds []wound, err error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		more, hurt, err := take(rows)
		if err != nil {
			return nil, err
		}
		if hurt != nil {
			wounds = append(wounds, *hurt)
		}
		if !more {
			return wounds, nil
		}
	}
	return wounds, rows.Err()
}

// Load returns the positions of a pipeline.
func (s *Store) Load(ctx context.Context, pipeline string) (positions []connector.Position, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = s.collect(ctx, `SELECT slot, pipeline, body FROM acktor_positions WHERE pipe = ?`, []any{pipe(pipeline)}, func() { positions = nil },
		func(rows *sql.Rows) (bool, *wound, error) {
			var slot, name, body []byte
			if err := rows.Scan(&slot, &name, &body); err != nil {
				return false, nil, err
			}
			p, err := position(string(name), body)
			if err != nil {
				return true, &wound{part: "positions", slot: slot, pipeline: pipeline, reason: err}, nil
			}
			positions = append(positions, p)
			return true, nil, nil
		})
	slices.SortFunc(positions, func(a, b connector.Position) int { return strings.Compare(a.Partition, b.Partition) })
	return positions, err
}

// entries runs a query of whole entries. Once they hold more than maxBytes it ends; 0 is no limit.
func (s *Store) entries(ctx context.Context, where string, args []any, maxBytes int) (entries []*store.Entry, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	bytes := 0
	err = s.collect(ctx, `SELECT seq, pipeline, id, mark, body FROM acktor_entries WHERE `+where, args, func() { entries, bytes = nil, 0 },
		func(rows *sql.Rows) (bool, *wound, error) {
			var seq int64
			var pipeline, id, mark, body []byte
			if err := rows.Scan(&seq, &pipeline, &id, &mark, &body); err != nil {
				return false, nil, err
			}
			e, err := entry(seq, string(pipeline), string(id), mark, body)
			if err != nil {
				return true, &wound{part: "entries", seq: seq, pipeline: string(pipeline), id: string(id), reason: err}, nil
			}
			entries, bytes = append(entries, e), bytes+e.Record.Size()
			return maxBytes <= 0 || bytes <= maxBytes, nil, nil
		})
	return entries, err
}

// Fresh returns entries that are due.
func (s *Store) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*store.Entry, error) {
	return s.entries(ctx, `pipe = ? AND parked = 0 AND seq > ? ORDER BY seq LIMIT ?`, []any{pipe(pipeline), after, max(limit, 0)}, maxBytes)
}

// Take returns whole entries.
func (s *Store) Take(ctx context.Context, pipeline string, seqs []int64) ([]*store.Entry, error) {
	return s.entries(ctx, `pipe = ? AND `+anyOf(seqs)+` ORDER BY seq`, []any{pipe(pipeline)}, 0)
}

// anyOf is a condition. Numbers need no arguments, of which there may not be many.
func anyOf(seqs []int64) string {
	if len(seqs) == 0 {
		return `1 = 0`
	}
	var b strings.Builder
	for _, seq := range seqs {
		fmt.Fprintf(&b, ",%d", seq)
	}
	return `seq IN (` + b.String()[1:] + `)`
}

// Find returns the entries of a record.
func (s *Store) Find(ctx context.Context, id connector.RecordID) ([]*store.Entry, error) {
	return s.entries(ctx, `hash = ? AND id = ? ORDER BY seq`, []any{hash(id), []byte(id)}, 0)
}

// Parked returns the heads of entries that wait for their time.
func (s *Store) Parked(ctx context.Context, pipeline string, after int64, limit int) (heads []store.Head, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = s.collect(ctx, `SELECT seq, id, size, mark FROM acktor_entries WHERE pipe = ? AND parked = 1 AND seq > ? ORDER BY seq LIMIT ?`,
		[]any{pipe(pipeline), after, max(limit, 0)}, func() { heads = nil },
		func(rows *sql.Rows) (bool, *wound, error) {
			var head store.Head
			var id, mark []byte
			if err := rows.Scan(&head.Seq, &id, &head.Size, &mark); err != nil {
				return false, nil, err
			}
			e := &store.Entry{Seq: head.Seq}
			if readMark(e, mark) != nil {
				return true, &wound{part: "entries", seq: head.Seq, pipeline: pipeline, id: string(id), reason: errMark}, nil
			}
			head.ID, head.Due, head.Progress = connector.RecordID(id), e.Due, e.Progress
			heads = append(heads, head)
			return true, nil, nil
		})
	return heads, err
}

// Count adds up what the indexes say.
func (s *Store) Count(ctx context.Context, pipeline string) (records int, bytes int64, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer leave()
	query := `SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS {int}) FROM acktor_entries WHERE pipe = ? AND parked = `
	for _, parked := range []string{"0", "1"} {
		var n int
		var size int64
		if err := s.reader.QueryRowContext(ctx, s.dialect.text(query+parked), pipe(pipeline)).Scan(&n, &size); err != nil {
			return 0, 0, s.explain(err)
		}
		records, bytes = records+n, bytes+size
	}
	return records, bytes, nil
}
