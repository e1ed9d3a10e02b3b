package store

import (
	"context"
	"sync"

	"github.com/acktor/acktor/connector"
)

// Memory is a Positions that lives as long as its process.
type Memory struct {
	mu      sync.Mutex
	closed  bool
	ledgers map[string]ledger
}

var _ Positions = (*Memory)(nil)

// NewMemory makes an empty store in memory.
func NewMemory() *Memory { return &Memory{ledgers: map[string]ledger{}} }

// Load returns the positions that were saved.
func (m *Memory) Load(ctx context.Context, pipeline string) ([]connector.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	return m.ledgers[pipeline].list(), nil
}

// Save keeps positions until the process ends.
func (m *Memory) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return err
	}
	m.ledgers[pipeline] = m.ledgers[pipeline].with(positions)
	return nil
}

func (m *Memory) usable(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// Close forgets everything. Closing twice is harmless.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.ledgers = true, nil
	return nil
}
