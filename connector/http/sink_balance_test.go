package http

import (
	nethttp "net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

func over(mode string, urls ...string) func(*SinkConfig) {
	return func(c *SinkConfig) {
		c.Balance = mode
		for _, url := range urls {
			c.URLs = append(c.URLs, template(url))
		}
	}
}

// switchable answers with the status that it is set to.
func switchable(t *testing.T) (*peer, *atomic.Int32) {
	status := new(atomic.Int32)
	status.Store(200)
	return newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(int(status.Load())) }), status
}

func counts(peers ...*peer) []int {
	list := make([]int, len(peers))
	for i, p := range peers {
		list[i] = len(p.requests())
	}
	return list
}

func wantCounts(t *testing.T, peers []*peer, want ...int) {
	t.Helper()
	for i, got := range counts(peers...) {
		if got != want[i] {
			t.Errorf("the peers saw %v requests, want %v", counts(peers...), want)
			return
		}
	}
}

func TestRoundRobinTakesTurnsAndLeavesOutWhatFails(t *testing.T) {
	a, statusA := switchable(t)
	b, _ := switchable(t)
	s := openSink(t, "", over("round_robin", a.URL+"/a", b.URL+"/b/{{ record.id }}"))
	for range 6 {
		wantDelivered(t, write(t, s, record("1", "")))
	}
	wantCounts(t, []*peer{a, b}, 3, 3)
	statusA.Store(503)
	wantFailure(t, write(t, s, record("1", "")), connector.Unavailable, false)
	for range 4 {
		wantDelivered(t, write(t, s, record("1", "")))
	}
	wantCounts(t, []*peer{a, b}, 4, 7)
	if name := s.destination; name != originsOf(s.targets) || strings.Count(name, ",") != 1 {
		t.Errorf("destination is %q", name)
	}
}

func TestFailoverGoesToTheNext(t *testing.T) {
	a, statusA := switchable(t)
	b, statusB := switchable(t)
	s := openSink(t, "", over("failover", a.URL, b.URL))
	wantDelivered(t, write(t, s, record("1", "")))
	statusA.Store(422) // says nothing about the peer's health
	wantFailure(t, write(t, s, record("1", "")), connector.Rejected, false)
	statusA.Store(500)
	wantFailure(t, write(t, s, record("1", "")), connector.Unavailable, true)
	wantDelivered(t, write(t, s, record("1", "")))
	wantDelivered(t, write(t, s, record("1", "")))
	wantCounts(t, []*peer{a, b}, 3, 2)
	statusB.Store(500)
	for range 4 { // both rest: they take turns
		wantFailure(t, write(t, s, record("1", "")), connector.Unavailable, true)
	}
	wantCounts(t, []*peer{a, b}, 5, 4)
}

func TestFailoverComesBackAfterTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBalancer(&SinkConfig{Balance: balanceFailover, RestFor: 10 * time.Second}, 3)
		refused := &connector.AttemptError{Class: connector.Refused}
		time.Sleep(time.Second)
		want := func(i int) {
			t.Helper()
			if got := b.pick(); got != i {
				t.Errorf("picked %d, want %d", got, i)
			}
		}
		want(0)
		b.report(0, refused)
		want(1)
		time.Sleep(time.Second)
		b.report(1, refused)
		want(2)
		b.report(2, &connector.AttemptError{Class: connector.Business})
		want(2)
		time.Sleep(9 * time.Second)
		want(0)
		b.report(0, nil)
		want(0)
	})
}

func TestBroadcastIsDeliveredWhenAllHaveTakenIt(t *testing.T) {
	a, statusA := switchable(t)
	b, statusB := switchable(t)
	c, _ := switchable(t)
	s := openSink(t, "", over("broadcast", a.URL, b.URL, c.URL))
	wantDelivered(t, write(t, s, record("1", "x")))
	wantCounts(t, []*peer{a, b, c}, 1, 1, 1)

	statusA.Store(422)
	statusB.Store(503)
	failure := wantFailure(t, write(t, s, record("2", "x")), connector.Unavailable, true)
	if !strings.Contains(failure.Detail, originsOf(s.targets[1:2])) || !strings.Contains(failure.Detail, "1 of 3") {
		t.Errorf("detail is %q", failure.Detail)
	}
	statusB.Store(200)
	wantFailure(t, write(t, s, record("2", "x")), connector.Rejected, true)
	statusA.Store(200)
	wantDelivered(t, write(t, s, record("2", "x")))
	wantCounts(t, []*peer{a, b, c}, 4, 3, 2)
}

func TestBroadcastOfABatchGoesOnlyWhereRecordsAreMissing(t *testing.T) {
	a, b := newPicky(t, 422), newPicky(t, 422)
	s := openSink(t, "", over("broadcast", a.URL, b.URL), batched("json_array"))
	wantClasses(t, s.Write(t.Context(), numbered(4)), 0, 0, 0, 0)
	wantClasses(t, s.Write(t.Context(), numbered(5)), 0, 0, 0, 0, 0)
	if len(a.taken) != 5 || len(b.taken) != 5 {
		t.Errorf("taken %v and %v", a.taken, b.taken)
	}
}

func TestPanicWhileBroadcastingIsTheResult(t *testing.T) {
	s := openSink(t, "", over("broadcast", "http://127.0.0.1:1", "http://127.0.0.1:2"), func(c *SinkConfig) {
		c.SuccessWhen = expression.Must[expression.ResponseCondition]("true")
	})
	s.plan.headers = nil // breaks every request
	result := write(t, s, record("1", ""))
	if got := connector.Classify(result.Err).Class; got != connector.Panicked {
		t.Errorf("class is %s", got)
	}
}

func TestDefaultsOfTheSinkAreUsable(t *testing.T) {
	config := field.Defaults[SinkConfig]()
	if config.Balance != balanceRoundRobin || config.HTTP2 != http2Auto || config.Format != formatRaw || config.IdempotencyHeader == "" {
		t.Errorf("defaults are %+v", config)
	}
	peer := newPeer(t, nil) // and so is the zero value with a URL
	wantDelivered(t, write(t, openAt(t, outletOf(t, SinkConfig{URL: template(peer.URL)}), "x"), record("1", "")))
}
