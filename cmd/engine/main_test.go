package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asEngine makes the test binary behave as the engine, so that tests run the very code under test, race detector and all,
// as a process of its own.
const asEngine = "ENGINE_TEST_AS_ENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(asEngine) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what should come soon.
const patience = time.Minute

// process is an engine that runs.
type process struct {
	*exec.Cmd
	out, err *transcript
}

// start starts the engine in the folder dir.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return startWith(t, dir, nil, args...)
}

func startWith(t *testing.T, dir string, input io.Reader, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, os.Args[0], args...), out: newTranscript(), err: newTranscript()}
	p.Dir, p.Stdin, p.Stdout, p.Stderr = dir, input, p.out, p.err
	p.Env = append(os.Environ(), asEngine+"=1", "GORACE=atexit_sleep_ms=0") // its default is a second
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// exit waits for the end of the process and returns its exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// engine runs the engine to its end.
func engine(t *testing.T, dir string, args ...string) (code int, out, err string) {
	t.Helper()
	p := start(t, dir, args...)
	code = p.exit(t)
	return code, p.out.String(), p.err.String()
}

// transcript is what a process has written so far.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // closed, and replaced, at each Write
}

func newTranscript() *transcript { return &transcript{written: make(chan struct{})} }

// Write appends.
func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.written)
	w.written = make(chan struct{})
	return w.text.Write(text)
}

// String returns all of it.
func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits until pattern matches and returns its first group.
func (w *transcript) await(t *testing.T, pattern string) string {
	t.Helper()
	expression, late := regexp.MustCompile(pattern), time.After(patience)
	for {
		w.mu.Lock()
		match, written := expression.FindStringSubmatch(w.text.String()), w.written
		w.mu.Unlock()
		if match != nil {
			return match[len(match)-1]
		}
		select {
		case <-written:
		case <-late:
			t.Fatalf("nothing matches %s in:\n%s", pattern, w)
		}
	}
}

// write writes a file into dir, without the tabs that its text is indented by here.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\t", "")
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
