package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/acktor/acktor/store"
)

// Stories returns a page of stories.
func (s *Store) Stories(ctx context.Context, q store.StoryQuery) (stories []*store.Story, next string, err error) {
	before, limit, err := q.Page()
	if err != nil {
		return nil, "", err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	c := &condition{}
	c.record(q.Pipeline, q.ID, q.Since, q.Until)
	// Written as numbers, they let the database see that the index of what failed is enough.
	c.and(q.State != 0, fmt.Sprintf(`state = %d`, q.State))
	c.and(q.Class != 0, fmt.Sprintf(`class = %d`, q.Class))
	c.and(before != 0, `seq < ?`, before)
	c.args = append(c.args, limit+1)
	err = s.collect(ctx, `SELECT seq, pipeline, id, body FROM acktor_stories WHERE `+c.text()+` ORDER BY seq DESC LIMIT ?`, c.args, func() { stories = nil },
		func(rows *sql.Rows) (bool, *wound, error) {
			var seq int64
			var pipeline, id, body []byte
			if err := rows.Scan(&seq, &pipeline, &id, &body); err != nil {
				return false, nil, err
			}
			told, err := story(seq, string(pipeline), string(id), body)
			if err != nil {
				return true, &wound{part: "stories", seq: seq, pipeline: string(pipeline), id: string(id), reason: err}, nil
			}
			stories = append(stories, told)
			return true, nil, nil
		})
	if len(stories) > limit {
		stories = stories[:limit]
		next = store.Cursor(stories[limit-1].Seq)
	}
	return stories, next, err
}

// Expire removes stories, a part in each transaction.
func (s *Store) Expire(ctx context.Context, before time.Time, maxStories int) (removed int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	remove := func(which string, args ...any) (n int64, err error) {
		err = s.do(ctx, func(ctx context.Context, w *writing) error {
			n, err = w.run(ctx, `DELETE FROM acktor_stories WHERE seq IN (SELECT seq FROM acktor_stories `+which+` LIMIT ?)`, args...)
			return err
		})
		removed += int(n)
		return n, err
	}
	for n := int64(part); n == part; {
		if n, err = remove(`WHERE at < ? ORDER BY at, seq`, nanos(before), part); err != nil {
			return removed, err
		}
	}
	if maxStories <= 0 {
		return removed, nil
	}
	var excess int
	if err := s.reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM acktor_stories`).Scan(&excess); err != nil {
		return removed, s.explain(err)
	}
	for excess -= maxStories; excess > 0; excess -= part {
		if n, err := remove(`ORDER BY seq`, min(excess, part)); err != nil || n == 0 {
			return removed, err
		}
	}
	return removed, nil
}
