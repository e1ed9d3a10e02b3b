package sqlstore

import (
	"context"
	"strings"

	"github.com/acktor/acktor/connector"
)

// apply writes the changes of a group. That all of them go through the same few statements is safe, as nobody can name
// what another of them adds.
func (w *writing) apply(ctx context.Context, group []*job) error {
	var g grouped
	for _, j := range group {
		g.take(j.change)
	}
	if err := g.number(ctx, w); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *writing) error{g.add, g.update, g.remove, g.post, g.tell, g.place} {
		if err := step(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// grouped is the rows of all changes of a group.
type grouped struct {
	adds      []*entryRow
	updates   []*updateRow
	removes   []int64
	letters   []*letterRow
	stories   []*storyRow
	positions []*positionRow
}

func (g *grouped) take(p *prepared) {
	g.adds = pointers(g.adds, p.adds)
	g.updates = pointers(g.updates, p.updates)
	g.removes = append(g.removes, p.removes...)
	g.letters = pointers(g.letters, p.letters)
	g.stories = pointers(g.stories, p.stories)
	g.positions = pointers(g.positions, p.positions)
}

func pointers[T any](list []*T, rows []T) []*T {
	for i := range rows {
		list = append(list, &rows[i])
	}
	return list
}

// number numbers the rows, and seals what depends on it.
func (g *grouped) number(ctx context.Context, w *writing) error {
	numbers, err := w.numbers(ctx, len(g.adds)+len(g.letters)+len(g.stories))
	if err != nil {
		return err
	}
	next := func() (seq int64) {
		seq, numbers = numbers[0], numbers[1:]
		return seq
	}
	for _, r := range g.adds {
		r.seq = next()
		r.mark = seal(r.mark, r.seq)
		r.body = seal(r.body, r.seq, r.pipeline, r.id)
	}
	for _, r := range g.letters {
		r.seq = next()
		r.body = seal(r.body, r.seq, r.pipeline, r.id, r.sink)
		r.data = seal(r.data, r.seq, r.pipeline, r.id, r.sink)
	}
	for _, r := range g.stories {
		r.seq = next()
		r.body = seal(r.body, r.seq, r.pipeline, r.id)
	}
	return nil
}

// row is the ? of one row.
func row(columns int) string {
	return "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
}

func (g *grouped) add(ctx context.Context, w *writing) error {
	return w.each(ctx, w.dialect.Insert+` INTO acktor_entries (seq, pipe, hash, parked, size, pipeline, id, mark, body) VALUES `, row(9), ``, len(g.adds),
		func(args []any, i int) []any {
			r := g.adds[i]
			return append(args, r.seq, pipe(r.pipeline), hash(connector.RecordID(r.id)), r.parked, r.size, []byte(r.pipeline), []byte(r.id), r.mark, r.body)
		})
}

func (g *grouped) update(ctx context.Context, w *writing) error {
	g.updates = latest(g.updates, func(r *updateRow) int64 { return r.seq })
	return w.each(ctx, `UPDATE acktor_entries SET parked = v.column2, mark = v.column3 FROM (VALUES `,
		`(CAST(? AS {int}), CAST(? AS {int}), CAST(? AS {blob}))`, `) AS v WHERE acktor_entries.seq = v.column1`, len(g.updates),
		func(args []any, i int) []any {
			r := g.updates[i]
			return append(args, r.seq, r.parked, seal(r.mark, r.seq))
		})
}

func (g *grouped) remove(ctx context.Context, w *writing) error {
	return w.each(ctx, `DELETE FROM acktor_entries WHERE seq IN (`, `?`, `)`, len(g.removes),
		func(args []any, i int) []any { return append(args, g.removes[i]) })
}

func (g *grouped) post(ctx context.Context, w *writing) error {
	return w.each(ctx, w.dialect.Insert+` INTO acktor_letters (seq, pipe, hash, class, at, pipeline, id, sink, body, data) VALUES `, row(10), ``, len(g.letters),
		func(args []any, i int) []any {
			r := g.letters[i]
			return append(args, r.seq, pipe(r.pipeline), hash(connector.RecordID(r.id)), r.class, r.at, []byte(r.pipeline), []byte(r.id), []byte(r.sink), r.body, r.data)
		})
}

func (g *grouped) tell(ctx context.Context, w *writing) error {
	return w.each(ctx, w.dialect.Insert+` INTO acktor_stories (seq, pipe, hash, at, state, class, pipeline, id, body) VALUES `, row(9), ``, len(g.stories),
		func(args []any, i int) []any {
			r := g.stories[i]
			return append(args, r.seq, pipe(r.pipeline), hash(connector.RecordID(r.id)), r.at, r.state, r.class, []byte(r.pipeline), []byte(r.id), r.body)
		})
}

func (g *grouped) place(ctx context.Context, w *writing) error {
	type place struct{ pipeline, partition string }
	g.positions = latest(g.positions, func(r *positionRow) place { return place{r.pipeline, r.partition} })
	return w.each(ctx, `INSERT INTO acktor_positions (pipe, slot, pipeline, body) VALUES `, row(4),
		` ON CONFLICT (pipe, slot) DO UPDATE SET body = excluded.body`, len(g.positions), func(args []any, i int) []any {
			r := g.positions[i]
			return append(args, pipe(r.pipeline), slot(r.partition), []byte(r.pipeline), seal(r.body, 0, r.pipeline))
		})
}

// latest leaves the last of the rows that have the same key.
func latest[K comparable, R any](rows []*R, key func(*R) K) []*R {
	if len(rows) < 2 {
		return rows
	}
	at := map[K]int{}
	kept := rows[:0]
	for _, r := range rows {
		if i, found := at[key(r)]; found {
			kept[i] = r
			continue
		}
		at[key(r)] = len(kept)
		kept = append(kept, r)
	}
	return kept
}
