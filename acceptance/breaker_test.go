package acceptance

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor"
)

const breakerDocument = `
pipelines:
  guarded:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      peer:
        http: {url: <peer>}
        in_flight: 8
        queue: {records: 1000}
        timeout: 1m
        retry: {max_attempts: 0, initial: 1ms, max: 10ms}
        breaker: {min_requests: 1, open_for: 500ms, probes: 2}
`

// TestBreakerLetsNothingThroughThenProbesThenTheRest: eight requests are at the peer when the first of them fails. From then
// on the peer must see nothing until the breaker's time is over, then two requests alone, then everything.
func TestBreakerLetsNothingThroughThenProbesThenTheRest(t *testing.T) {
	t.Parallel()
	const callers, atOnce, probes = 500, 8, 2
	var arrived atomic.Int64
	full, probing, healed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p := newPeer(t, func(w http.ResponseWriter, _ seen, _ int) {
		switch n := arrived.Add(1); {
		case n <= atOnce:
			if n == atOnce {
				close(full)
			}
			within(t, "all requests that may go at once", full)
			w.WriteHeader(500)
		case n <= atOnce+probes:
			if n == atOnce+probes {
				close(probing)
			}
			within(t, "the peer to be well again", healed)
		}
	})
	r := start(t, breakerDocument, "peer", p.URL)
	w := r.watch(t, false, 1024)
	address, c := r.address(), newCaller(t)
	var waiting sync.WaitGroup
	for i := range callers {
		waiting.Go(func() {
			a, err := c.send(address, letter{id: id(i), data: "{}"})
			if err != nil || a.code != 200 || a.Outcome != "delivered" || a.Attempts > 2 {
				t.Errorf("%d: %v, %v", i, a, err)
			}
		})
	}
	opened := next[*acktor.BreakerOpened](t, w, nil)
	within(t, "the probes", probing)
	until(t, "the other records to wait", func() bool { return r.status().InFlight == callers })
	time.Sleep(200 * time.Millisecond) // for a third request to come, if one does
	if n := arrived.Load(); n != atOnce+probes {
		t.Errorf("%d requests came while the probes were under way", n-atOnce)
	}
	close(healed)
	next[*acktor.Resumed](t, w, nil)
	waiting.Wait()
	for i, s := range p.requests() {
		if i >= atOnce && s.at.Before(opened.Until) {
			t.Errorf("request %d came %v before the breaker's time was over", i, opened.Until.Sub(s.at))
		}
	}
	if got, want := p.total(), callers+atOnce; got != want {
		t.Errorf("the peer saw %d requests, want %d", got, want)
	}
}
