package acktor_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

// paced hands over one record a millisecond, to ten destinations in turn, and remembers what became of them.
type paced struct {
	n, next   int
	took      time.Duration // until the last was read
	began     time.Time
	mu        sync.Mutex
	delivered map[string]int // by destination
}

func (p *paced) Open(context.Context, []connector.Position) error { p.began = time.Now(); return nil }
func (p *paced) Close(context.Context) error                      { return nil }

func (p *paced) Read(ctx context.Context, _ connector.Credit) ([]*connector.Record, error) {
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.next++
	record := &connector.Record{ID: connector.RecordID(strconv.Itoa(p.next)), Key: strconv.Itoa(p.next % 10)}
	if p.next < p.n {
		return []*connector.Record{record}, nil
	}
	p.took = time.Since(p.began)
	return []*connector.Record{record}, connector.ErrEndOfSource
}

func (p *paced) Settle(_ context.Context, settled []connector.Settled) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range settled {
		if s.Outcome.State == connector.Delivered {
			p.delivered[s.Record.Key]++
		}
	}
	return nil
}

// hanging is a sink that answers nothing before its time is up.
type hanging struct{ nothing }

func (hanging) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	<-ctx.Done()
	return []connector.Result{{Err: ctx.Err()}}
}

func TestHalfOfTheDestinationsHangAndTheOthersLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, err := acktor.New(acktor.Options{})
		if err != nil {
			t.Fatal(err)
		}
		source := &paced{n: 20_000, delivered: make(map[string]int)}
		outlet := &connector.Outlet{
			Destination: func(r *connector.Record) (string, error) { return r.Key, nil },
			New: func(destination string) (connector.Sink, error) {
				if destination < "5" {
					return hanging{}, nil
				}
				return nothing{}, nil
			},
		}
		if err := engine.Add(acktor.Pipeline{Name: "p", Source: source, Sinks: []acktor.Sink{{Name: "s", Outlet: outlet}}}); err != nil {
			t.Fatal(err)
		}
		if err := engine.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := engine.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := engine.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the actor system's own goroutines end
		for _, healthy := range []string{"5", "6", "7", "8", "9"} {
			if source.delivered[healthy] != source.n/10 {
				t.Errorf("destination %s took %d of %d", healthy, source.delivered[healthy], source.n/10)
			}
		}
		if most := 22 * time.Second; source.took > most {
			t.Errorf("20 s of records were read in %s: the hanging ones held the source up", source.took)
		}
	})
}
