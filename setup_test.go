package acktor_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is an engine in virtual time with a pipeline "orders" from a source that is fed by calls to a sink "crm" that
// does what the test says.
type bundle struct {
	*acktor.Engine
	source   *memory.Source
	watching context.Context // ends before the engine

	mu    sync.Mutex
	write func(context.Context, *acktor.Record) error
}

// inEngine runs a test with an engine that is not started yet.
func inEngine(t *testing.T, test func(t *testing.T, b *bundle)) {
	synctest.Test(t, func(t *testing.T) {
		engine, err := acktor.New(acktor.Options{})
		if err != nil {
			t.Fatal(err)
		}
		watching, cancel := context.WithCancel(t.Context())
		b := &bundle{Engine: engine, source: memory.NewSource(memory.Options{}), watching: watching}
		b.does(func(context.Context, *acktor.Record) error { return nil })
		if err := engine.Add(b.pipeline("orders", b.source)); err != nil {
			t.Fatal(err)
		}
		test(t, b)
		cancel()
		_ = engine.Stop(ended())
		b.source.End()
		time.Sleep(time.Minute)
	})
}

func (b *bundle) pipeline(name string, source acktor.Source) acktor.Pipeline {
	sink := acktor.SinkFunc("crm", func(ctx context.Context, record *acktor.Record) error {
		b.mu.Lock()
		write := b.write
		b.mu.Unlock()
		return write(ctx, record)
	})
	return acktor.Pipeline{Name: name, Source: source, Sinks: []acktor.Sink{sink}}
}

func (b *bundle) does(write func(context.Context, *acktor.Record) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write = write
}

func hang(ctx context.Context, _ *acktor.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

// ended is a context that has ended.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// opening is a source whose Open returns err, and waits for its context when err is nil.
type opening struct{ err error }

func (s *opening) Open(ctx context.Context, _ []connector.Position) error {
	if s.err != nil {
		return s.err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (*opening) Close(context.Context) error                       { return nil }
func (*opening) Settle(context.Context, []connector.Settled) error { return nil }

func (*opening) Read(context.Context, connector.Credit) ([]*connector.Record, error) {
	return nil, errors.New("it is not open")
}
