package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
)

// firstWait is the time between the first two looks at a file in which nothing came.
const firstWait = 10 * time.Millisecond

// source reads the files of one path or pattern, one after the other.
type source struct {
	config SourceConfig
	log    *slog.Logger

	from  map[string]connector.Position // by partition, which is the path
	begun map[string]int64              // where files were begun that had no position
	paths []string                      // not begun yet
	tail  *tail                         // nil when all are done
}

var _ connector.Source = (*source)(nil)

// NewSource makes a source; it opens nothing yet. The source returns a PermanentError for a file that does not
// exist, unless it is followed, and for a line that is too long.
func NewSource(config SourceConfig, env connector.Env) (connector.Source, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &source{config: config, log: env.Logger(), begun: map[string]int64{}}, nil
}

// Open finds the files and opens the first one.
func (s *source) Open(ctx context.Context, from []connector.Position) error {
	s.from = make(map[string]connector.Position, len(from))
	for _, position := range from {
		s.from[position.Partition] = position
	}
	s.paths = []string{filepath.Clean(s.config.Path)}
	if isPattern(s.config.Path) {
		matches, err := filepath.Glob(filepath.Clean(s.config.Path))
		if err != nil {
			return &connector.PermanentError{Err: fmt.Errorf("file: path %s: %w", s.config.Path, err)}
		}
		if len(matches) == 0 {
			return &connector.PermanentError{Err: fmt.Errorf("file: no file matches %s", s.config.Path)}
		}
		s.paths = matches
	}
	return s.nextFile()
}

// nextFile opens the next path, if there is one.
func (s *source) nextFile() error {
	if err := s.closeTail(); err != nil || len(s.paths) == 0 {
		return err
	}
	path := s.paths[0]
	t := newTail(path, &s.config, s.log)
	from, known := s.from[path]
	begun, hasBegun := s.begun[path]
	var err error
	switch {
	case known:
		err = t.resume(from)
	case hasBegun:
		err = t.open(begun)
	default:
		err = t.begin()
		s.begun[path] = t.lines.Taken()
	}
	if err != nil {
		return judge(err)
	}
	s.tail, s.paths = t, s.paths[1:]
	return nil
}

// judge says which errors cannot be cured by opening the file again.
func judge(err error) error {
	err = fmt.Errorf("file: %w", err)
	_, oversize := errors.AsType[*lines.OversizeError](err)
	if oversize || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotRegular) {
		return &connector.PermanentError{Err: err}
	}
	return &connector.NotConnectedError{Err: err}
}

// Read returns the records of one file at most.
func (s *source) Read(ctx context.Context, max connector.Credit) ([]*connector.Record, error) {
	for wait := firstWait; s.tail != nil; wait = min(2*wait, s.config.Poll) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		records, err := s.tail.read(max)
		switch {
		case errors.Is(err, errFinished):
			wait = firstWait
			if err := s.nextFile(); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, judge(err)
		case len(records) > 0:
			return records, nil
		default:
			if err := sleep(ctx, wait); err != nil {
				return nil, err
			}
		}
	}
	return nil, connector.ErrEndOfSource
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Settle does nothing: the engine keeps the positions.
func (s *source) Settle(context.Context, []connector.Settled) error { return nil }

// Close closes the file that is open.
func (s *source) Close(context.Context) error { return s.closeTail() }

func (s *source) closeTail() error {
	t := s.tail
	s.tail = nil
	if t == nil {
		return nil
	}
	return t.close()
}
