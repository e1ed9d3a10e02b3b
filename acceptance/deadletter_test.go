package acceptance

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/acktor/acktor/connector"
)

const deadLetterDocument = `
pipelines:
  orders:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      crm:
        http: {url: <crm>}
    dead_letter:
      http: {url: <letters>}
      retry: {initial: 1ms, max: 5ms}
      breaker: {enabled: false}
`

// TestFailedRecordIsSettledOnceItStandsInTheDeadLetter: while the dead letter is down, the record is neither answered nor
// out of the window.
func TestFailedRecordIsSettledOnceItStandsInTheDeadLetter(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	crm := newPeer(t, func(w http.ResponseWriter, s seen, _ int) {
		if s.body == "bad" {
			w.WriteHeader(http.StatusConflict)
		}
	})
	letters := newPeer(t, func(w http.ResponseWriter, _ seen, _ int) {
		if !up.Load() {
			w.WriteHeader(503)
		}
	})
	r := start(t, deadLetterDocument, "crm", crm.URL, "letters", letters.URL)
	address, c := r.address(), newCaller(t)
	answered := make(chan answer, 1)
	go func() {
		a, err := c.send(address, letter{id: "7", data: "bad", headers: []string{"X-Tenant", "acme"}})
		if err != nil {
			t.Error(err)
		}
		answered <- a
	}()
	until(t, "the dead letter to be refused often", func() bool { return letters.total() >= 20 })
	if a := c.mustSend(t, address, letter{id: "8", data: "good"}); a.code != 200 || a.DeadLettered {
		t.Errorf("the good one: %v", a)
	}
	if s := r.status(); len(answered) != 0 || s.Failed != 0 || s.InFlight != 1 {
		t.Errorf("%d answers, %d failed and %d in flight while the dead letter is down", len(answered), s.Failed, s.InFlight)
	}
	up.Store(true)
	a := <-answered
	if a.code != 422 || a.Class != "rejected" || a.Attempts != 1 || !a.DeadLettered || a.SinkStatus != 409 {
		t.Errorf("the bad one: %+v", a)
	}
	until(t, "the window to be empty", func() bool { return r.status().InFlight == 0 })
	if s := r.status(); s.Failed != 1 || s.Delivered != 1 {
		t.Errorf("afterwards %d failed, %d delivered", s.Failed, s.Delivered)
	}
	wantLetter(t, letters.requests())
}

// wantLetter wants the last request to hold the report and the record; the ones before were refused and must be the same.
func wantLetter(t *testing.T, requests []seen) {
	t.Helper()
	for _, s := range requests {
		if s.id != "7" || s.body != requests[0].body {
			t.Errorf("letter %s: %s, first %s", s.id, s.body, requests[0].body)
		}
	}
	var got struct {
		Pipeline string
		ID       string
		Data     string
		Headers  connector.Headers
		Report   struct {
			ID, Outcome, Class, Sink string
			Status, Attempts         int
		}
	}
	if err := json.Unmarshal([]byte(requests[len(requests)-1].body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Pipeline != "orders" || got.ID != "7" || got.Data != "bad" || got.Headers.Get("x-tenant") != "acme" ||
		got.Report.ID != "7" || got.Report.Outcome != "failed" || got.Report.Class != "rejected" || got.Report.Sink != "crm" ||
		got.Report.Status != 409 || got.Report.Attempts != 1 {
		t.Errorf("the letter is %+v", got)
	}
}
