package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// Program is what a child runs.
type Program struct {
	Path string // empty: this binary
	Role string
}

// Process is a child, as its parent sees it. It is used by one goroutine at a time.
type Process struct {
	program Program
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  *tail
}

// Start starts a child and gives it its task. When ctx ends the child is killed.
func Start(ctx context.Context, program Program, task any) (*Process, error) {
	path := program.Path
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		path = self
	}
	p := &Process{program: program, command: exec.CommandContext(ctx, path), stderr: &tail{}}
	p.command.Env = append(os.Environ(), roleVariable+"="+program.Role)
	p.command.Stderr = p.stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("process %s: %w", program.Role, err)
	}
	if err := p.write(task); err != nil && !errors.Is(err, syscall.EPIPE) {
		return p, err
	}
	return p, nil // a child that is gone already has said why, which is heard next
}

func (p *Process) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(text, '\n')); err != nil {
		return p.because(err)
	}
	return nil
}

// Tell gives the child a command.
func (p *Process) Tell(command Command) error { return p.write(command) }

// Hear waits for what the child says next. The error is the child's own when it failed.
func (p *Process) Hear(body any) error {
	text, err := p.out.ReadBytes('\n')
	if err != nil {
		return p.because(err)
	}
	var said struct {
		Error string
		Body  json.RawMessage
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return p.because(fmt.Errorf("%w: %.200s", err, text))
	}
	if said.Error != "" {
		return p.because(errors.New(said.Error))
	}
	if body == nil {
		return nil
	}
	return json.Unmarshal(said.Body, body)
}

// Ask gives the child a command and hears its answer.
func (p *Process) Ask(command Command, body any) error {
	if err := p.Tell(command); err != nil {
		return err
	}
	return p.Hear(body)
}

func (p *Process) because(err error) error {
	if words := p.stderr.String(); words != "" {
		return fmt.Errorf("process %s: %w: %s", p.program.Role, err, words)
	}
	return fmt.Errorf("process %s: %w", p.program.Role, err)
}

// PID is the child's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Stop ends the child and waits until it is gone. It may be called more than once.
func (p *Process) Stop() error {
	_ = p.in.Close() // it may be gone already
	if p.command.ProcessState != nil {
		return nil
	}
	if err := p.command.Wait(); err != nil {
		return p.because(err)
	}
	return nil
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
