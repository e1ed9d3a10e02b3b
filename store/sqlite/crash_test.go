package sqlite

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/acktor/acktor/store"
)

func TestKilledEngineLosesNothingThatWasKeptAndItsLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	told := int64(0)
	for range 3 {
		writer := exec.CommandContext(t.Context(), os.Args[0])
		writer.Env = append(os.Environ(), writerVariable+"="+path)
		output, err := writer.StdoutPipe()
		if err == nil {
			err = writer.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		sum, last := told, int64(0)
		for last < 25 && lines.Scan() {
			last, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		_, err = Open(t.Context(), path, Options{})
		if locked, ok := errors.AsType[*store.LockedError](err); !ok || locked.Process != writer.Process.Pid {
			t.Errorf("while the other runs: %v", err)
		}
		_ = writer.Process.Kill()
		for lines.Scan() {
			last, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		_ = writer.Wait()
		told = sum + last
		s := opened(t, path)
		got, err := s.Load(t.Context(), "orders")
		if err != nil || len(got) != 1 || got[0].Offset < last || last < 25 {
			t.Errorf("told %d, found %v, %v", last, got, err)
		}
		n, _, err := s.Count(t.Context(), "orders")
		if err != nil || int64(n) < told || int64(n) > told+1 {
			t.Errorf("told of %d entries, there are %d, %v", told, n, err)
		}
		told = int64(n)
		entries, err := s.Fresh(t.Context(), "orders", 0, n+1, 0)
		if damage, err2 := s.Damage(t.Context()); err != nil || len(entries) != n || err2 != nil || len(damage) != 0 {
			t.Errorf("read %d of %d, %v; damaged %v, %v", len(entries), n, err, damage, err2)
		}
		_ = s.Close()
	}
}
