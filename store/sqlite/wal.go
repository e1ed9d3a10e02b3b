package sqlite

import (
	"context"
)

func (s *Store) recover(ctx context.Context, path string) (string, error) { return "", nil }
