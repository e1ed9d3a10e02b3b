//go:build acceptance

package acceptance

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

const million = 1_000_000

// counting is a source of a million numbered records. It counts the outcomes of each, and looks at the heap now and then.
type counting struct {
	next     int
	settled  int
	outcomes [million]connector.State // of each record; 0: none yet
	twice    int
	classes  map[connector.Class]int
	heaps    []uint64
}

func (*counting) Open(context.Context, []connector.Position) error { return nil }
func (*counting) Close(context.Context) error                      { return nil }

func (c *counting) Read(_ context.Context, credit connector.Credit) ([]*connector.Record, error) {
	n := min(credit.Records, million-c.next, 256)
	if n == 0 {
		return nil, connector.ErrEndOfSource
	}
	records := make([]*connector.Record, n)
	for i := range records {
		number := strconv.Itoa(c.next)
		records[i] = &connector.Record{ID: connector.RecordID(number), Data: []byte(number), Ref: c.next,
			Position: connector.Position{Partition: "p", Offset: int64(c.next + 1)}}
		c.next++
	}
	return records, nil
}

func (c *counting) Settle(_ context.Context, settled []connector.Settled) error {
	for _, s := range settled {
		n := s.Record.Ref.(int)
		if c.outcomes[n] != 0 {
			c.twice++
		}
		c.outcomes[n] = s.Outcome.State
		if s.Outcome.Failure != nil {
			c.classes[s.Outcome.Failure.Class]++
		}
		if c.settled++; c.settled%(million/20) == 0 {
			c.heaps = append(c.heaps, heap())
		}
	}
	return nil
}

// faulty is a sink of which one record in a hundred meets a fault: an error or a timeout at the first attempt, the
// same at every attempt, or a panic.
type faulty struct {
	attempts [million / 100]atomic.Int32 // of the records that meet a fault
	calls    atomic.Int64
}

func (f *faulty) write(ctx context.Context, record *acktor.Record) error {
	f.calls.Add(1)
	n, err := strconv.Atoi(string(record.Data))
	if err != nil || n%100 != 0 {
		return err
	}
	again := f.attempts[n/100].Add(1) > 1
	switch n / 100 % 5 {
	case 0, 1:
		if again && n/100%5 == 0 {
			return nil
		}
		return errors.New("no")
	case 2, 3:
		if again && n/100%5 == 2 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	default:
		panic("over this record")
	}
}

func TestAMillionRecordsWithFaultsHaveAMillionOutcomes(t *testing.T) {
	source, sink := &counting{classes: make(map[connector.Class]int)}, &faulty{}
	target := acktor.SinkFunc("faulty", sink.write)
	target.Options = acktor.DefaultSinkOptions()
	target.Options.Timeout = 20 * time.Millisecond
	target.Options.Retry.MaxAttempts, target.Options.Retry.Initial, target.Options.Retry.Max = 2, time.Millisecond, 5*time.Millisecond
	target.Options.Breaker.Enabled = false
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Add(acktor.Pipeline{Name: "million", Source: source, Sinks: []acktor.Sink{target}}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := engine.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	status := engine.Pipelines()[0]
	if err := engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	source.wantAll(t)
	if status.Read != million || status.Delivered != million*994/1000 || status.Failed != million*6/1000 || status.InFlight != 0 {
		t.Errorf("the pipeline says %d read, %d delivered, %d failed, %d in flight", status.Read, status.Delivered, status.Failed, status.InFlight)
	}
	if got, want := sink.calls.Load(), int64(million+million/100*4/5); got != want {
		t.Errorf("the sink was called %d times, want %d", got, want)
	}
}

// wantAll wants one outcome of the right kind for each record, and a heap that does not grow with their number.
func (c *counting) wantAll(t *testing.T) {
	t.Helper()
	for n, state := range c.outcomes {
		want := connector.Delivered
		if fault := n / 100 % 5; n%100 == 0 && fault != 0 && fault != 2 {
			want = connector.Failed
		}
		if state != want {
			t.Fatalf("record %d is %s, want %s", n, state, want)
		}
	}
	const each = million / 500
	if c.settled != million || c.twice != 0 || len(c.classes) != 3 ||
		c.classes[connector.Unavailable] != each || c.classes[connector.Timeout] != each || c.classes[connector.Panicked] != each {
		t.Errorf("%d outcomes, %d of them for a second time; failures %v, want %d of each", c.settled, c.twice, c.classes, each)
	}
	first, last := c.heaps[1], c.heaps[len(c.heaps)-1]
	t.Logf("the heap held %d KiB early and %d KiB late", first>>10, last>>10)
	if last > first+2<<20 {
		t.Errorf("the heap grew from %d to %d KiB", first>>10, last>>10)
	}
}
