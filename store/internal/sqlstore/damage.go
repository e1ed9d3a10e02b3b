package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// wound is a row that is not what was written.
type wound struct {
	part         string // of the name of the table
	seq          int64
	slot         []byte // of positions, instead of seq
	pipeline, id string
	reason       error
}

// blobs names the columns of a part that are worth keeping.
func blobs(part string) (first, second string) {
	switch part {
	case "entries":
		return "mark", "body"
	case "letters":
		return "body", "data"
	}
	return "body", "body"
}

// retreat moves damaged rows aside, durably, and tells of them. A read that met some begins again afterwards.
func (s *Store) retreat(ctx context.Context, wounds []wound) error {
	return s.do(ctx, func(ctx context.Context, w *writing) error { return s.aside(ctx, w, wounds) })
}

func (s *Store) aside(ctx context.Context, w *writing, wounds []wound) error {
	for _, at := range wounds {
		first, second := blobs(at.part)
		which, key := `seq = ?`, any(at.seq)
		if at.part == "positions" {
			which, key = `slot = ?`, at.slot
		}
		_, err := w.run(ctx, fmt.Sprintf(`INSERT INTO acktor_damaged (at, part, seq, pipeline, id, reason, first, second)
			SELECT CAST(? AS {int}), CAST(? AS {blob}), CAST(? AS {int}), CAST(? AS {blob}), CAST(? AS {blob}), CAST(? AS {blob}), %s, %s FROM acktor_%s WHERE %s`, first, second, at.part, which),
			nanos(time.Now()), []byte(at.part), at.seq, []byte(at.pipeline), []byte(at.id), []byte(at.reason.Error()), key)
		if err != nil {
			return err
		}
		if at.reason == errMark {
			e := &store.Entry{Seq: at.seq, Origin: store.Accepted}
			m, _ := mark(e) // without progress there is nothing to go wrong
			_, err = w.run(ctx, `UPDATE acktor_entries SET parked = 0, mark = ? WHERE seq = ?`, seal(m, at.seq), at.seq)
		} else {
			_, err = w.run(ctx, fmt.Sprintf(`DELETE FROM acktor_%s WHERE %s`, at.part, which), key)
		}
		if err != nil {
			return err
		}
		s.log.LogAttrs(ctx, slog.LevelError, "store is damaged: see the table acktor_damaged", slog.String("store", s.where), slog.String("part", at.part),
			slog.Int64("seq", at.seq), slog.String("pipeline", at.pipeline), slog.String("id", at.id), slog.String("reason", at.reason.Error()))
	}
	return nil
}

// Report keeps and logs damage that was found elsewhere.
func (s *Store) Report(ctx context.Context, part, reason string) error {
	s.log.LogAttrs(ctx, slog.LevelError, "store is damaged", slog.String("store", s.where), slog.String("part", part), slog.String("reason", reason))
	return s.do(ctx, func(ctx context.Context, w *writing) error {
		nothing := []byte{}
		_, err := w.run(ctx, `INSERT INTO acktor_damaged (at, part, seq, pipeline, id, reason, first, second) VALUES (?, ?, 0, ?, ?, ?, ?, ?)`,
			nanos(time.Now()), []byte(part), nothing, nothing, []byte(reason), nothing, nothing)
		return err
	})
}

// Damage returns what was found.
func (s *Store) Damage(ctx context.Context) ([]store.Damage, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.query(ctx, `SELECT at, part, seq, pipeline, id, reason FROM acktor_damaged ORDER BY at, seq`)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []store.Damage
	for rows.Next() {
		var d store.Damage
		var at int64
		var part, pipeline, id, reason []byte
		if err := rows.Scan(&at, &part, &d.Seq, &pipeline, &id, &reason); err != nil {
			return nil, s.explain(err)
		}
		d.At, d.Part, d.Pipeline, d.ID, d.Reason = time.Unix(0, at).UTC(), string(part), string(pipeline), connector.RecordID(id), string(reason)
		all = append(all, d)
	}
	return all, s.explain(rows.Err())
}
