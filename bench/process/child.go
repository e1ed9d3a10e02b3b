package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// roleVariable names the environment variable that makes the binary a child.
const roleVariable = "ACKTOR_BENCH_ROLE"

// Command is what a child is told after its task.
type Command string

// The commands.
const (
	Begin Command = "begin"
	// Rest says that nothing is to do from now on: the usage counts from here.
	Rest  Command = "rest"
	End   Command = "end"
	Reset Command = "reset"
	Tally Command = "tally"
)

// Role is what a child does. Its context ends with the parent. The error is told to the parent.
type Role func(ctx context.Context, line *Line) error

// Play plays the role that the environment asks for and exits. It returns when there is none.
func Play(roles map[string]Role) {
	name, isChild := os.LookupEnv(roleVariable)
	if !isChild {
		return
	}
	role, ok := roles[name]
	if !ok {
		role = func(context.Context, *Line) error { return fmt.Errorf("there is no role %q", name) }
	}
	os.Exit(play(role, os.Stdin, os.Stdout))
}

func play(role Role, in io.Reader, out io.Writer) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	line := &Line{in: json.NewDecoder(in), out: json.NewEncoder(out), commands: make(chan Command), cancel: cancel, ctx: ctx}
	err := role(ctx, line)
	if err == nil || errors.Is(context.Cause(ctx), errParentGone) {
		return 0
	}
	_ = line.send(answer{Error: err.Error()}) // the exit code says it too
	return 1
}

// answer is a line from the child.
type answer struct {
	Error string `json:",omitempty"`
	Body  any    `json:",omitempty"`
}

// Line is a child's end of the conversation.
type Line struct {
	in       *json.Decoder
	commands chan Command
	cancel   context.CancelCauseFunc
	ctx      context.Context // of the role: Line lives exactly as long

	mu  sync.Mutex
	out *json.Encoder
}

var errParentGone = errors.New("process: the parent wants no more")

// Task reads what the child is to do. It is called once, first.
func (l *Line) Task(task any) error {
	if err := l.in.Decode(task); err != nil {
		return fmt.Errorf("process: task: %w", err)
	}
	go l.listen()
	return nil
}

func (l *Line) listen() {
	defer l.cancel(errParentGone)
	for {
		var command Command
		if err := l.in.Decode(&command); err != nil {
			return
		}
		select {
		case l.commands <- command:
		case <-l.ctx.Done():
			return
		}
	}
}

// Commands are those that come after the task.
func (l *Line) Commands() <-chan Command { return l.commands }

// Await waits for a command. It is an error when another one comes.
func (l *Line) Await(want Command) error {
	select {
	case got := <-l.commands:
		if got != want {
			return fmt.Errorf("process: told to %s, not to %s", got, want)
		}
		return nil
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
}

// AwaitEnd waits until the parent wants no more. Commands that come meanwhile have come too late.
func (l *Line) AwaitEnd() {
	for {
		select {
		case <-l.commands:
		case <-l.ctx.Done():
			return
		}
	}
}

// Tell says something to the parent.
func (l *Line) Tell(body any) error { return l.send(answer{Body: body}) }

func (l *Line) send(a answer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Encode(a)
}
