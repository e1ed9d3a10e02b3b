package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/acktor/acktor/store"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// explain puts an error of SQLite in the terms of package store.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*store.NewerError](err); ours {
		return err
	}
	if damaged, ours := errors.AsType[*store.DamagedError](err); ours {
		return damaged
	}
	failure, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	switch code := failure.Code(); {
	case code&0xff == codes.SQLITE_FULL, code == codes.SQLITE_IOERR_SHMSIZE:
		return &store.FullError{Path: path, Err: err}
	case code&0xff == codes.SQLITE_NOTADB:
		return &store.DamagedError{Path: path, Reason: "it is no SQLite database"}
	case code&0xff == codes.SQLITE_CORRUPT:
		return &store.DamagedError{Path: path, Reason: err.Error()}
	case code&0xff == codes.SQLITE_READONLY, code&0xff == codes.SQLITE_CANTOPEN, code&0xff == codes.SQLITE_PERM:
		return fmt.Errorf("store: %s cannot be written: %w: %s", path, err, permit)
	}
	return fmt.Errorf("store: %s: %w", path, err)
}

const permit = "let the user that runs this engine own it and write to its directory, or give the store another path"

// explainFile adds the cure to an error of the file system.
func explainFile(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		var path string
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			path = at.Path
		}
		return &store.FullError{Path: path, Err: err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("store: %w: %s", err, permit)
	}
	return fmt.Errorf("store: %w", err)
}
