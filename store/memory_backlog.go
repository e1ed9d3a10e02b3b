package store

import (
	"context"
	"slices"

	"github.com/acktor/acktor/connector"
)

// shelves is the backlog of one pipeline: the sequence numbers of its entries, ascending.
type shelves struct {
	fresh, parked shelf
	bytes         int64
}

func (s *shelves) of(e *Entry) *shelf {
	if e.Due.IsZero() {
		return &s.fresh
	}
	return &s.parked
}

type shelf []int64

func (s *shelf) put(seq int64) {
	i, _ := slices.BinarySearch(*s, seq)
	*s = slices.Insert(*s, i, seq)
}

// take removes seq by moving what stands before it: entries mostly leave in the order in which they came.
func (s *shelf) take(seq int64) {
	i, _ := slices.BinarySearch(*s, seq)
	copy((*s)[1:i+1], (*s)[:i])
	*s = (*s)[1:]
}

// after returns what is greater than seq.
func (s shelf) after(seq int64) shelf {
	i, found := slices.BinarySearch(s, seq)
	if found {
		i++
	}
	return s[i:]
}

func (m *Memory) add(e *Entry) {
	m.entries[e.Seq] = e
	backlog := m.backlogs[e.Pipeline]
	if backlog == nil {
		backlog = &shelves{}
		m.backlogs[e.Pipeline] = backlog
	}
	backlog.of(e).put(e.Seq)
	backlog.bytes += int64(e.Record.Size())
}

func (m *Memory) update(with *Entry) {
	e := m.entries[with.Seq]
	if e == nil {
		return
	}
	backlog := m.backlogs[e.Pipeline]
	before := backlog.of(e)
	e.Origin, e.Due, e.Progress = with.Origin, instant(with.Due), with.Progress.clone()
	if now := backlog.of(e); now != before {
		before.take(e.Seq)
		now.put(e.Seq)
	}
}

func (m *Memory) remove(seq int64) {
	e := m.entries[seq]
	if e == nil {
		return
	}
	delete(m.entries, seq)
	backlog := m.backlogs[e.Pipeline]
	backlog.of(e).take(seq)
	backlog.bytes -= int64(e.Record.Size())
	if len(backlog.fresh)+len(backlog.parked) == 0 {
		delete(m.backlogs, e.Pipeline)
	}
}

// backlog returns the shelves of a pipeline, which may be empty, for reading.
func (m *Memory) backlog(pipeline string) *shelves {
	if s := m.backlogs[pipeline]; s != nil {
		return s
	}
	return &shelves{}
}

// Fresh returns entries that are due.
func (m *Memory) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*Entry, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var entries []*Entry
	bytes := 0
	for _, seq := range m.backlog(pipeline).fresh.after(after) {
		if len(entries) >= limit || maxBytes > 0 && bytes > maxBytes {
			break
		}
		e := m.entries[seq]
		bytes += e.Record.Size()
		entries = append(entries, copied(e))
	}
	return entries, nil
}

// Parked returns the heads of entries that wait for their time.
func (m *Memory) Parked(ctx context.Context, pipeline string, after int64, limit int) ([]Head, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	seqs := m.backlog(pipeline).parked.after(after)
	heads := make([]Head, 0, min(len(seqs), max(limit, 0)))
	for _, seq := range seqs[:cap(heads)] {
		e := m.entries[seq]
		heads = append(heads, Head{Seq: seq, Due: e.Due, ID: e.Record.ID, Size: e.Record.Size(), Progress: e.Progress.clone()})
	}
	return heads, nil
}

// Take returns whole entries.
func (m *Memory) Take(ctx context.Context, pipeline string, seqs []int64) ([]*Entry, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var entries []*Entry
	for _, seq := range slices.Compact(slices.Sorted(slices.Values(seqs))) {
		if e := m.entries[seq]; e != nil && e.Pipeline == pipeline {
			entries = append(entries, copied(e))
		}
	}
	return entries, nil
}

// Find looks at every entry.
func (m *Memory) Find(ctx context.Context, id connector.RecordID) ([]*Entry, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var entries []*Entry
	for _, e := range m.entries {
		if e.Record.ID == id {
			entries = append(entries, copied(e))
		}
	}
	slices.SortFunc(entries, func(a, b *Entry) int { return int(a.Seq - b.Seq) })
	return entries, nil
}

// Count returns the size of a pipeline's backlog.
func (m *Memory) Count(ctx context.Context, pipeline string) (records int, bytes int64, err error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer leave()
	s := m.backlog(pipeline)
	return len(s.fresh) + len(s.parked), s.bytes, nil
}
