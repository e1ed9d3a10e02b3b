package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	// syncEvery is the longest time that a line is not on the disk, with fsync: interval.
	syncEvery = time.Second
	// keptBuffer is the largest buffer that is kept for the next write.
	keptBuffer = 4 << 20
)

// handle is what the sink needs of an open file; tests put faults into it.
type handle interface {
	Write(p []byte) (int, error)
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Sync() error
	Close() error
}

// sink appends to one file.
type sink struct {
	path   string
	config *SinkConfig
	log    *slog.Logger
	open   func() (handle, error)
	buffer []byte

	mu    sync.Mutex // fsync: interval forces the file to the disk at any time, and holds mu only to say so
	file  handle     // nil until it is opened, and after an error that only a new handle cures
	size  int64      // of the file, as far as the sink wrote it
	wrote time.Time  // last
	torn  int64      // where a half line begins that could not be taken back yet, or -1
	sync  *time.Timer
	dirty bool // something was written since the last sync began
	// syncing is closed at the end of the sync that the timer began; nil when none is under way.
	syncing chan struct{}
}

var _ connector.Sink = (*sink)(nil)

func newSink(path string, config *SinkConfig, mode fs.FileMode, log *slog.Logger) *sink {
	s := &sink{path: path, config: config, log: log.With(slog.String("file", path)), torn: -1}
	s.open = func() (handle, error) { return openAppend(path, mode, s.log) }
	return s
}

// Open creates the file and its directories where they are missing, and mends a half line at the file's end.
func (s *sink) Open(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ensureOpen()
}

func (s *sink) ensureOpen() error {
	if s.file != nil {
		return nil
	}
	file, err := s.open()
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("file: %w", err), file.Close())
	}
	s.file, s.size, s.wrote, s.torn = file, info.Size(), info.ModTime(), -1
	return nil
}

// Write appends a line for each record, in one write. It cannot be interrupted.
func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	if err := ctx.Err(); err != nil {
		return same(nil, len(batch), err)
	}
	text, results := s.format(batch)
	if err := s.append(text); err != nil {
		results = same(results, len(batch), err)
	}
	s.buffer = text[:0]
	if cap(s.buffer) > keptBuffer {
		s.buffer = nil
	}
	return results
}

// format puts batch into the buffer. The results are nil when all records could be formatted.
func (s *sink) format(batch []*connector.Record) (text []byte, results []connector.Result) {
	text = s.buffer
	for i, record := range batch {
		var err error
		if text, err = s.config.Format.Append(text, record); err != nil {
			if results == nil {
				results = make([]connector.Result, len(batch))
			}
			results[i].Err = err
		}
	}
	return text, results
}

// same gives err to all records that have none yet.
func same(results []connector.Result, count int, err error) []connector.Result {
	if results == nil {
		results = make([]connector.Result, count)
	}
	for i := range results {
		if results[i].Err == nil {
			results[i].Err = err
		}
	}
	return results
}

// append writes text as a whole or not at all. Its error is an AttemptError of class unavailable, ambiguous
// only when text could not be taken back.
func (s *sink) append(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prepare(len(text)); err != nil {
		return unavailable(err, false)
	}
	n, err := s.file.Write(text)
	if err == nil && s.config.Fsync == Always {
		err = s.file.Sync()
	}
	if err != nil {
		return unavailable(err, !s.takeBack(n))
	}
	s.size += int64(n)
	s.wrote = time.Now()
	s.syncLater()
	return nil
}

// prepare makes the file ready for size more bytes.
func (s *sink) prepare(size int) error {
	if err := s.ensureOpen(); err != nil {
		return err
	}
	if s.torn >= 0 {
		if err := s.file.Truncate(s.torn); err != nil {
			return err
		}
		s.torn = -1
	}
	if !s.due(int64(size), time.Now()) {
		return nil
	}
	if err := s.rotate(time.Now()); err != nil {
		return err
	}
	return s.ensureOpen()
}

// takeBack removes the last n bytes, and reports whether it could. The place is counted from the file's end, not from
// what was written before, because somebody else may have emptied the file.
func (s *sink) takeBack(n int) bool {
	info, err := s.file.Stat()
	if err != nil {
		s.torn = s.size
		return false
	}
	good := max(0, info.Size()-int64(n))
	if err := s.file.Truncate(good); err != nil {
		s.torn = good
		return false
	}
	s.size = good
	return true
}

func unavailable(err error, ambiguous bool) error {
	return &connector.AttemptError{Class: connector.Unavailable, Ambiguous: ambiguous, Detail: connector.Bound(err.Error(), 512), Err: err}
}

// Close forces the file to the disk, unless fsync is never, and closes it.
func (s *sink) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closeFile()
}

func (s *sink) closeFile() error {
	if s.sync != nil {
		s.sync.Stop()
	}
	s.awaitSync()
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.flush(), s.file.Close())
	s.file = nil
	return err
}
