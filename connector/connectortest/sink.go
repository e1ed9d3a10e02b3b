package connectortest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
)

// SinkHarness makes sinks to be tested.
type SinkHarness struct {
	// New returns an outlet with a peer of its own. What must be cleaned up is left to t.Cleanup.
	New func(t *testing.T) *SinkFixture
}

// SinkFixture is an outlet with its peer.
type SinkFixture struct {
	Outlet *connector.Outlet
	// Received returns the data of what has arrived, in that order; nil where nobody can know.
	Received func() []string
	// Break makes Open fail until mend is called; nil where nothing can.
	Break func() (mend func())
	// Hang makes the peer take no records until release is called; nil where nothing can. It is released
	// before the sink is closed.
	Hang func() (release func())
}

// Sink runs the suite over the sinks of a harness. The records have JSON data on one line.
func Sink(t *testing.T, harness SinkHarness) {
	for name, test := range map[string]func(*sinkBench){
		"delivers one record":                            testSinkDelivers,
		"answers for each record of a batch":             testSinkBatch,
		"is called by as many as it says":                testSinkConcurrency,
		"changes no record and keeps nothing of it":      testSinkMemory,
		"returns from Write when the context ends":       testSinkWriteEnds,
		"delivers after it is opened again":              testSinkReopens,
		"closes when the context has ended":              testSinkCloseEnds,
		"opens once what kept it from opening is gone":   testSinkMends,
		"names the same destination for the same record": testSinkDestination,
		"closes twice, and without having been opened":   testSinkCloses,
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			b := &sinkBench{T: t, SinkFixture: harness.New(t)}
			b.make()
			test(b)
		})
	}
}

// sinkBench is one test's sink.
type sinkBench struct {
	*testing.T
	*SinkFixture
	sink   connector.Sink
	opened bool
}

func (b *sinkBench) make() {
	b.Helper()
	destination := b.Outlet.Name
	if b.Outlet.Destination != nil {
		var err error
		if destination, err = b.Outlet.Destination(record(0)); err != nil {
			b.Fatalf("destination: %v", err)
		}
	}
	sink, err := b.Outlet.New(destination)
	if err != nil {
		b.Fatalf("new: %v", err)
	}
	b.sink = sink
	b.Cleanup(func() {
		if b.opened {
			b.close()
		}
		if b.Outlet.Close == nil {
			return
		}
		if err := b.Outlet.Close(); err != nil {
			b.Errorf("close the outlet: %v", err)
		}
	})
}

func (b *sinkBench) open() {
	b.Helper()
	if err := b.sink.Open(atOnce(b.T)); err != nil {
		b.Fatalf("open: %v", err)
	}
	b.opened = true
}

func (b *sinkBench) close() {
	b.Helper()
	b.opened = false
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.sink.Close(ctx); err != nil {
		b.Errorf("close: %v", err)
	}
}

// write writes batch, all of which must be delivered.
func (b *sinkBench) write(batch ...*connector.Record) {
	b.Helper()
	results := b.sink.Write(atOnce(b.T), batch)
	if results != nil && len(results) != len(batch) {
		b.Errorf("%d results for %d records", len(results), len(batch))
	}
	for i := range results {
		if results[i].Err != nil {
			b.Errorf("record %s: %v", batch[i].ID, results[i].Err)
		}
	}
}

// want compares what arrived, in any order, with what the records hold.
func (b *sinkBench) want(records ...*connector.Record) {
	b.Helper()
	if b.Received == nil {
		return
	}
	var want []string
	for _, record := range records {
		want = append(want, string(record.Data))
	}
	got := b.Received()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Errorf("received %q, want %q", got, want)
	}
}

func record(n int) *connector.Record {
	return &connector.Record{
		ID:      connector.RecordID(fmt.Sprintf("id-%d", n)),
		Key:     fmt.Sprintf("key-%d", n%3),
		Headers: connector.Headers{{Name: "content-type", Value: "application/json"}, {Name: "tenant", Value: "a"}},
		Data:    fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

func someRecords(count int) []*connector.Record {
	all := make([]*connector.Record, count)
	for i := range all {
		all[i] = record(i)
	}
	return all
}

func testSinkDelivers(b *sinkBench) {
	b.open()
	b.write(record(1))
	b.want(record(1))
}

func testSinkBatch(b *sinkBench) {
	b.open()
	batch := someRecords(max(1, b.Outlet.Batch))
	b.write(batch...)
	b.want(batch...)
	if b.Received == nil {
		return
	}
	got := b.Received()
	for i := range got {
		if got[i] != string(batch[i].Data) {
			b.Fatalf("number %d is %q, want %q: the order within a batch is lost", i, got[i], batch[i].Data)
		}
	}
}

func testSinkConcurrency(b *sinkBench) {
	b.open()
	writers := b.Outlet.InFlight
	if writers == 0 || writers > 16 {
		writers = 16
	}
	const each = 20
	all := someRecords(writers * each)
	var running sync.WaitGroup
	for batch := range slices.Chunk(all, each) {
		running.Go(func() {
			for _, record := range batch {
				b.write(record)
			}
		})
	}
	running.Wait()
	b.want(all...)
}

func testSinkMemory(b *sinkBench) {
	b.open()
	batch := someRecords(max(1, min(10, b.Outlet.Batch)))
	kept, before := slices.Clone(batch), someRecords(len(batch))
	b.write(batch...)
	for i := range kept {
		wantUnchanged(b.T, before[i], kept[i])
		clear(kept[i].Data)
	}
	clear(batch)
	b.write(record(1000))
	b.want(append(before, record(1000))...)
}

func testSinkWriteEnds(b *sinkBench) {
	b.open()
	ended, cancel := context.WithCancel(b.Context())
	cancel()
	b.wantEachFailed(ended)
	if b.Hang == nil {
		return
	}
	release := b.Hang()
	defer release()
	waiting, cancel := context.WithCancel(b.Context())
	done := make(chan []connector.Result, 1)
	go func() { done <- b.sink.Write(waiting, []*connector.Record{record(1)}) }()
	cancel()
	ctx := atOnce(b.T)
	select {
	case results := <-done:
		if len(results) != 1 || results[0].Err == nil {
			b.Errorf("%+v, want one failed record", results)
		}
	case <-ctx.Done():
		b.Error("Write did not return when its context ended")
	}
}

func (b *sinkBench) wantEachFailed(ctx context.Context) {
	b.Helper()
	batch := someRecords(max(1, min(3, b.Outlet.Batch)))
	results := b.sink.Write(ctx, batch)
	if len(results) != len(batch) {
		b.Fatalf("%d results for %d records", len(results), len(batch))
	}
	for i := range results {
		if results[i].Err == nil {
			b.Errorf("record %d counts as delivered, with a context that had ended", i)
		}
	}
}

func testSinkReopens(b *sinkBench) {
	var all []*connector.Record
	for i := range 3 {
		b.open()
		b.write(record(i))
		all = append(all, record(i))
		b.close()
	}
	b.want(all...)
}

func testSinkCloseEnds(b *sinkBench) {
	b.open()
	b.write(record(1))
	ended, cancel := context.WithCancel(b.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- b.sink.Close(ended) }()
	_ = within(b.T, "Close whose context had ended", done) // it may say that it could not finish
}

func testSinkCloses(b *sinkBench) {
	b.close()
	b.open()
	b.close()
	b.close()
}

func testSinkMends(b *sinkBench) {
	if b.Break == nil {
		b.Log("does not apply: nothing keeps the sink from opening")
		return
	}
	mend := b.Break()
	for range 2 {
		if err := b.sink.Open(atOnce(b.T)); err == nil {
			b.Error("it opens although it cannot")
		}
	}
	mend()
	b.open()
	b.write(record(1))
	b.want(record(1))
}

func testSinkDestination(b *sinkBench) {
	if b.Outlet.Destination == nil {
		if b.Outlet.Name == "" {
			b.Error("the outlet has one destination, and no name for it")
		}
		return
	}
	first, err := b.Outlet.Destination(record(0))
	again, err2 := b.Outlet.Destination(record(0))
	if err != nil || err2 != nil || first != again || first == "" {
		b.Errorf("destinations %q, %v and %q, %v", first, err, again, err2)
	}
}
