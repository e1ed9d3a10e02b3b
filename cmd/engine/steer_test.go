package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/connector/memory"
)

// steered serves an engine with a pipeline "orders" whose source never has anything.
func steered(t *testing.T) (address string) {
	t.Helper()
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sink := acktor.SinkFunc("crm", func(context.Context, *acktor.Record) error { return nil })
	err = engine.Add(acktor.Pipeline{Name: "orders", Source: memory.NewSource(memory.Options{}), Sinks: []acktor.Sink{sink}})
	if err = errors.Join(err, engine.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	server, err := admin.New(engine, nil, admin.Options{Address: anyPort})
	if err = errors.Join(err, server.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := errors.Join(server.Stop(ctx), engine.Stop(ctx)); err != nil {
			t.Error(err)
		}
	})
	return server.Addr().String()
}

func TestPipelinesArePausedResumedAndDrainedFromTheCommandLine(t *testing.T) {
	address := steered(t)
	for _, step := range []struct{ verb, state string }{
		{"status", "running"}, {"pause", "paused"}, {"status", "paused"}, {"resume", "running"}, {"drain", "ended"}, {"status", "ended"},
	} {
		args := []string{step.verb, "--address", address}
		if step.verb != "status" {
			args = append(args, "orders")
		}
		state := ""
		for range 200 { // what is asked for is done soon
			code, out, text := within(t, t.TempDir(), args...)
			if code != 0 {
				t.Fatalf("%s: exit %d, %s", step.verb, code, text)
			}
			line := strings.Fields(strings.Split(out, "\n")[1])
			if state = line[1]; state == step.state {
				break
			}
			args = []string{"status", "--address", address}
		}
		if state != step.state {
			t.Errorf("after %s the pipeline is %s, want %s", step.verb, state, step.state)
		}
	}
}

func TestSteeringSaysWhatIsWrong(t *testing.T) {
	code, _, text := within(t, t.TempDir(), "pause", "--address", steered(t), "ordres")
	if code != 1 || !strings.Contains(text, "there is no pipeline of that name") {
		t.Errorf("unknown pipeline: exit %d, %s", code, text)
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	code, _, text = within(t, t.TempDir(), "status", "--address", nobody.Addr().String())
	if code != 3 || !strings.Contains(text, "no engine answers at") {
		t.Errorf("no engine: exit %d, %s", code, text)
	}
}
