package file

import (
	"log/slog"
	"time"
)

// syncLater forces the file to the disk within syncEvery, if that is asked for. When a sync is under way, the time counts
// from its end.
func (s *sink) syncLater() {
	if s.config.Fsync != Interval || s.dirty {
		return
	}
	s.dirty = true
	if s.syncing == nil {
		s.sync = time.AfterFunc(syncEvery, s.syncDue)
	}
}

// syncDue forces the file to the disk while lines are written to it: a sync can take long, and nobody waits for this one.
func (s *sink) syncDue() {
	s.mu.Lock()
	file := s.file
	if file == nil || !s.dirty || s.syncing != nil {
		s.mu.Unlock()
		return
	}
	done := make(chan struct{})
	s.dirty, s.syncing = false, done
	s.mu.Unlock()

	if err := file.Sync(); err != nil {
		s.log.Error("lines that were delivered may not be on the disk", slog.Any("error", err))
	}
	close(done)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.syncing != done {
		return // the file was closed meanwhile
	}
	s.syncing = nil
	if s.dirty {
		s.sync = time.AfterFunc(syncEvery, s.syncDue)
	}
}

// awaitSync returns when no sync of the file is under way.
func (s *sink) awaitSync() {
	if s.syncing != nil {
		<-s.syncing
		s.syncing = nil
	}
}

// flush forces what was written to the disk.
func (s *sink) flush() error {
	if s.file == nil || !s.dirty {
		return nil
	}
	s.dirty = false
	return s.file.Sync()
}
