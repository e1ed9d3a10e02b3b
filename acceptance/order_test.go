package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const orderDocument = `
pipelines:
  ordered:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s, key_header: ce-partitionkey}
    sinks:
      peer:
        http: {url: <peer>}
        order_by: record.key
        in_flight: 32
        queue: {records: 1000}
        timeout: 1m
        retry: {max_attempts: 3, initial: 1ms, max: 3ms}
        breaker: {enabled: false}
`

const (
	keys   = 8
	perKey = 40
)

// line is the data of a record: the n-th of its key.
type line struct {
	Key string `json:"key"`
	N   int    `json:"n"`
}

// TestRecordsOfAKeyArriveInOrderWhileOthersGoOn sends records of several keys in one batch, whose order is that of the
// source. Some fail once, some for good, and the first of one key takes until those of all others are through.
func TestRecordsOfAKeyArriveInOrderWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	others := make(chan struct{})
	var mu sync.Mutex
	arrived := make(map[string][]line)
	through := 0
	p := newPeer(t, func(w http.ResponseWriter, s seen, before int) {
		var l line
		if err := json.Unmarshal([]byte(s.body), &l); err != nil {
			t.Error(err)
		}
		mu.Lock()
		arrived[l.Key] = append(arrived[l.Key], l)
		mu.Unlock()
		if l.Key == "k0" && l.N == 0 && before == 0 {
			within(t, "the records of the other keys", others)
		}
		code := planned(l, before)
		w.WriteHeader(code)
		mu.Lock()
		defer mu.Unlock()
		if final(code, before) && l.Key != "k0" {
			if through++; through == (keys-1)*perKey {
				close(others)
			}
		}
	})
	r := start(t, orderDocument, "peer", p.URL)
	sendKeys(t, r)
	for key, lines := range arrived {
		wantInOrder(t, key, lines)
	}
	status := r.status()
	if len(arrived) != keys || status.Delivered+status.Failed != keys*perKey || status.Failed != keys*perKey/10*2 {
		t.Errorf("%d keys arrived; %d delivered, %d failed", len(arrived), status.Delivered, status.Failed)
	}
}

// planned is the answer to the attempt of a record after some others.
func planned(l line, before int) int {
	switch {
	case l.N%10 == 3:
		return 422
	case l.N%10 == 7:
		return 500
	case l.N%3 == 0 && before == 0:
		return 503
	}
	return 200
}

// final says whether no attempt follows this one.
func final(code, before int) bool { return code < 500 || before == 2 }

// wantInOrder wants the attempts of each record next to each other, as many as planned, and the records in order.
func wantInOrder(t *testing.T, key string, lines []line) {
	t.Helper()
	var want []line
	for n := range perKey {
		for before := 0; ; before++ {
			l := line{Key: key, N: n}
			want = append(want, l)
			if final(planned(l, before), before) {
				break
			}
		}
	}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("of key %s arrived\n%v, want\n%v", key, lines, want)
	}
}

// sendKeys sends one batch of events, the keys taking turns.
func sendKeys(t *testing.T, r *running) {
	t.Helper()
	var events []map[string]any
	for n := range perKey {
		for k := range keys {
			key := fmt.Sprint("k", k)
			events = append(events, map[string]any{"specversion": "1.0", "type": "line", "source": "/test",
				"id": fmt.Sprint(key, "-", n), "partitionkey": key, "data": line{Key: key, N: n}})
		}
	}
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	response, err := newCaller(t).Post("http://"+r.address()+"/in", "application/cloudevents-batch+json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answers []answer
	if err := json.NewDecoder(response.Body).Decode(&answers); err != nil || len(answers) != len(events) || response.StatusCode != 502 {
		t.Fatalf("%s with %d answers: %v", response.Status, len(answers), err)
	}
}
