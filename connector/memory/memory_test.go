package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	plenty    = connector.Credit{Records: 100, Bytes: 1 << 20}
	delivered = &connector.Outcome{State: connector.Delivered}
)

func record(data string) *connector.Record { return &connector.Record{Data: []byte(data)} }

func opened(t testing.TB, options Options) *Source {
	t.Helper()
	s := NewSource(options)
	if err := s.Open(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, s *Source, credit connector.Credit) []*connector.Record {
	t.Helper()
	records, err := s.Read(context.Background(), credit)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func settle(t testing.TB, s *Source, records ...*connector.Record) {
	t.Helper()
	settled := make([]connector.Settled, len(records))
	for i := range records {
		settled[i] = connector.Settled{Record: records[i], Outcome: &connector.Outcome{State: connector.Delivered, Reason: string(records[i].Data)}}
	}
	if err := s.Settle(context.Background(), settled); err != nil {
		t.Fatal(err)
	}
}

// deliver settles what is read until the source ends.
func deliver(t testing.TB, s *Source, credit connector.Credit) {
	for {
		records, err := s.Read(context.Background(), credit)
		if err == connector.ErrEndOfSource {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		settle(t, s, records...)
	}
}

func TestSendReturnsTheOutcomeOfItsOwnRecord(t *testing.T) {
	s := opened(t, Options{})
	var engine, senders sync.WaitGroup
	engine.Go(func() { deliver(t, s, connector.Credit{Records: 3, Bytes: 1 << 20}) })
	for i := range 20 {
		senders.Go(func() {
			for j := range 200 {
				data := fmt.Sprint(i, "/", j)
				if outcome, err := s.Send(t.Context(), record(data)); err != nil || outcome.Reason != data {
					t.Errorf("%s: %+v, %v", data, outcome, err)
				}
			}
		})
	}
	senders.Wait()
	s.End()
	engine.Wait()
}

func TestEverySendAsyncCallsBackOnce(t *testing.T) {
	s := opened(t, Options{Buffer: 10})
	var engine sync.WaitGroup
	engine.Go(func() { deliver(t, s, plenty) })
	const count = 5000
	var calls [count]atomic.Int32
	for i := range count {
		if err := s.SendAsync(t.Context(), record(""), func(*connector.Outcome) { calls[i].Add(1) }); err != nil {
			t.Fatal(err)
		}
	}
	s.End()
	engine.Wait()
	for i := range calls {
		if n := calls[i].Load(); n != 1 {
			t.Fatalf("record %d: %d calls", i, n)
		}
	}
}

func TestReadKeepsToItsCreditAndTheOrder(t *testing.T) {
	s := opened(t, Options{})
	var sent []string
	for i := range 7 {
		sent = append(sent, fmt.Sprint(i))
		if err := s.SendAsync(t.Context(), record(sent[i]), func(*connector.Outcome) {}); err != nil {
			t.Fatal(err)
		}
	}
	size := s.waiting.first.record.Size()
	var got []string
	for i, credit := range []connector.Credit{{Records: 2, Bytes: 1 << 20}, {Records: 10, Bytes: 3*size + 1}, {Records: 10, Bytes: 1}, plenty} {
		records := read(t, s, credit)
		if want := []int{2, 3, 1, 1}[i]; len(records) != want {
			t.Errorf("%+v: %d records, want %d", credit, len(records), want)
		}
		for _, r := range records {
			got = append(got, string(r.Data))
			if r.ID == "" {
				t.Error("no id")
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(sent) {
		t.Errorf("read %v, want %v", got, sent)
	}
}

func TestARecordWithdrawnInTimeIsNeverRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Send(ctx, record("withdrawn")); err != context.DeadlineExceeded {
			t.Errorf("%v, want the deadline alone", err)
		}
		s.End()
		if records, err := s.Read(t.Context(), plenty); err != connector.ErrEndOfSource {
			t.Errorf("%v, %v; want the end", records, err)
		}
	})
}

func TestARecordThatWasReadIsPendingWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		sent := make(chan error)
		go func() { _, err := s.Send(ctx, record("")); sent <- err }()
		records := read(t, s, plenty)
		cancel()
		if err := <-sent; !errors.Is(err, ErrPending) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want ErrPending and that it was canceled", err)
		}
		settle(t, s, records...)
		settle(t, s, records...)
	})
}

func TestEverySendIsWithdrawnOrHasAnOutcome(t *testing.T) {
	s := opened(t, Options{})
	var engine, senders sync.WaitGroup
	var handedOver, answered, pending, withdrawn atomic.Int64
	engine.Go(func() {
		for {
			records, err := s.Read(context.Background(), connector.Credit{Records: 4, Bytes: 1 << 20})
			if err != nil {
				return
			}
			handedOver.Add(int64(len(records)))
			settle(t, s, records...)
		}
	})
	for range 8 {
		senders.Go(func() {
			for range 1000 {
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				_, err := s.Send(ctx, record(""))
				switch {
				case err == nil:
					answered.Add(1)
				case errors.Is(err, ErrPending):
					pending.Add(1)
				default:
					withdrawn.Add(1)
				}
				cancel()
			}
		})
	}
	senders.Wait()
	s.End()
	engine.Wait()
	if handedOver.Load() != answered.Load()+pending.Load() || answered.Load()+pending.Load()+withdrawn.Load() != 8000 {
		t.Errorf("%d handed over, but %d answered and %d pending (%d withdrawn)", handedOver.Load(), answered.Load(), pending.Load(), withdrawn.Load())
	}
}

func TestSendAsyncWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, Options{Buffer: 2})
		called := 0
		count := func(*connector.Outcome) { called++ }
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := s.SendAsync(ctx, record(""), count)
			cancel()
			if full := i == 2; (err != nil) != full {
				t.Errorf("record %d: %v", i, err)
			}
		}
		settle(t, s, read(t, s, plenty)...)
		if called != 2 {
			t.Errorf("%d callbacks, want 2", called)
		}
	})
}

func TestWhatIsNotSettledIsHandedOverAgainFirst(t *testing.T) {
	s := opened(t, Options{})
	outcomes := map[string]int{}
	send := func(data string) {
		if err := s.SendAsync(t.Context(), record(data), func(*connector.Outcome) { outcomes[data]++ }); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	send("2")
	send("3")
	first := read(t, s, plenty)
	settle(t, s, first[1])
	send("4")
	if err := errors.Join(s.Close(t.Context()), s.Open(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	settle(t, s, first[2]) // an outcome that was under way
	again := read(t, s, plenty)
	if len(again) != 2 || again[0] != first[0] || string(again[1].Data) != "4" {
		t.Fatalf("%d records again", len(again))
	}
	settle(t, s, first[0])
	settle(t, s, again...)
	if fmt.Sprint(outcomes) != "map[1:1 2:1 3:1 4:1]" {
		t.Errorf("outcomes %v, want one each", outcomes)
	}
}

func TestEndOfAStoppedSourceAnswersEverySender(t *testing.T) {
	s := NewSource(Options{})
	var got *connector.Outcome
	if err := s.SendAsync(t.Context(), record(""), func(outcome *connector.Outcome) { got = outcome }); err != nil {
		t.Fatal(err)
	}
	s.End()
	if got == nil || got.Failure.Class != connector.Cancelled || got.Failure.Ambiguous {
		t.Errorf("outcome %+v, want cancelled", got)
	}
	if _, err := s.Send(t.Context(), record("")); err != ErrEnded {
		t.Errorf("%v, want %v", err, ErrEnded)
	}
}

func TestCallbacksMayPanicAndSend(t *testing.T) {
	s := opened(t, Options{})
	called := 0
	for range 3 {
		err := s.SendAsync(t.Context(), record(""), func(*connector.Outcome) {
			called++
			if err := s.SendAsync(t.Context(), record("from a callback"), func(*connector.Outcome) {}); err != nil {
				t.Error(err)
			}
			panic("in a callback")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	settle(t, s, read(t, s, plenty)...)
	if called != 3 || len(read(t, s, plenty)) != 3 {
		t.Errorf("%d callbacks, want 3", called)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Read(ctx, plenty); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
	})
}

func TestSinkReportsEachRecordAlsoThoseThatPanic(t *testing.T) {
	var collector Collector
	sink := NewSink(func(ctx context.Context, r *connector.Record) error {
		switch string(r.Data) {
		case "panic":
			panic("over this record")
		case "fail":
			return errors.New("no")
		}
		return collector.Collect(ctx, r)
	})
	results := sink.Write(t.Context(), []*connector.Record{record("a"), record("panic"), record("fail"), record("b")})
	if results[0].Err != nil || results[3].Err != nil || results[2].Err == nil || connector.Classify(results[1].Err).Class != connector.Panicked {
		t.Errorf("results %+v", results)
	}
	if got := collector.Records(); len(got) != 2 || string(got[1].Data) != "b" {
		t.Errorf("collected %d", len(got))
	}
}

// answer is the least that an engine does.
func answer(s *Source) {
	settled := make([]connector.Settled, 0, 256)
	for {
		records, err := s.Read(context.Background(), connector.Credit{Records: 256, Bytes: 1 << 20})
		if err != nil {
			return
		}
		settled = settled[:0]
		for _, record := range records {
			settled = append(settled, connector.Settled{Record: record, Outcome: delivered})
		}
		s.Settle(context.Background(), settled) //nolint:errcheck // returns none
	}
}

func BenchmarkSendAsync(b *testing.B) {
	s := opened(b, Options{Buffer: 1024})
	var engine sync.WaitGroup
	engine.Go(func() { answer(s) })
	b.ReportAllocs()
	for range b.N {
		s.SendAsync(context.Background(), &connector.Record{ID: "id"}, func(*connector.Outcome) {}) //nolint:errcheck // does not end
	}
	s.End()
	engine.Wait()
}

func BenchmarkSend(b *testing.B) {
	s := opened(b, Options{})
	var engine sync.WaitGroup
	engine.Go(func() { answer(s) })
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Send(context.Background(), &connector.Record{ID: "id"}) //nolint:errcheck // does not end
		}
	})
	s.End()
	engine.Wait()
}

// BenchmarkChannels is what Send is measured against: a request with a channel for its answer.
func BenchmarkChannels(b *testing.B) {
	type request struct {
		record *connector.Record
		answer chan *connector.Outcome
	}
	requests := make(chan request, 256)
	var engine sync.WaitGroup
	engine.Go(func() {
		for r := range requests {
			r.answer <- delivered
		}
	})
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		answer := make(chan *connector.Outcome, 1)
		for pb.Next() {
			requests <- request{&connector.Record{ID: "id"}, answer}
			<-answer
		}
	})
	close(requests)
	engine.Wait()
}
