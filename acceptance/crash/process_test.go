package crash

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is one life of an engine.
type process struct {
	t       *testing.T
	command *exec.Cmd
	input   io.WriteCloser
	lines   chan string
	log     bytes.Buffer
	address string // of its source

	mu   sync.Mutex
	died string // the point at which it died by itself
	done chan struct{}
}

// begin starts an engine process, and waits until it is ready, or has died at its point.
func begin(t *testing.T, path, point, bug string) *process {
	t.Helper()
	p := &process{t: t, command: exec.Command(os.Args[0]), lines: make(chan string, 16), done: make(chan struct{})}
	p.command.Env = append(os.Environ(), engineVariable+"="+path, pointVariable+"="+point, bugVariable+"="+bug)
	p.command.Stderr = &p.log
	output, err := p.command.StdoutPipe()
	if err == nil {
		p.input, err = p.command.StdinPipe()
	}
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go p.listen(output)
	select {
	case line := <-p.lines:
		_, _ = fmt.Sscanf(line, "ready %s", &p.address)
	case <-p.done:
	case <-time.After(patience):
		t.Fatal("the engine did not begin")
	}
	if p.address == "" && p.point() == "" {
		t.Fatalf("the engine did not begin:\n%s", &p.log)
	}
	return p
}

// patience is only ever used up by a test that fails.
const patience = 60 * time.Second

func (p *process) listen(output io.Reader) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if point, died := strings.CutPrefix(lines.Text(), "died at "); died {
			p.mu.Lock()
			p.died = point
			p.mu.Unlock()
			continue
		}
		p.lines <- lines.Text()
	}
	_ = p.command.Wait()
	close(p.done)
}

// point returns the point at which the process died by itself, if it did.
func (p *process) point() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.died
}

// ask sends a line and scans the answer; false: the process is dead.
func (p *process) ask(question string, answer ...any) bool {
	if _, err := fmt.Fprintln(p.input, question); err != nil {
		return false
	}
	select {
	case line := <-p.lines:
		_, err := fmt.Sscan(line, answer...)
		return err == nil
	case <-p.done:
		return false
	case <-time.After(patience):
		p.t.Errorf("no answer to %s", question)
		return false
	}
}

// kill ends the process at once.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
	_ = p.input.Close()
}

// end lets the process end by itself.
func (p *process) end() {
	p.t.Helper()
	_ = p.input.Close()
	<-p.done
	if !p.command.ProcessState.Success() {
		p.t.Errorf("the engine ended with %s:\n%s", p.command.ProcessState, &p.log)
	}
}
