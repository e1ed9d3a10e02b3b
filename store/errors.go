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

// VersionError says that a file was written by a newer engine. The file is left as it is.
type VersionError struct {
	Path         string // of the file
	Found, Known int    // its version, and the newest that this engine reads
}

// Error names the file and what to do about it.
func (e *VersionError) Error() string {
	return fmt.Sprintf("store: %s has format %d, and this engine reads formats up to %d: run an engine at least as new as the one that wrote it, or move the file away to start its pipeline from the beginning", e.Path, e.Found, e.Known)
}

// DamagedError says that a file is torn, was changed, or is not what its name says. The file is left as it is.
type DamagedError struct {
	Path   string // of the file
	Reason string
}

// Error names the file, what is wrong with it and what to do about it.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("store: %s cannot be used: %s: restore it from a backup, or move it away to start its pipeline from the beginning, which may deliver records again", e.Path, e.Reason)
}

// LockLostError says that the lock file was removed or replaced under a running engine, so that another engine may
// have come in. Nothing was saved.
type LockLostError struct{ Path string }

// Error names the lock file and what to do about it.
func (e *LockLostError) Error() string {
	return fmt.Sprintf("store: %s was removed or replaced while this engine held it: stop every engine that uses its directory, then start one", e.Path)
}
