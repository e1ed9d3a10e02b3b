package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const floodDocument = `
pipelines:
  flood:
    in_flight: {records: 2000, bytes: 8MiB}
    source:
      http:
        address: 127.0.0.1:0
        path: /in
        reply_timeout: 1s
        admission_wait: 5ms
        max_waiting: 1000
    sinks:
      hangs:
        http: {url: <peer>}
        timeout: 1h
        in_flight: 64
        queue: {records: 100000} # so that the window is what limits
`

// TestSinkThatHangsFillsTheWindowAndNothingElse offers many times the records that the engine has room for. What has room is
// pending, everything else is refused at once.
func TestSinkThatHangsFillsTheWindowAndNothingElse(t *testing.T) {
	r := start(t, floodDocument, "peer", "http://"+hangingPeer(t))
	c := newCaller(t)
	batch := eventBatch(100)
	var pending, refused, other atomic.Int64
	offer := func() {
		response, err := c.Post("http://"+r.address()+"/in", "application/cloudevents-batch+json", strings.NewReader(batch))
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		switch {
		case response.StatusCode == http.StatusAccepted:
			pending.Add(1)
		case response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
			refused.Add(1)
		default:
			other.Add(1)
		}
	}
	fromManyCallers(64, 64, offer) // fills the window
	before := heap()
	fromManyCallers(64, offeredBatches, offer)
	grown := int64(heap()) - int64(before)

	status := r.status()
	if status.InFlight != 2000 || status.Delivered+status.Failed != 0 {
		t.Errorf("the window holds %d records, %d are settled", status.InFlight, status.Delivered+status.Failed)
	}
	if all := pending.Load() + refused.Load() + other.Load(); all != offeredBatches+64 || other.Load() != 0 || refused.Load() < offeredBatches {
		t.Errorf("of %d batches %d are pending, %d refused, %d answered otherwise", offeredBatches+64, pending.Load(), refused.Load(), other.Load())
	}
	if grown > 16<<20 {
		t.Errorf("the heap has grown by %d KiB", grown>>10)
	}
	took, err := r.stopWithin(100 * time.Millisecond)
	if want := fmt.Sprintf("%d records were given up", status.InFlight); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Stop says %v, want %q", err, want)
	}
	if s := r.status(); s.InFlight != 0 || s.Failed != status.InFlight {
		t.Errorf("after Stop (%v) %d are in flight and %d failed", took, s.InFlight, s.Failed)
	}
}

// fromManyCallers runs do n times, from some goroutines at the same time.
func fromManyCallers(callers, n int, do func()) {
	var running sync.WaitGroup
	var begun atomic.Int64
	for range callers {
		running.Go(func() {
			for begun.Add(1) <= int64(n) {
				do()
			}
		})
	}
	running.Wait()
}

// eventBatch is a batch of CloudEvents.
func eventBatch(n int) string {
	var text strings.Builder
	for i := range n {
		separator := ","
		if i == 0 {
			separator = "["
		}
		fmt.Fprintf(&text, `%s{"specversion":"1.0","id":"%d","source":"/flood","type":"drop","data":{"text":%q}}`,
			separator, i, strings.Repeat("x", 100))
	}
	return text.String() + "]"
}

// heap is what is reachable.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
