package acceptance

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/all"
)

// patience is how long a test waits for what must happen. It is only ever used up by a test that fails.
const patience = 60 * time.Second

// running is an engine with the pipelines of one document.
type running struct {
	*acktor.Engine
	loaded *config.Config
}

// start loads a document, in which <name> stands for the value behind name in values, and starts what it describes. The
// engine is stopped when the test ends; stop it earlier to see how that goes.
func start(t testing.TB, document string, values ...string) *running {
	t.Helper()
	return startWith(t, acktor.Options{}, document, values...)
}

func startWith(t testing.TB, options acktor.Options, document string, values ...string) *running {
	t.Helper()
	engine, err := acktor.New(options)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Engine: engine, loaded: load(t, document, values...)}
	for _, p := range acktor.FromConfig(r.loaded) {
		if err := engine.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = engine.Stop(ctx) // what is still in flight belongs to peers that the test has left hanging
	})
	return r
}

func load(t testing.TB, document string, values ...string) *config.Config {
	t.Helper()
	var pairs []string
	for i := 0; i < len(values); i += 2 {
		pairs = append(pairs, "<"+values[i]+">", values[i+1])
	}
	text := []byte(strings.NewReplacer(pairs...).Replace(document))
	loaded, diagnostics := config.Load([]config.Source{{Name: "acktor.yaml", Text: text}}, all.Registry(), config.Options{})
	if loaded == nil {
		t.Fatalf("the configuration is wrong: %s", diagnostics)
	}
	return loaded
}

// address is where the source of the first pipeline listens.
func (r *running) address() string {
	return r.loaded.Pipelines[0].Source.(interface{ Addr() net.Addr }).Addr().String()
}

// status is how the first pipeline stands.
func (r *running) status() acktor.Status { return r.Pipelines()[0] }

// watch collects events until the test ends. It must not lose any: Dropped is checked.
func (r *running) watch(t testing.TB, records bool, buffer int) *acktor.Watch {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := r.Watch(ctx, acktor.WatchOptions{Records: records, Buffer: buffer})
	t.Cleanup(func() {
		if n := w.Dropped(); n > 0 {
			t.Errorf("the watcher lost %d events", n)
		}
	})
	return w
}

// next waits for an event of type E for which want is true, and drops the others.
func next[E acktor.Event](t testing.TB, w *acktor.Watch, want func(E) bool) E {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case event := <-w.C:
			if e, ok := event.(E); ok && (want == nil || want(e)) {
				return e
			}
		case <-timeout:
			var missing E
			t.Fatalf("no %T came", missing)
		}
	}
}

// settledOnce takes n settled events and complains of records that have more than one.
func settledOnce(t testing.TB, w *acktor.Watch, n int) map[connector.RecordID]*connector.Outcome {
	t.Helper()
	outcomes := make(map[connector.RecordID]*connector.Outcome, n)
	for range n {
		e := next[*acktor.Settled](t, w, nil)
		if outcomes[e.Record.ID] != nil {
			t.Errorf("record %s was settled twice", e.Record.ID)
		}
		outcomes[e.Record.ID] = e.Outcome
	}
	return outcomes
}

// within fails the test when done is not closed in time.
func within(t testing.TB, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
	}
}

// until waits for a condition that nothing announces.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// stopWithin stops the engine and returns what Stop said and how long it took.
func (r *running) stopWithin(limit time.Duration) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	err = r.Stop(ctx)
	return time.Since(began), err
}

func id(parts ...any) string { return strings.TrimSuffix(fmt.Sprintln(parts...), "\n") }
