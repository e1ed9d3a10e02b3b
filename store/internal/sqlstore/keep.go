package sqlstore

import (
	"context"
	"fmt"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// prepared is a change in the form of rows. Callers prepare their own, so that the writer has little to do.
type prepared struct {
	adds      []entryRow
	updates   []updateRow
	removes   []int64
	letters   []letterRow
	stories   []storyRow
	positions []positionRow
	bytes     int
}

type entryRow struct {
	seq          int64
	pipeline, id string
	parked, size int
	mark, body   []byte
}

type updateRow struct {
	seq    int64
	parked int
	mark   []byte
}

type letterRow struct {
	seq                int64
	pipeline, id, sink string
	class, at          int64
	body, data         []byte
}

type storyRow struct {
	seq              int64
	pipeline, id     string
	at, state, class int64
	body             []byte
}

type positionRow struct {
	pipeline, partition string
	body                []byte
}

// Keep makes a change durable.
func (s *Store) Keep(ctx context.Context, change *store.Change) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if change.Empty() {
		return nil
	}
	p, err := prepare(change)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := s.writer.submit(ctx, &job{change: p}); err != nil {
		return s.explain(err)
	}
	for i, row := range p.adds {
		change.Add[i].Seq = row.seq
	}
	for i, row := range p.letters {
		change.Letters[i].Seq = row.seq
	}
	for i, row := range p.stories {
		change.Stories[i].Seq = row.seq
	}
	return nil
}

// Save keeps positions.
func (s *Store) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	return s.Keep(ctx, &store.Change{Pipeline: pipeline, Positions: positions})
}

func prepare(c *store.Change) (*prepared, error) {
	p := &prepared{removes: append([]int64(nil), c.Remove...)}
	p.bytes = 16 * len(c.Remove)
	for _, e := range c.Add {
		row, err := entryRowOf(e)
		if err != nil {
			return nil, err
		}
		p.adds = append(p.adds, row)
		p.bytes += len(row.body) + len(row.mark)
	}
	for _, e := range c.Update {
		m, err := mark(e)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		p.updates = append(p.updates, updateRow{e.Seq, isParked(e), m})
		p.bytes += len(m)
	}
	for _, l := range c.Letters {
		body, err := letterBody(l)
		if err != nil {
			return nil, fmt.Errorf("letter of record %s: %w", l.Record.ID, err)
		}
		p.letters = append(p.letters, letterRow{0, l.Pipeline, string(l.Record.ID), l.Sink, int64(l.Class), nanos(l.At), body, letterData(l)})
		p.bytes += len(body) + len(l.Record.Data)
	}
	for _, story := range c.Stories {
		row, err := storyRowOf(story)
		if err != nil {
			return nil, err
		}
		p.stories = append(p.stories, row)
		p.bytes += len(row.body)
	}
	for _, position := range c.Positions {
		p.positions = append(p.positions, positionRow{c.Pipeline, position.Partition, positionBody(position)})
	}
	return p, nil
}

func isParked(e *store.Entry) int {
	if e.Due.IsZero() {
		return 0
	}
	return 1
}

func entryRowOf(e *store.Entry) (entryRow, error) {
	m, err := mark(e)
	if err != nil {
		return entryRow{}, fmt.Errorf("record %s: %w", e.Record.ID, err)
	}
	return entryRow{0, e.Pipeline, string(e.Record.ID), isParked(e), e.Record.Size(), m, entryBody(e)}, nil
}

func storyRowOf(s *store.Story) (storyRow, error) {
	body, err := storyBody(s)
	if err != nil {
		return storyRow{}, fmt.Errorf("story of record %s: %w", s.ID, err)
	}
	row := storyRow{pipeline: s.Pipeline, id: string(s.ID), at: nanos(s.At), body: body}
	if s.Outcome != nil {
		row.state = int64(s.Outcome.State)
		if s.Outcome.Failure != nil {
			row.class = int64(s.Outcome.Failure.Class)
		}
	}
	return row, nil
}
