//go:build unix

package file

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/acktor/acktor/connector"
)

func TestSourceDoesNotWaitForTheWriterOfAPipe(t *testing.T) {
	b := setupSource(t, "")
	os.Remove(b.path) //nolint:errcheck // it is there
	if err := syscall.Mkfifo(b.path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{Beginning, End} {
		b.config.Start = start
		source, err := NewSource(b.config, connector.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if err := source.Open(t.Context(), nil); !errors.Is(err, errNotRegular) {
			t.Errorf("open a pipe: %v, want %v", err, errNotRegular)
		}
	}
}
