//go:build linux

package sqlite

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"modernc.org/libc"
	codes "modernc.org/sqlite/lib"
)

type (
	writeFile    = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32
	truncateFile = func(tls *libc.TLS, file uintptr, size int64) int32
)

// onEachStep calls step before each write, truncation and sync of a file that the library makes, with what it is and the
// file's name, until the test ends.
func onEachStep(t *testing.T, step func(kind, file string)) {
	t.Helper()
	methods, done := ioMethods(t)
	write, truncate, sync := methods.FxWrite, methods.FxTruncate, methods.FxSync
	nameOf := func(file uintptr) string { return libc.GoString(pointer[codes.TunixFile](file).FzPath) }
	writes := writeFile(func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
		step("write", nameOf(file))
		return function[writeFile](write)(tls, file, buffer, n, offset)
	})
	truncates := truncateFile(func(tls *libc.TLS, file uintptr, size int64) int32 {
		step("truncate", nameOf(file))
		return function[truncateFile](truncate)(tls, file, size)
	})
	syncs := syncFile(func(tls *libc.TLS, file uintptr, flags int32) int32 {
		step("sync", nameOf(file))
		return function[syncFile](sync)(tls, file, flags)
	})
	methods.FxWrite, methods.FxTruncate, methods.FxSync = address(&writes), address(&truncates), address(&syncs)
	t.Cleanup(func() {
		methods.FxWrite, methods.FxTruncate, methods.FxSync = write, truncate, sync
		runtime.KeepAlive([]any{writes, truncates, syncs}) // the library has no more than their addresses
		done()
	})
}

// moment is the directory as a process leaves it that is killed there, and what had been promised by then.
type moment struct {
	dir      string
	at       string
	promised map[string]bool // true: it is in the backlog; false: it was removed
	doing    []string        // what of it the change under way may add or remove
}

func TestProcessKilledAtAnyStepOfAnyWriteLosesNothingThatWasPromised(t *testing.T) {
	data, moments := filepath.Join(t.TempDir(), "data"), []moment{}
	var mu sync.Mutex
	promised, doing := map[string]bool{}, []string(nil)
	kinds := map[string]int{}
	onEachStep(t, func(kind, file string) {
		mu.Lock()
		defer mu.Unlock()
		what := kind + " of the database"
		if strings.HasSuffix(file, "-wal") {
			what = kind + " of the log"
		}
		kinds[what]++
		if filepath.Dir(file) != data || kinds[what] > 20 && kinds[what]%41 != 0 {
			return
		}
		moments = append(moments, moment{dir: copied(t, data), at: fmt.Sprint(what, " ", kinds[what]), promised: maps.Clone(promised), doing: doing})
	})
	s := opened(t, data)
	var before []*store.Entry
	for round := range 40 {
		change := &store.Change{Pipeline: "orders", Positions: []connector.Position{{Offset: int64(round)}}}
		for i := range 4 {
			change.Add = append(change.Add, &store.Entry{Pipeline: "orders", Record: &connector.Record{
				ID: connector.RecordID(fmt.Sprint(round, ".", i)), Data: fmt.Append(nil, round, i, strings.Repeat("x", 9000))}})
		}
		for _, e := range before[:len(before)/2] {
			change.Remove = append(change.Remove, e.Seq)
		}
		mu.Lock()
		doing = nil
		for _, e := range slices.Concat(change.Add, before) {
			doing = append(doing, string(e.Record.ID))
		}
		mu.Unlock()
		if err := s.Keep(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		for _, e := range change.Add {
			promised[string(e.Record.ID)] = true
		}
		for _, e := range before[:len(before)/2] {
			promised[string(e.Record.ID)] = false
		}
		mu.Unlock()
		before = change.Add
	}
	if err := s.Close(); err != nil { // which writes the log into the database
		t.Fatal(err)
	}
	for _, what := range []string{"write of the log", "sync of the log", "write of the database", "sync of the database"} {
		if kinds[what] == 0 {
			t.Errorf("there was no %s", what)
		}
	}
	t.Logf("%d moments of %v", len(moments), kinds)
	for _, m := range moments {
		m.check(t)
	}
}

// check opens the directory of a moment and holds it against what had been promised.
func (m *moment) check(t *testing.T) {
	t.Helper()
	s, err := Open(t.Context(), m.dir, Options{})
	if err != nil {
		t.Errorf("killed before %s: %v", m.at, err)
		return
	}
	defer func() { _ = s.Close() }()
	there := map[string]bool{}
	for after := int64(0); ; {
		page, err := s.Fresh(t.Context(), "orders", after, 100, 0)
		if err != nil {
			t.Errorf("killed before %s: %v", m.at, err)
			return
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after, there[string(e.Record.ID)] = e.Seq, true
			var round, i int
			if _, err := fmt.Sscanf(string(e.Record.ID), "%d.%d", &round, &i); err != nil || string(e.Record.Data) != string(fmt.Append(nil, round, i, strings.Repeat("x", 9000))) {
				t.Errorf("killed before %s: the data of %s is not what it was", m.at, e.Record.ID)
			}
		}
	}
	for id, kept := range m.promised {
		if there[id] != kept && !slices.Contains(m.doing, id) {
			t.Errorf("killed before %s: %s is there: %t, want %t", m.at, id, there[id], kept)
		}
	}
	for id := range there {
		if _, known := m.promised[id]; !known && !slices.Contains(m.doing, id) {
			t.Errorf("killed before %s: %s is there, which nobody has added", m.at, id)
		}
	}
}

func copied(t *testing.T, from string) string {
	to := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Error(err)
	}
	files, err := os.ReadDir(from)
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, "-shm") || name == "lock" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, file.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, file.Name()), text, 0o600)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	}
	return to
}
