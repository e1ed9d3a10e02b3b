package acceptance

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor"
)

const retryAfterDocument = `
pipelines:
  asked:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      peer:
        http: {url: '{{ record.headers["x-url"] }}', egress: {allow: [{cidr: 127.0.0.0/8}]}}
        retry: {initial: 1ms, max: 10ms}
`

// TestDestinationThatAsksForRestIsLeftAloneForSoLong measures at the peer, from before its answer on: so no delay on
// the way can make a request that comes too early look late enough.
func TestDestinationThatAsksForRestIsLeftAloneForSoLong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		ask  func(now time.Time) (value string, until time.Time)
	}{
		"in seconds": {429, func(now time.Time) (string, time.Time) { return "2", now.Add(2 * time.Second) }},
		"by date": {503, func(now time.Time) (string, time.Time) {
			until := now.Add(3 * time.Second).Truncate(time.Second)
			return until.UTC().Format(http.TimeFormat), until
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var until time.Time
			asks := newPeer(t, func(w http.ResponseWriter, s seen, before int) {
				if s.id == "first" && before == 0 {
					value, end := c.ask(time.Now())
					until = end
					w.Header().Set("Retry-After", value)
					w.WriteHeader(c.code)
				}
			})
			other := newPeer(t, nil)
			r := start(t, retryAfterDocument)
			w := r.watch(t, true, 10_000)
			restThenGoOn(t, r, w, asks, other)
			for i, s := range asks.requests() {
				if i > 0 && s.at.Before(until) {
					t.Errorf("request %d came %v too early", i, until.Sub(s.at))
				}
			}
			if asks.total() != 22 {
				t.Errorf("the peer saw %d requests, want 22", asks.total())
			}
		})
	}
}

// restThenGoOn sends a record that is answered with Retry-After, then others to the same destination, and while these
// wait some to another one.
func restThenGoOn(t *testing.T, r *running, w *acktor.Watch, asks, other *peer) {
	address, c := r.address(), newCaller(t)
	var waiting sync.WaitGroup
	send := func(id string, attempts int) {
		waiting.Go(func() {
			a, err := c.send(address, letter{id: id, data: "{}", headers: []string{"X-Url", asks.URL}})
			if err != nil || a.code != 200 || a.Attempts != attempts {
				t.Errorf("%s: %v, %v", id, a, err)
			}
		})
	}
	send("first", 2)
	next[*acktor.AttemptFailed](t, w, nil)
	for i := range 20 {
		send(strconv.Itoa(i), 1)
	}
	for i := range 20 {
		a := c.mustSend(t, address, letter{id: id("other", i), data: "{}", headers: []string{"X-Url", other.URL}})
		if a.code != 200 || a.Attempts != 1 {
			t.Errorf("%s: %v", a.ID, a)
		}
	}
	if asks.total() != 1 {
		t.Errorf("the other destination was slowed: %d requests came to the first meanwhile", asks.total())
	}
	waiting.Wait()
}
