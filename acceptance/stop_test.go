package acceptance

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/acktor/acktor"
)

const stopDocument = `
pipelines:
  orders:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      peer:
        http: {url: <peer>}
        retry: {initial: 5ms, max: 20ms}
        breaker: {enabled: false}
`

// TestStopSettlesWhatIsInFlight stops engines while many callers wait for answers, some of which need another attempt.
func TestStopSettlesWhatIsInFlight(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, _ seen, before int) {
		if before == 0 {
			w.WriteHeader(503)
		}
	})
	for cycle := range 3 {
		leaks := goleak.IgnoreCurrent()
		r := start(t, stopDocument, "peer", p.URL)
		address, c := r.address(), newCaller(t)
		var delivered atomic.Int64
		var callers sync.WaitGroup
		reached := p.total()
		for i := range 32 {
			callers.Go(func() {
				for j := 0; ; j++ {
					a, err := c.send(address, letter{id: id(cycle, i, j), data: "{}"})
					if err != nil || a.code == 503 && a.Outcome == "" {
						return // nothing is taken any more
					}
					if a.code != 200 || a.Outcome != "delivered" || a.Attempts != 2 {
						t.Errorf("%s: %v", a.ID, a)
					}
					delivered.Add(1)
				}
			})
		}
		until(t, "records to be under way", func() bool { return p.total() > reached+100 })
		took, err := r.stopWithin(30 * time.Second)
		callers.Wait()
		status := r.status()
		if err != nil || took > 30*time.Second || status.Failed != 0 || status.InFlight != 0 || status.Delivered != status.Read || status.Delivered != delivered.Load() {
			t.Errorf("Stop took %v and said %v; of %d records %d are delivered and %d failed; callers know of %d",
				took, err, status.Read, status.Delivered, status.Failed, delivered.Load())
		}
		if got, want := p.total()-reached, 2*int(delivered.Load()); got != want {
			t.Errorf("the peer saw %d requests for %d records", got, want/2)
		}
		c.CloseIdleConnections()
		goleak.VerifyNone(t, leaks, ofPeers)
	}
}

// ofPeers leaves out the goroutines of a test server that serve connections which were just closed.
var ofPeers = goleak.IgnoreAnyFunction("net/http.(*conn).serve")

func TestStopGivesUpAtItsDeadlineWhatDoesNotSettle(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	hanging := make(chan struct{})
	p := newPeer(t, func(http.ResponseWriter, seen, int) { <-hanging })
	defer close(hanging)
	r := start(t, stopDocument, "peer", p.URL)
	address, c := r.address(), newCaller(t)
	answers := make(chan answer, 10)
	for i := range 10 {
		go func() {
			a, err := c.send(address, letter{id: id(i), data: "{}"})
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	until(t, "the requests to hang", func() bool { return p.total() == 10 })
	took, err := r.stopWithin(200 * time.Millisecond)
	if err == nil || took > 10*time.Second {
		t.Errorf("Stop took %v and said %v", took, err)
	}
	for range 10 {
		if a := <-answers; a.code != 502 || a.Class != "cancelled" || !a.Ambiguous {
			t.Errorf("%s: %v", a.ID, a)
		}
	}
	if s := r.status(); s.Failed != 10 || s.InFlight != 0 {
		t.Errorf("%d failed, %d are in flight", s.Failed, s.InFlight)
	}
	c.CloseIdleConnections()
	goleak.VerifyNone(t, leaks, ofPeers, goleak.IgnoreAnyFunction("net/http/httptest.(*Server).goServe.func1"))
}

func TestTwoEnginesInOneProcessShareNothing(t *testing.T) {
	t.Parallel()
	metrics := [2]*prometheus.Registry{prometheus.NewRegistry(), prometheus.NewRegistry()}
	var engines [2]*running
	var watches [2]*acktor.Watch
	var peers [2]*peer
	for i := range engines {
		peers[i] = newPeer(t, nil)
		engines[i] = startWith(t, acktor.Options{Registerer: metrics[i]}, stopDocument, "peer", peers[i].URL)
		watches[i] = engines[i].watch(t, true, 10_000)
	}
	c, counts := newCaller(t), [2]int{30, 50}
	if engines[0].address() == engines[1].address() {
		t.Fatal("both listen on the same port")
	}
	for i, r := range engines {
		for n := range counts[i] {
			if a := c.mustSend(t, r.address(), letter{id: id(i, n), data: "{}"}); a.code != 200 {
				t.Errorf("%s: %v", a.ID, a)
			}
		}
	}
	if _, err := engines[0].stopWithin(patience); err != nil {
		t.Error(err)
	}
	counts[1]++
	if a := c.mustSend(t, engines[1].address(), letter{id: "afterwards", data: "{}"}); a.code != 200 {
		t.Errorf("with one engine stopped the other answers %v", a)
	}
	for i, r := range engines {
		settledOnce(t, watches[i], counts[i])
		if got := counter(t, metrics[i], "acktor_records_read_total"); got != counts[i] || int(r.status().Read) != counts[i] || peers[i].total() != counts[i] {
			t.Errorf("engine %d was sent %d records; it counts %d and %d, its peer %d", i, counts[i], got, r.status().Read, peers[i].total())
		}
		if _, err := r.stopWithin(patience); err != nil {
			t.Error(err)
		}
		for len(watches[i].C) > 0 {
			if e, ok := (<-watches[i].C).(*acktor.Settled); ok {
				t.Errorf("engine %d told of a record too many: %s", i, e.Record.ID)
			}
		}
	}
}

// counter is the sum of a metric's values.
func counter(t *testing.T, metrics prometheus.Gatherer, name string) int {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() == name {
			for _, metric := range family.GetMetric() {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return int(sum)
}
