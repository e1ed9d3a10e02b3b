package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/internal/sqlstore"
)

const (
	directoryMode = 0o700
	fileMode      = 0o600
	databaseName  = "acktor.db"
)

// Options may be zero.
type Options struct {
	Log *slog.Logger // of what is damaged; nil discards
}

// Store is a store.Store in a directory; the package comment draws it. One engine uses it at a time.
//
// A directory in which something was ever kept is locked by Open. One that is empty or missing is locked by the first
// change. If another engine takes it in between, everything here returns a store.LockedError from then on, as what was
// read before is no longer true. So of two engines that race one proceeds.
type Store struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	closed  bool
	nothing *store.Memory // stands for a directory with nothing in it
	lock    *lock         // nil: there was nothing to lock yet
	refused error         // why the directory can no longer become this engine's
	inner   *sqlstore.Store
	keeper  *sql.Conn // has the log open as long as the store is: see open
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
)

// Open opens the store in the directory path, which need not exist. It creates nothing. It returns a store.LockedError
// when another engine uses the directory, in this process or in another, a store.NewerError, and a store.DamagedError.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{path: absolute, log: options.Log, nothing: store.NewMemory()}
	if info, err := os.Stat(absolute); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("store: %s is not a directory: give the store a path of its own", absolute)
	}
	used, err := s.used()
	if err != nil || !used {
		return s, err
	}
	if s.lock, err = takeLock(absolute, false); err != nil {
		return nil, err
	}
	if has, err := exists(s.database()); err != nil || !has {
		return s, err
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.lock.release())
	}
	return s, nil
}

func (s *Store) database() string { return filepath.Join(s.path, databaseName) }

// used reports whether an engine was here before.
func (s *Store) used() (bool, error) {
	for _, name := range []string{lockName, databaseName} {
		if found, err := exists(filepath.Join(s.path, name)); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// exists reports whether something is at path.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, explainFile(err)
}

// Close gives the directory free. Closing twice is harmless.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var all []error
	if s.inner != nil {
		all = append(all, s.keeper.Close(), s.inner.Close())
	}
	if s.lock != nil {
		all = append(all, s.lock.release())
	}
	return errors.Join(append(all, s.nothing.Close())...)
}

// reading returns where to read.
func (s *Store) reading() (store.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.inner != nil:
		return s.inner, nil
	case s.closed || s.lock != nil:
		return s.nothing, nil
	}
	return s.nothing, s.untaken()
}

// writing returns where to write; if there is nothing yet, it makes it.
func (s *Store) writing(ctx context.Context) (store.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.inner != nil:
		return s.inner, nil
	case s.closed:
		return nil, store.ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if s.lock == nil {
		if err := s.take(); err != nil {
			return nil, err
		}
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s.inner, nil
}

// untaken returns an error when another engine has taken the directory.
func (s *Store) untaken() error {
	if s.refused != nil {
		return s.refused
	}
	used, err := s.used()
	if err == nil && used {
		s.refused = &store.LockedError{Path: s.path, Overtaken: true}
		return s.refused
	}
	return err
}

// take makes the directory and locks it.
func (s *Store) take() error {
	if err := s.untaken(); err != nil {
		return err
	}
	if err := makeDirectory(s.path); err != nil {
		return explainFile(err)
	}
	held, err := takeLock(s.path, true)
	if err == nil {
		s.lock = held
	} else if used, _ := s.used(); used {
		s.refused = err // there is a lock file now, and it is not held here
	}
	return err
}

// makeDirectory makes the directory path, and those above it, durably. It is no error when it is there.
func makeDirectory(path string) error {
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory: give the store a path of its own", path)
		}
		return nil
	}
	parent := filepath.Dir(path)
	if err := makeDirectory(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, directoryMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDirectory(parent)
}
