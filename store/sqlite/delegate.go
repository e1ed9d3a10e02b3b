package sqlite

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// Keep makes a change durable. The first one makes the directory.
func (s *Store) Keep(ctx context.Context, change *store.Change) error {
	if change.Empty() {
		in, err := s.reading()
		if err != nil {
			return err
		}
		return in.Keep(ctx, change)
	}
	in, err := s.writing(ctx)
	if err != nil {
		return err
	}
	return in.Keep(ctx, change)
}

// Save keeps positions.
func (s *Store) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	return s.Keep(ctx, &store.Change{Pipeline: pipeline, Positions: positions})
}

// Load returns the positions of a pipeline.
func (s *Store) Load(ctx context.Context, pipeline string) ([]connector.Position, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Load(ctx, pipeline)
}

// Fresh returns entries that are due.
func (s *Store) Fresh(ctx context.Context, pipeline string, after int64, limit, maxBytes int) ([]*store.Entry, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Fresh(ctx, pipeline, after, limit, maxBytes)
}

// Parked returns the heads of entries that wait for their time.
func (s *Store) Parked(ctx context.Context, pipeline string, after int64, limit int) ([]store.Head, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Parked(ctx, pipeline, after, limit)
}

// Take returns whole entries.
func (s *Store) Take(ctx context.Context, pipeline string, seqs []int64) ([]*store.Entry, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Take(ctx, pipeline, seqs)
}

// Find returns the entries of a record.
func (s *Store) Find(ctx context.Context, id connector.RecordID) ([]*store.Entry, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Find(ctx, id)
}

// Count returns the size of a pipeline's backlog.
func (s *Store) Count(ctx context.Context, pipeline string) (records int, bytes int64, err error) {
	in, err := s.reading()
	if err != nil {
		return 0, 0, err
	}
	return in.Count(ctx, pipeline)
}

// List returns a page of letters.
func (s *Store) List(ctx context.Context, query store.LetterQuery) ([]*store.Letter, string, error) {
	in, err := s.reading()
	if err != nil {
		return nil, "", err
	}
	return in.List(ctx, query)
}

// Letter returns a whole letter.
func (s *Store) Letter(ctx context.Context, seq int64) (*store.Letter, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	return in.Letter(ctx, seq)
}

// CountLetters counts the letters that match.
func (s *Store) CountLetters(ctx context.Context, query store.LetterQuery) (int, error) {
	in, err := s.reading()
	if err != nil {
		return 0, err
	}
	return in.CountLetters(ctx, query)
}

// Replay moves letters to the backlog. Where there is nothing on disk there are none.
func (s *Store) Replay(ctx context.Context, query store.LetterQuery) (int, []string, error) {
	in, err := s.reading()
	if err != nil {
		return 0, nil, err
	}
	return in.Replay(ctx, query)
}

// Drop removes letters.
func (s *Store) Drop(ctx context.Context, query store.LetterQuery) (int, error) {
	in, err := s.reading()
	if err != nil {
		return 0, err
	}
	return in.Drop(ctx, query)
}

// Stories returns a page of stories.
func (s *Store) Stories(ctx context.Context, query store.StoryQuery) ([]*store.Story, string, error) {
	in, err := s.reading()
	if err != nil {
		return nil, "", err
	}
	return in.Stories(ctx, query)
}

// Expire removes stories.
func (s *Store) Expire(ctx context.Context, before time.Time, maxStories int) (int, error) {
	in, err := s.reading()
	if err != nil {
		return 0, err
	}
	return in.Expire(ctx, before, maxStories)
}

// Damage returns what was found to be damaged.
func (s *Store) Damage(ctx context.Context) ([]store.Damage, error) {
	in, err := s.reading()
	if err != nil {
		return nil, err
	}
	if inspector, ok := in.(store.Inspector); ok {
		return inspector.Damage(ctx)
	}
	return nil, ctx.Err()
}
