package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func save(t *testing.T, s store.Positions, pipeline string, positions ...connector.Position) {
	t.Helper()
	if err := s.Save(t.Context(), pipeline, positions); err != nil {
		t.Fatal(err)
	}
}

func loads(t *testing.T, s store.Positions, pipeline string, want ...connector.Position) {
	t.Helper()
	got, err := s.Load(t.Context(), pipeline)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q: got %v, %v; want %v", pipeline, got, err, want)
	}
}

func at(partition string, offset int64) connector.Position {
	return connector.Position{Partition: partition, Offset: offset}
}

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
	if got, want := tree(t, path), []string{"acktor.db", "acktor.db-shm", "acktor.db-wal", "lock"}; !slices.Equal(got, want) {
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

func isLocked(t *testing.T, err error, overtaken bool) {
	t.Helper()
	locked, ok := errors.AsType[*store.LockedError](err)
	if !ok || locked.Overtaken != overtaken || !overtaken && locked.Process != os.Getpid() {
		t.Errorf("got %v (%+v), want a LockedError", err, locked)
	}
}

func TestSecondEngineIsRefusedUntilTheFirstCloses(t *testing.T) {
	first := opened(t, t.TempDir())
	save(t, first, "orders", at("a", 1))
	for range 2 {
		_, err := Open(t.Context(), first.path, Options{})
		isLocked(t, err, false)
	}
	save(t, first, "orders", at("a", 2))
	_ = first.Close()
	second := opened(t, first.path)
	loads(t, second, "orders", at("a", 2))
	_, err := Open(t.Context(), first.path, Options{})
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
	for range 4 {
		path := filepath.Join(t.TempDir(), "data")
		var engines sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			engines.Go(func() {
				d, err := Open(t.Context(), path, Options{})
				if err == nil {
					t.Cleanup(func() { _ = d.Close() })
					err = d.Save(t.Context(), "orders", []connector.Position{at("a", 1)})
				}
				if _, locked := errors.AsType[*store.LockedError](err); err != nil && !locked {
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
	if lost, ok := errors.AsType[*store.LockLostError](err); !ok || lost.Path != filepath.Join(d.path, "lock") {
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

func TestPathThatIsAFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), path+" is not a directory") {
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

func TestDirectoryAndFilesAreForTheirOwnerAlone(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "data"))
	save(t, s, "orders", at("a", 1))
	for name, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, "lock": 0o600, "acktor.db": 0o600, "acktor.db-wal": 0o600, "acktor.db-shm": 0o600} {
		if info, err := os.Stat(filepath.Join(s.path, name)); err != nil || info.Mode() != want {
			t.Errorf("%q: got %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	_ = s.Close()
	if got, want := tree(t, s.path), []string{"acktor.db", "lock"}; !slices.Equal(got, want) {
		t.Errorf("after Close there is %q, want %q", got, want)
	}
}
