package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/acktor/acktor/store"
)

func TestRefusalsNameThePathAndTheCure(t *testing.T) {
	for want, err := range map[string]error{
		"store: /d is in use by another engine (process 42): stop that one, or":        &store.LockedError{Path: "/d", Process: 42},
		"store: /d is in use by another engine: stop that one, or":                     &store.LockedError{Path: "/d"},
		"store: /d was taken by another engine after this one had opened it: start":    &store.LockedError{Path: "/d", Overtaken: true},
		"store: /d/lock was removed or replaced while this engine held it: stop":       &store.LockLostError{Path: "/d/lock"},
		"store: /f has schema version 3, and this engine knows versions up to 1: run ": &store.NewerError{Path: "/f", Found: 3, Known: 1},
		"store: /f has no room left: free some on its disk; what was not kept":         &store.FullError{Path: "/f", Err: errors.New("full")},
		"store: /f cannot be used: it is empty: restore it from a backup, or":          &store.DamagedError{Path: "/f", Reason: "it is empty"},
	} {
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %q, want %q...", err, want)
		}
	}
}

func TestFullErrorIsErrFull(t *testing.T) {
	if err := error(&store.FullError{Path: "/f", Err: errors.New("disk")}); !errors.Is(err, store.ErrFull) {
		t.Error("it is not")
	}
}
