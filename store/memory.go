package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/acktor/acktor/connector"
)

// Memory is a Store that lives as long as its process.
type Memory struct {
	mu        sync.Mutex
	closed    bool
	seq       int64                                    // the last one given
	positions map[string]map[string]connector.Position // by pipeline and partition
	entries   map[int64]*Entry
	backlogs  map[string]*shelves // by pipeline
	letters   []*Letter           // ascending by Seq, as are the stories
	stories   []*Story
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store in memory.
func NewMemory() *Memory {
	return &Memory{
		positions: map[string]map[string]connector.Position{},
		entries:   map[int64]*Entry{},
		backlogs:  map[string]*shelves{},
	}
}

// enter locks the store for a caller; the returned function unlocks it.
func (m *Memory) enter(ctx context.Context) (leave func(), err error) {
	m.mu.Lock()
	if m.closed {
		err = ErrClosed
	} else {
		err = ctx.Err()
	}
	if err != nil {
		m.mu.Unlock()
		return nil, err
	}
	return m.mu.Unlock, nil
}

// Close forgets everything. Closing twice is harmless.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.positions, m.entries, m.backlogs, m.letters, m.stories = true, nil, nil, nil, nil, nil
	return nil
}

// Load returns the positions that were kept.
func (m *Memory) Load(ctx context.Context, pipeline string) ([]connector.Position, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return slices.SortedFunc(maps.Values(m.positions[pipeline]), func(a, b connector.Position) int {
		return cmp.Compare(a.Partition, b.Partition)
	}), nil
}

// Save keeps positions until the process ends.
func (m *Memory) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	return m.Keep(ctx, &Change{Pipeline: pipeline, Positions: positions})
}

// Keep applies a change.
func (m *Memory) Keep(ctx context.Context, change *Change) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for _, entry := range change.Add {
		entry.Seq = m.next()
		m.add(copied(entry))
	}
	for _, entry := range change.Update {
		m.update(entry)
	}
	for _, seq := range change.Remove {
		m.remove(seq)
	}
	for _, letter := range change.Letters {
		letter.Seq = m.next()
		m.letters = append(m.letters, copiedLetter(letter))
	}
	for _, story := range change.Stories {
		story.Seq = m.next()
		m.stories = append(m.stories, copiedStory(story))
	}
	m.keepPositions(change)
	return nil
}

func (m *Memory) next() int64 {
	m.seq++
	return m.seq
}

func (m *Memory) keepPositions(change *Change) {
	if len(change.Positions) == 0 {
		return
	}
	kept := m.positions[change.Pipeline]
	if kept == nil {
		kept = map[string]connector.Position{}
		m.positions[change.Pipeline] = kept
	}
	for _, position := range change.Positions {
		kept[position.Partition] = position
	}
}
