package dispatch_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/actors/dispatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEverythingThatIsScheduledRunsOnceAlsoAroundClose(t *testing.T) {
	pool := dispatch.NewPool()
	var ran atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := range 2000 {
				all.Add(1)
				pool.Schedule(func() { ran.Add(1); all.Done() })
				if i == 0 && n == 1000 {
					pool.Close()
				}
			}
		})
	}
	all.Wait()
	pool.Close()
	if ran.Load() != 16*2000 {
		t.Errorf("%d ran, want %d", ran.Load(), 16*2000)
	}
}

func BenchmarkSchedule(b *testing.B) {
	pool := dispatch.NewPool()
	defer pool.Close()
	b.ReportAllocs()
	done := make(chan struct{})
	run := func() { done <- struct{}{} }
	for b.Loop() {
		pool.Schedule(run)
		<-done
	}
}
