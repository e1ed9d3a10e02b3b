//go:build linux

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// smallDiskVariable names the directory on which a test process mounts a disk of 4 MiB. It is alone in its mount
// namespace, so the disk is seen by nobody else and is gone with the process.
const smallDiskVariable = "STORE_TEST_SMALL_DISK"

func TestStoreOnASmallDisk(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOnSmallDisk", "-test.v")
	child.Env = append(os.Environ(), smallDiskVariable+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	output, err := child.CombinedOutput()
	if err != nil || strings.Count(string(output), "--- PASS: TestOnSmallDisk") != 3 {
		t.Errorf("%v\n%s", err, output)
	}
}

// onSmallDisk runs the tests below in the process of their own.
func onSmallDisk(m *testing.M, directory string) int {
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=4m")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		return 1
	}
	return m.Run()
}

// smallDisk returns a directory on the small disk, or "" in the process that has none.
func smallDisk(t *testing.T) string {
	t.Helper()
	directory := os.Getenv(smallDiskVariable)
	if directory != "" {
		directory = filepath.Join(directory, t.Name())
	}
	return directory
}

func large(kib int) *store.Change {
	return &store.Change{Pipeline: "orders", Positions: []connector.Position{{Partition: "p", Offset: int64(kib)}},
		Add: []*store.Entry{{Pipeline: "orders", Record: &connector.Record{ID: "large", Data: make([]byte, kib<<10)}}}}
}

// fill leaves no room on the disk; the returned function gives it back.
func fill(t *testing.T, path string) (free func()) {
	t.Helper()
	ballast := filepath.Join(filepath.Dir(path), "ballast")
	f, err := os.Create(ballast)
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(ballast) }
}

func TestOnSmallDiskAFullDiskKeepsNothingAndTheStoreGoesOnWhenThereIsRoom(t *testing.T) {
	path := smallDisk(t)
	if path == "" {
		return // TestStoreOnASmallDisk runs it
	}
	s := opened(t, path)
	if err := s.Keep(t.Context(), large(1)); err != nil {
		t.Fatal(err)
	}
	free := fill(t, path)
	for _, kib := range []int{5000, 100, 300} {
		change := large(kib)
		err := s.Keep(t.Context(), change)
		if full, ok := errors.AsType[*store.FullError](err); !ok || !errors.Is(err, store.ErrFull) || full.Path != s.database() || change.Add[0].Seq != 0 {
			t.Errorf("%d KiB: got %v", kib, err)
		}
	}
	loads(t, s, "orders", at("p", 1))
	if n, _, err := s.Count(t.Context(), "orders"); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	free()
	if err := s.Keep(t.Context(), large(100)); err != nil {
		t.Errorf("there is room now: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = opened(t, path)
	loads(t, s, "orders", at("p", 100))
	if list, err := s.Fresh(t.Context(), "orders", 0, 9, 0); len(list) != 2 || err != nil {
		t.Errorf("got %v, %v", list, err)
	}
	_ = s.Close()
	_ = os.RemoveAll(path)
}

func TestOnSmallDiskAStoreThatHasNoRoomForItsSchemaSaysSo(t *testing.T) {
	path := smallDisk(t)
	if path == "" {
		return // TestStoreOnASmallDisk runs it
	}
	s := opened(t, path)
	free := fill(t, path)
	for range 2 {
		if err := s.Keep(t.Context(), large(1)); !errors.Is(err, store.ErrFull) {
			t.Errorf("got %v", err)
		}
	}
	free()
	if err := s.Keep(t.Context(), large(1)); err != nil {
		t.Errorf("there is room now: %v", err)
	}
	_ = s.Close()
	_ = os.RemoveAll(path)
}

func TestOnSmallDiskAReadOnlyDiskIsNamedWithItsCure(t *testing.T) {
	path := smallDisk(t)
	if path == "" {
		return // TestStoreOnASmallDisk runs it
	}
	used := opened(t, filepath.Join(path, "used"))
	save(t, used, "orders", at("a", 1))
	_ = used.Close()
	fresh := opened(t, filepath.Join(path, "fresh"))
	if err := syscall.Mount("", filepath.Dir(path), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), used.path, Options{})
	for _, err := range []error{err, fresh.Save(t.Context(), "orders", []connector.Position{at("a", 1)})} {
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "write to its directory, or give the store another path") {
			t.Errorf("got %v", err)
		}
	}
	if err := syscall.Mount("", filepath.Dir(path), "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
}
