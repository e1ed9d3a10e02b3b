package acceptance

import (
	"net/http"
	"testing"
)

const fanOutDocument = `
pipelines:
  several:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      bad:
        http: {url: <bad>}
        retry: {max_attempts: 2, initial: <wait>, max: <wait>}
        breaker: {enabled: false}
      good:
        http: {url: <good>}
    fan_out: <mode>
`

// branches are the sinks and states of an answer's branches.
func branches(a answer) string {
	text := ""
	for _, b := range a.Branches {
		text += id(b.Sink, b.Outcome, b.Class, b.Attempts) + ";"
	}
	return text
}

func TestFanOutMakesOneOutcomeOfSeveral(t *testing.T) {
	t.Parallel()
	const both = "bad failed unavailable 2;good delivered  1;"
	for mode, want := range map[string]struct {
		code        int
		sink        string
		branches    string
		attempts    int
		atBad       int
		atGood      int
		first, next string // outcomes of two records
	}{
		"all":   {code: 502, sink: "bad", branches: both, attempts: 3, atBad: 4, atGood: 2, first: "failed", next: "failed"},
		"first": {code: 200, sink: "good", branches: both, attempts: 3, atBad: 4, atGood: 2, first: "delivered", next: "delivered"},
		// The sinks take turns, so that there is nothing to aggregate.
		"round_robin": {code: 502, sink: "bad", attempts: 2, atBad: 2, atGood: 1, first: "failed", next: "delivered"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			bad := newPeer(t, func(w http.ResponseWriter, _ seen, _ int) { w.WriteHeader(500) })
			good := newPeer(t, nil)
			r := start(t, fanOutDocument, "mode", mode, "wait", "1ms", "bad", bad.URL, "good", good.URL)
			c := newCaller(t)
			a := c.mustSend(t, r.address(), letter{id: "1", data: "{}"})
			if a.code != want.code || a.Sink != want.sink || branches(a) != want.branches || a.Attempts != want.attempts || a.Outcome != want.first {
				t.Errorf("%v by %s, branches %q", a, a.Sink, branches(a))
			}
			if b := c.mustSend(t, r.address(), letter{id: "2", data: "{}"}); b.Outcome != want.next {
				t.Errorf("the second is %v", b)
			}
			if bad.total() != want.atBad || good.total() != want.atGood {
				t.Errorf("the peers saw %d and %d requests", bad.total(), good.total())
			}
		})
	}
}

// TestAnyIsDeliveredByOneAndWithdrawnFromTheOthers: the bad sink would make its second attempt in an hour only.
func TestAnyIsDeliveredByOneAndWithdrawnFromTheOthers(t *testing.T) {
	t.Parallel()
	bad := newPeer(t, func(w http.ResponseWriter, _ seen, _ int) { w.WriteHeader(500) })
	good := newPeer(t, nil)
	r := start(t, fanOutDocument, "mode", "any", "wait", "1h", "bad", bad.URL, "good", good.URL)
	c := newCaller(t)
	for i := range 20 {
		a := c.mustSend(t, r.address(), letter{id: id(i), data: "{}"})
		if a.code != 200 || a.Outcome != "delivered" || a.Sink != "good" || len(a.Branches) != 2 ||
			a.Branches[0].Outcome != "failed" || a.Branches[1].Outcome != "delivered" || a.Attempts != a.Branches[0].Attempts+1 {
			t.Errorf("%v, branches %q", a, branches(a))
		}
		if saw := bad.attempts(id(i)); saw != a.Branches[0].Attempts || saw > 1 {
			t.Errorf("the bad peer saw %d attempts, told of are %d", saw, a.Branches[0].Attempts)
		}
	}
	if status := r.status(); status.Delivered != 20 || good.total() != 20 {
		t.Errorf("%d delivered, %d requests", status.Delivered, good.total())
	}
}

func TestAnyFailsWhenNoSinkDelivers(t *testing.T) {
	t.Parallel()
	bad := newPeer(t, func(w http.ResponseWriter, _ seen, _ int) { w.WriteHeader(400) })
	r := start(t, fanOutDocument, "mode", "any", "wait", "1ms", "bad", bad.URL, "good", bad.URL+"/too")
	a := newCaller(t).mustSend(t, r.address(), letter{id: "1", data: "{}"})
	if a.code != 422 || a.Class != "rejected" || branches(a) != "bad failed rejected 1;good failed rejected 1;" {
		t.Errorf("%v, branches %q", a, branches(a))
	}
}
