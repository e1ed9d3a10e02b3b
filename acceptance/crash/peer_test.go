package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// peer is the target. It writes down what it takes, and when.
type peer struct {
	*httptest.Server
	slow   atomic.Int64 // nanoseconds that it takes for each
	mu     sync.Mutex
	random *rand.Rand
	answer func(n, before int) int // the status for record n, which was answered so often before
	seen   map[int]int
	taken  map[int][]receipt // 2xx
	keys   map[int]string    // the idempotency key
	wrong  []string
}

type receipt struct{ at time.Time }

func newPeer(t *testing.T, seed uint64, answer func(n, before int) int) *peer {
	p := &peer{random: rand.New(rand.NewPCG(seed, 3)), answer: answer, seen: make(map[int]int), taken: make(map[int][]receipt), keys: make(map[int]string)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// ServeHTTP takes one record. In one of fifty cases it says that it cannot now, so that records are tried again and parked.
func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the engine died in the middle of it
	}
	time.Sleep(time.Duration(p.slow.Load()))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.random.IntN(50) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	n, err := number(body)
	if err != nil {
		p.wrong = append(p.wrong, err.Error())
	}
	key := r.Header.Get("Idempotency-Key")
	if before, ok := p.keys[n]; key == "" || ok && before != key {
		p.wrong = append(p.wrong, fmt.Sprintf("record %d came as %q and as %q", n, before, key))
	}
	p.keys[n] = key
	status := p.answer(n, p.seen[n])
	p.seen[n]++
	if status < 300 {
		p.taken[n] = append(p.taken[n], receipt{time.Now()})
	}
	w.WriteHeader(status)
}

// number returns which record a payload is, and sees that it is what was sent.
func number(body []byte) (n int, err error) {
	var content struct{ N int }
	if err := json.Unmarshal(body, &content); err != nil || !bytes.Equal(body, payload(content.N)) {
		return 0, fmt.Errorf("the peer got %.60q", body)
	}
	return content.N, nil
}

// payload is the body of record n: any length, and nothing that another one has.
func payload(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"pad":"%0*d"}`, n, 1+n*7919%900, n)
}

func isBad(n int) bool { return n%29 == 7 }
