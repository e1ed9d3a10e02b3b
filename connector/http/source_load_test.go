package http

import (
	nethttp "net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

func TestBurstIsAnsweredWithoutLoss(t *testing.T) {
	const clients = 2000
	r := newRig(t, func(c *SourceConfig) { c.MaxWaiting = clients })
	r.engine(connector.Credit{Records: 64, Bytes: 64 << 20}, delivered)
	var wrong atomic.Int32
	var burst sync.WaitGroup
	for i := range clients {
		burst.Go(func() {
			id := strconv.Itoa(i)
			if got := r.post("{}", "Webhook-Id", id); got.status != 200 || !strings.Contains(got.body, `"id":"`+id+`"`) {
				wrong.Add(1)
			}
		})
	}
	burst.Wait()
	seen := make(map[connector.RecordID]bool)
	for _, record := range r.taken() {
		seen[record.ID] = true
	}
	if wrong.Load() != 0 || len(seen) != clients || len(r.taken()) != clients {
		t.Errorf("%d wrong answers, %d records, %d of them different", wrong.Load(), len(r.taken()), len(seen))
	}
}

func TestEngineThatHangsCostsNoMemory(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) {
		c.AdmissionWait, c.MaxWaiting, c.MaxBatch, c.MaxWaitingBytes, c.MaxBody = time.Millisecond, 100, 100, 4<<20, 1<<20
	})
	body := strings.Repeat("x", 256<<10)
	var others, most atomic.Int64
	var burst sync.WaitGroup
	for range 8 {
		burst.Go(func() {
			for range 50 {
				most.Store(max(most.Load(), r.source.waiting.bytes.Load()))
				if r.post(body).status != 503 {
					others.Add(1)
				}
			}
		})
	}
	burst.Wait()
	if others.Load() != 0 || most.Load() > 4<<20 || waitingLen(r.source) != 0 {
		t.Errorf("%d answers other than 503, up to %d bytes held, %d records left", others.Load(), most.Load(), waitingLen(r.source))
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 64<<20 {
		t.Errorf("%d bytes of heap are left", memory.HeapAlloc)
	}
}

func TestCloseInTheMiddleOfABurstAnswersEachRecordOnce(t *testing.T) {
	r := newRig(t, nil)
	var answered [600]atomic.Int32
	var burst sync.WaitGroup
	for range 20 {
		burst.Go(func() {
			for {
				request, _ := nethttp.NewRequestWithContext(t.Context(), "POST", r.url, strings.NewReader("{}"))
				response, err := r.client.Do(request)
				if err != nil {
					return // the source is closed
				}
				answered[response.StatusCode].Add(1)
				_ = response.Body.Close()
			}
		})
	}
	stop := r.engine(ample, delivered)
	waitFor(t, func() bool { return len(r.taken()) > 500 })
	stop()
	if err := r.source.Close(t.Context()); err != nil {
		t.Error(err)
	}
	burst.Wait()
	if n := int(answered[200].Load()); n != len(r.taken()) {
		t.Errorf("%d records, %d answers 200, %d answers 503", len(r.taken()), n, answered[503].Load())
	}
}

// discarded is a ResponseWriter that costs nothing.
type discarded struct{ header nethttp.Header }

func (d *discarded) Header() nethttp.Header           { return d.header }
func (d *discarded) Write(p []byte) (int, error)      { return len(p), nil }
func (d *discarded) WriteHeader(int)                  {}
func (d *discarded) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkHandler is the way of a record through the source alone: no network, an engine that settles at once.
func BenchmarkHandler(b *testing.B) {
	r := newRig(b, nil)
	r.engine(ample, func(*connector.Record) *connector.Outcome { return benchmarkOutcome })
	h := &handler{source: r.source, session: r.source.current()}
	body := strings.Repeat("x", 200)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		w := &discarded{header: nethttp.Header{}}
		request := httptest.NewRequest("POST", "/", nil)
		request.Header = nethttp.Header{"Content-Type": {"application/json"}, "User-Agent": {"b"}, "Accept-Encoding": {"gzip"}, "Content-Length": {"200"}}
		request.ContentLength = int64(len(body))
		for pb.Next() {
			request.Body = readCloser{strings.NewReader(body)}
			h.ServeHTTP(w, request)
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

var benchmarkOutcome = &connector.Outcome{State: connector.Delivered, Sink: "crm", Attempts: 1, Response: &connector.Response{Status: 200}}

// BenchmarkRequest is the same over a socket, client included.
func BenchmarkRequest(b *testing.B) {
	r := newRig(b, nil)
	r.engine(ample, func(*connector.Record) *connector.Outcome { return benchmarkOutcome })
	body := strings.Repeat("x", 200)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got := r.post(body); got.status != 200 {
				b.Fatal(got)
			}
		}
	})
}
