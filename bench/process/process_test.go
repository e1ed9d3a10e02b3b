package process

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Play(map[string]Role{"echo": echo, "fail": fail, "finite": finite, "endless": endless})
	os.Setenv("GORACE", "atexit_sleep_ms=0") //nolint:errcheck // else each child takes a second to exit under the race detector
	os.Exit(m.Run())
}

func echo(_ context.Context, line *Line) error {
	var task string
	if err := line.Task(&task); err != nil {
		return err
	}
	if err := line.Tell(task); err != nil {
		return err
	}
	line.AwaitEnd()
	return nil
}

func fail(_ context.Context, line *Line) error {
	var task string
	if err := line.Task(&task); err != nil {
		return err
	}
	_, _ = os.Stderr.WriteString("words of its own\n")
	return errors.New("it went wrong: " + task)
}

func finite(ctx context.Context, line *Line) error { return compete(ctx, line, 20*time.Millisecond) }

func endless(ctx context.Context, line *Line) error { return compete(ctx, line, time.Hour) }

func compete(ctx context.Context, line *Line, work time.Duration) error {
	if err := line.Task(new(string)); err != nil {
		return err
	}
	return Compete(ctx, line, Contestant{
		Start: func(context.Context) error { return nil },
		Wait: func(ctx context.Context) error {
			select {
			case <-time.After(work):
			case <-ctx.Done():
			}
			return nil
		},
		Stop: func() (Report, error) { return Report{Records: 7, Delivered: 7}, nil },
	})
}

func start(t *testing.T, role string) *Process {
	t.Helper()
	p, err := Start(t.Context(), Program{Role: role}, "task")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p
}

func TestAChildIsTheSameBinaryInItsRole(t *testing.T) {
	p := start(t, "echo")
	var said string
	if err := p.Hear(&said); err != nil || said != "task" {
		t.Errorf("%q, %v", said, err)
	}
	memory, err := p.Memory()
	if err != nil || memory.Now < 1<<20 || memory.Peak < memory.Now {
		t.Errorf("%+v, %v", memory, err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Error("the second time:", err)
	}
}

func TestWhatAChildFailsOfIsToldWithItsWords(t *testing.T) {
	for role, want := range map[string]string{"fail": "it went wrong: task", "nobody": "no role"} {
		p := start(t, role)
		if err := p.Hear(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", role, err)
		}
		if err := p.Stop(); err == nil {
			t.Error("it exited with 0")
		}
	}
}

func TestAContestantReportsAtTheEndOfItsWorkOrWhenItIsEnded(t *testing.T) {
	for _, role := range []string{"finite", "endless"} {
		p := start(t, role)
		if err := p.Hear(new(Ready)); err != nil {
			t.Fatal(err)
		}
		if err := p.Ask(Begin, new(Started)); err != nil {
			t.Fatal(err)
		}
		if role == "endless" {
			if err := p.Tell(End); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Tell(End); err != nil { // too late, or once more
			t.Fatal(err)
		}
		var report Report
		if err := p.Hear(&report); err != nil || report.Records != 7 || report.Elapsed <= 0 || report.Began.IsZero() {
			t.Errorf("%s: %+v, %v", role, report, err)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestMemoryIsReadFromTheStatusOfAProcess(t *testing.T) {
	const status = "Name:\tbench\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t5\n"
	if memory, err := parseStatus(status); err != nil || memory.Peak != 20<<20 || memory.Now != 10<<20 {
		t.Errorf("%+v, %v", memory, err)
	}
	for _, broken := range []string{"", "VmHWM:\t1 kB\n", "VmHWM:\tx kB\nVmRSS:\t1 kB\n", "VmHWM:\t1 MB\nVmRSS:\t1 kB\n"} {
		if _, err := parseStatus(broken); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}
