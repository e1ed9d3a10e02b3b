package store

import "fmt"

// LockedError says that another engine uses the directory.
type LockedError struct {
	Path    string // of the directory
	Process int    // the other engine's process id; 0 when it is not known
	// Overtaken says that the other engine took the directory after this one had opened it, while it was empty.
	// The other may have ended since, but what it saved is not what this one loaded.
	Overtaken bool
}

// Error says who has the directory and what to do about it.
func (e *LockedError) Error() string {
	if e.Overtaken {
		return fmt.Sprintf("store: %s was taken by another engine after this one had opened it: start this engine again once the other has stopped, or give it a store path of its own", e.Path)
	}
	who := "another engine"
	if e.Process != 0 {
		who += fmt.Sprintf(" (process %d)", e.Process)
	}
	return fmt.Sprintf("store: %s is in use by %s: stop that one, or give this one a store path of its own", e.Path, who)
}

// NewerError says that a store was written by a newer engine. It is left as it is, to the byte.
type NewerError struct {
	Path         string // of the file, or the name of the database
	Found, Known int    // the version of its schema, and the newest that this engine knows
}

// Error names the store and what to do about it.
func (e *NewerError) Error() string {
	return fmt.Sprintf("store: %s has schema version %d, and this engine knows versions up to %d: run an engine at least as new as the one that wrote it, or give this one a store of its own", e.Path, e.Found, e.Known)
}

// DamagedError says that a store as a whole is torn, was changed, or is not what its name says. It is left as it is.
type DamagedError struct {
	Path   string // of the file, or the name of the database
	Reason string
}

// Error names the store, what is wrong with it and what to do about it.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("store: %s cannot be used: %s: restore it from a backup, or move it away to begin with an empty store, which loses the records that were accepted and not delivered", e.Path, e.Reason)
}

// FullError is ErrFull with its place.
type FullError struct {
	Path string // of the file, or the name of the database
	Err  error
}

// Error names the store and what to do about it.
func (e *FullError) Error() string {
	return fmt.Sprintf("store: %s has no room left: free some on its disk; what was not kept is tried again by itself (%v)", e.Path, e.Err)
}

// Unwrap returns ErrFull and the cause.
func (e *FullError) Unwrap() []error { return []error{ErrFull, e.Err} }

// LockLostError says that the lock file was removed or replaced under a running engine, so that another engine may
// have come in. Nothing was saved.
type LockLostError struct{ Path string }

// Error names the lock file and what to do about it.
func (e *LockLostError) Error() string {
	return fmt.Sprintf("store: %s was removed or replaced while this engine held it: stop every engine that uses its directory, then start one", e.Path)
}
