package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/acktor/acktor/store"
)

const lockName = "lock"

// lock is a directory that is held. The lock file is never removed: whoever removed it could remove that of the next.
type lock struct {
	path string // of the lock file
	file *os.File
}

// takeLock takes the lock of directory, which exists. With fresh, the lock file must not be there yet, else
// another engine has come first. It does not wait.
func takeLock(directory string, fresh bool) (*lock, error) {
	path := filepath.Join(directory, lockName)
	flags := os.O_RDWR | os.O_CREATE
	if fresh {
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, fileMode)
	if fresh && errors.Is(err, fs.ErrExist) {
		return nil, &store.LockedError{Path: directory, Overtaken: true}
	}
	if err != nil {
		return nil, explainFile(err)
	}
	l := &lock{path: path, file: file}
	if err := l.take(directory); err != nil {
		_ = file.Close() // it was only read, if at all
		return nil, err
	}
	return l, nil
}

func (l *lock) take(directory string) error {
	ok, err := tryLock(l.file)
	if err != nil {
		return fmt.Errorf("store: lock %s: %w (is it on a file system that cannot lock?)", l.path, err)
	}
	if !ok {
		return &store.LockedError{Path: directory, Process: l.holder()}
	}
	l.sign()
	return l.check() // it may have been replaced between opening and locking
}

// sign writes the process id into the lock file. It is for people alone, so a full disk does not matter.
func (l *lock) sign() {
	if l.file.Truncate(0) == nil {
		_, _ = l.file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
}

// holder reads who signed the lock file, or returns 0.
func (l *lock) holder() int {
	text, _ := io.ReadAll(io.LimitReader(l.file, 32))
	process, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return process
}

// check returns a store.LockLostError when the file that is locked is no longer the one that others would lock.
func (l *lock) check() error {
	held, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	there, err := os.Stat(l.path)
	if err != nil || !os.SameFile(held, there) {
		return &store.LockLostError{Path: l.path}
	}
	return nil
}

// release gives the lock back. The operating system does the same when the process ends.
func (l *lock) release() error { return l.file.Close() }
