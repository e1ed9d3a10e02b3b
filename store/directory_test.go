package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
)

func TestNothingIsOnDiskBeforeTheFirstSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "down")
	d := opened(t, path)
	loads(t, d, "orders")
	save(t, d, "orders")
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was created: %v", err)
	}
	d = opened(t, path)
	save(t, d, "orders", at("a", 1))
	if got, want := tree(t, path), []string{"lock", "positions/orders.positions"}; !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
}

func tree(t *testing.T, path string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(path, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(path, name)
			files = append(files, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFileIsTheDocumentedText(t *testing.T) {
	d := opened(t, t.TempDir())
	save(t, d, "orders", at("events.ndjson", 4096))
	text, err := os.ReadFile(filepath.Join(d.path, "positions", "orders.positions"))
	want := "acktor-positions 1\npipeline \"orders\"\nposition \"events.ndjson\" 4096 \"\"\n"
	if err != nil || string(text) != want+checksum([]byte(want)) {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestNamesOfFilesDifferAndStayInTheDirectory(t *testing.T) {
	seen := map[string]string{}
	for _, pipeline := range oddNames {
		name := fileName(pipeline)
		folded := strings.ToLower(name)
		if other, ok := seen[folded]; ok {
			t.Errorf("%q and %q share the file %s", pipeline, other, name)
		}
		seen[folded] = pipeline
		if strings.ContainsAny(name, `/\`) || name[0] == '.' || len(name)+len(".tmp") > 255 {
			t.Errorf("%q has the file name %q", pipeline, name)
		}
	}
}

func isLocked(t *testing.T, err error, overtaken bool) {
	t.Helper()
	locked, ok := errors.AsType[*LockedError](err)
	if !ok || locked.Overtaken != overtaken || !overtaken && locked.Process != os.Getpid() {
		t.Errorf("got %v (%+v), want a LockedError", err, locked)
	}
}

func TestSecondEngineIsRefusedUntilTheFirstCloses(t *testing.T) {
	first := opened(t, t.TempDir())
	save(t, first, "orders", at("a", 1))
	for range 2 {
		_, err := OpenDirectory(first.path)
		isLocked(t, err, false)
	}
	save(t, first, "orders", at("a", 2))
	_ = first.Close()
	second := opened(t, first.path)
	loads(t, second, "orders", at("a", 2))
	_, err := OpenDirectory(first.path)
	isLocked(t, err, false)
}

func TestEngineThatOpenedAnEmptyDirectoryIsRefusedOnceAnotherSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	winner, loser := opened(t, path), opened(t, path)
	loads(t, loser, "orders")
	save(t, winner, "orders", at("a", 7))
	refused := func() {
		t.Helper()
		_, err := loser.Load(t.Context(), "orders")
		isLocked(t, err, true)
		isLocked(t, loser.Save(t.Context(), "orders", []connector.Position{at("a", 1)}), true)
	}
	refused()
	_ = winner.Close()
	refused() // what it loaded is not true any more
	_ = os.RemoveAll(path)
	refused()
	_ = loser.Close()
}

func TestOfManyEnginesThatRaceOneProceeds(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "data")
		var engines sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 8 {
			engines.Go(func() {
				d, err := OpenDirectory(path)
				if err == nil {
					t.Cleanup(func() { _ = d.Close() })
					err = d.Save(t.Context(), "orders", []connector.Position{at("a", 1)})
				}
				if _, locked := errors.AsType[*LockedError](err); err != nil && !locked {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		engines.Wait()
		if won != 1 {
			t.Fatalf("%d engines proceed", won)
		}
	}
}

func TestEngineWhoseLockWasRemovedSavesNoMore(t *testing.T) {
	d := opened(t, t.TempDir())
	save(t, d, "orders", at("a", 1))
	_ = os.Remove(filepath.Join(d.path, "lock"))
	second := opened(t, d.path) // the positions are there, so this takes a new lock
	save(t, second, "orders", at("a", 2))
	err := d.Save(t.Context(), "orders", []connector.Position{at("a", 3)})
	if lost, ok := errors.AsType[*LockLostError](err); !ok || lost.Path != filepath.Join(d.path, "lock") {
		t.Errorf("got %v", err)
	}
	loads(t, second, "orders", at("a", 2))
}

func TestLockThatIsTakenFreshMustNotBeThere(t *testing.T) {
	path := t.TempDir()
	first, err := takeLock(path, true)
	if err != nil {
		t.Fatal(err)
	}
	_ = first.release()
	_, err = takeLock(path, true) // the other has come and gone since this one looked
	isLocked(t, err, true)
}

func TestRefusalsNameThePathAndTheCure(t *testing.T) {
	for want, err := range map[string]error{
		"store: /d is in use by another engine (process 42): stop that one, or":         &LockedError{Path: "/d", Process: 42},
		"store: /d is in use by another engine: stop that one, or":                      &LockedError{Path: "/d"},
		"store: /d was taken by another engine after this one had opened it: start":     &LockedError{Path: "/d", Overtaken: true},
		"store: /d/lock was removed or replaced while this engine held it: stop":        &LockLostError{Path: "/d/lock"},
		"store: /f has format 3, and this engine reads formats up to 1: run an engine ": &VersionError{Path: "/f", Found: 3, Known: 1},
		"store: /f cannot be used: it is empty: restore it from a backup, or":           &DamagedError{Path: "/f", Reason: "it is empty"},
	} {
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %q, want %q...", err, want)
		}
	}
}

func TestPathThatIsAFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDirectory(path); err == nil || !strings.Contains(err.Error(), path+" is not a directory") {
		t.Errorf("got %v", err)
	}
	d := opened(t, filepath.Join(t.TempDir(), "later"))
	if err := os.WriteFile(d.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(t.Context(), "orders", []connector.Position{at("a", 1)}); err == nil || !strings.Contains(err.Error(), d.path) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDirectorySave(b *testing.B) {
	d, err := OpenDirectory(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	b.ReportAllocs()
	for offset := int64(0); b.Loop(); offset++ {
		if err := d.Save(b.Context(), "orders", []connector.Position{at("a", offset)}); err != nil {
			b.Fatal(err)
		}
	}
}
