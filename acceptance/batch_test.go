package acceptance

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
)

const batchDocument = `
pipelines:
  batched:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      peer:
        http: {url: <peer>, batch_format: json_array<results>}
        in_flight: 2
        batch: {records: 10, wait: 50ms}
        retry: {max_attempts: <attempts>, initial: 1ms, max: 5ms}
        breaker: {enabled: false}
`

// item is one record of a batch.
type item struct {
	N      int  `json:"n"`
	Poison bool `json:"poison"`
}

func items(t *testing.T, s seen) (batch []item) {
	if err := json.Unmarshal([]byte(s.body), &batch); err != nil {
		t.Errorf("%q: %v", s.body, err)
	}
	return batch
}

func poisoned(batch []item) bool {
	for _, i := range batch {
		if i.Poison {
			return true
		}
	}
	return false
}

// TestOnePoisonedRecordDoesNotStopTheOthersOfItsBatch: where the endpoint has a word on each record, and where it
// refuses the whole batch.
func TestOnePoisonedRecordDoesNotStopTheOthersOfItsBatch(t *testing.T) {
	t.Parallel()
	t.Run("a result for each", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, func(w http.ResponseWriter, s seen, _ int) {
			var results []map[string]any
			for _, i := range items(t, s) {
				status := 200
				if i.Poison {
					status = 400
				}
				results = append(results, map[string]any{"status": status})
			}
			w.WriteHeader(http.StatusMultiStatus)
			_ = json.NewEncoder(w).Encode(results)
		})
		wantOthersDelivered(t, p, ", batch_results: response.json", 400)
	})
	t.Run("the whole batch refused", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, func(w http.ResponseWriter, s seen, _ int) {
			if poisoned(items(t, s)) {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
		})
		wantOthersDelivered(t, p, "", 422)
	})
	t.Run("the peer breaks over it", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, func(w http.ResponseWriter, s seen, _ int) {
			if poisoned(items(t, s)) {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		r := start(t, batchDocument, "peer", p.URL, "results", "", "attempts", "5") // 10, 5, 2 or 3, 1 or 2, 1 record at once
		for n, a := range sendItems(t, r) {
			if poison := n%25 == 3; poison && (a.code != 502 || a.Class != "unavailable" || a.Attempts != 5) || !poison && a.code != 200 {
				t.Errorf("record %d: %v", n, a)
			}
		}
	})
}

func wantOthersDelivered(t *testing.T, p *peer, results string, status int) {
	t.Helper()
	r := start(t, batchDocument, "peer", p.URL, "results", results, "attempts", "3")
	for n, a := range sendItems(t, r) {
		if n%25 == 3 {
			if a.code != 422 || a.Class != "rejected" || a.SinkStatus != status || a.Attempts != 1 {
				t.Errorf("the poisoned record %d: %v", n, a)
			}
		} else if a.code != 200 || a.Outcome != "delivered" {
			t.Errorf("record %d: %v", n, a)
		}
	}
	if requests := p.total(); requests >= 100 {
		t.Errorf("%d requests for 100 records are no batches", requests)
	}
	if s := r.status(); s.Delivered != 96 || s.Failed != 4 {
		t.Errorf("%d delivered, %d failed", s.Delivered, s.Failed)
	}
}

// sendItems sends a hundred records at the same time, four of them poisoned, and returns the answers.
func sendItems(t *testing.T, r *running) []answer {
	t.Helper()
	address, c := r.address(), newCaller(t)
	answers := make([]answer, 100)
	var callers sync.WaitGroup
	for n := range answers {
		callers.Go(func() {
			data, _ := json.Marshal(item{N: n, Poison: n%25 == 3}) // cannot fail
			a, err := c.send(address, letter{id: id(n), data: string(data)})
			if err != nil {
				t.Error(err)
			}
			answers[n] = a
		})
	}
	callers.Wait()
	return answers
}
