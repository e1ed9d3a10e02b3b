package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// BenchmarkKeep measures entries of 1 KiB that are added and removed again, each by a change of its own, as a source does that
// answers once a record is durable. It does so alone and with many callers at once, and with and without a story when the
// entry is removed. One iteration is one entry.
func BenchmarkKeep(b *testing.B, open func(b *testing.B) store.Store) {
	for _, callers := range []int{1, 64, 512} {
		for _, stories := range []bool{false, true} {
			b.Run(fmt.Sprintf("callers=%d/stories=%t", callers, stories), func(b *testing.B) {
				s := open(b)
				benchmarkKeep(b, s, callers, stories)
				if err := s.Close(); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

func benchmarkKeep(b *testing.B, s store.Store, callers int, stories bool) {
	b.ReportAllocs()
	b.ResetTimer()
	var done atomic.Int64
	var workers sync.WaitGroup
	for range callers {
		workers.Go(func() {
			for n := done.Add(1); n <= int64(b.N); n = done.Add(1) {
				if err := addAndRemove(b, s, n, stories); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func addAndRemove(b *testing.B, s store.Store, n int64, stories bool) error {
	record := &connector.Record{ID: connector.RecordID(fmt.Sprintf("%016x", uint64(n)*0x9e3779b97f4a7c15)), Data: make([]byte, 1024),
		Headers: connector.Headers{{Name: "content-type", Value: "application/json"}}}
	now := time.Now()
	e := &store.Entry{Pipeline: "orders", Record: record, Origin: store.Accepted, Since: now}
	if err := s.Keep(b.Context(), &store.Change{Add: []*store.Entry{e}}); err != nil {
		return err
	}
	change := &store.Change{Remove: []int64{e.Seq}}
	if stories {
		change.Stories = []*store.Story{{Pipeline: "orders", ID: record.ID, At: now, Accepted: true,
			Outcome: &connector.Outcome{State: connector.Delivered, Sink: "crm", Destination: "crm.example:443", Attempts: 1, First: now, Last: now}}}
	}
	return s.Keep(b.Context(), change)
}
