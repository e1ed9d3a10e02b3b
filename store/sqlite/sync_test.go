//go:build linux

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"modernc.org/libc"
	codes "modernc.org/sqlite/lib"
)

// pointer returns what the library has at an address. Its memory does not move.
func pointer[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function returns the function that the library has at an address; address does the opposite.
func function[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }

func address[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

type (
	openFile  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	syncFile  = func(tls *libc.TLS, file uintptr, flags int32) int32
	closeFile = func(tls *libc.TLS, file uintptr) int32
)

// ioMethods returns the table of functions that all files of the process share, and what frees it.
func ioMethods(t *testing.T) (*codes.Tsqlite3_io_methods, func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x-wal")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.WriteFile(strings.TrimSuffix(path, "-wal"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	tls := libc.NewTLS()
	at := codes.Xsqlite3_vfs_find(tls, 0)
	vfs := pointer[codes.Tsqlite3_vfs](at)
	file, flags := libc.Xcalloc(tls, 1, uint64(vfs.FszOsFile)), libc.Xcalloc(tls, 1, 8)
	name, err := libc.CString(path)
	if err != nil {
		t.Fatal(err)
	}
	if code := function[openFile](vfs.FxOpen)(tls, at, name, file, codes.SQLITE_OPEN_WAL|codes.SQLITE_OPEN_READWRITE, flags); code != 0 {
		t.Fatalf("open: %d", code)
	}
	methods := pointer[codes.Tsqlite3_io_methods](pointer[codes.Tsqlite3_file](file).FpMethods)
	return methods, func() {
		function[closeFile](methods.FxClose)(tls, file)
		for _, memory := range []uintptr{file, flags, name} {
			libc.Xfree(tls, memory)
		}
		tls.Close()
	}
}

// faultySync makes each sync of a log fail while the switch is on, as a disk does that cannot write what the system has
// taken already, until the test ends.
func faultySync(t *testing.T) (failing *atomic.Bool) {
	t.Helper()
	methods, done := ioMethods(t)
	original, failing := methods.FxSync, new(atomic.Bool)
	faulty := syncFile(func(tls *libc.TLS, file uintptr, flags int32) int32 {
		if failing.Load() {
			return codes.SQLITE_IOERR_FSYNC
		}
		return function[syncFile](original)(tls, file, flags)
	})
	methods.FxSync = address(&faulty)
	t.Cleanup(func() {
		methods.FxSync = original
		runtime.KeepAlive(faulty) // the library has no more than its address
		done()
	})
	return failing
}

func TestWriteWhoseSyncFailedIsNeverThereAndTheNextOneIs(t *testing.T) {
	failing := faultySync(t)
	s := opened(t, filepath.Join(t.TempDir(), "data"))
	keep := func(id string) (*store.Entry, error) {
		e := &store.Entry{Pipeline: "orders", Record: &connector.Record{ID: connector.RecordID(id), Data: make([]byte, 3000)}}
		return e, s.Keep(t.Context(), &store.Change{Add: []*store.Entry{e}})
	}
	are := func(want string) {
		t.Helper()
		list, err := s.Fresh(t.Context(), "orders", 0, 99, 0)
		var ids []string
		for _, e := range list {
			ids = append(ids, string(e.Record.ID))
		}
		if got := strings.Join(ids, " "); err != nil || got != want {
			t.Errorf("there are %s, %v; want %s", got, err, want)
		}
	}
	want := ""
	for round := range 3 {
		if _, err := keep(fmt.Sprint("good", round)); err != nil {
			t.Fatal(err)
		}
		want = strings.TrimSpace(want + fmt.Sprint(" good", round))
		failing.Store(true)
		for range 2 {
			if e, err := keep("lost"); err == nil || errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "I/O") || e.Seq != 0 {
				t.Errorf("got %v and the number %d", err, e.Seq)
			}
		}
		are(want)
		failing.Store(false)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = opened(t, s.path)
	are(want)
}
