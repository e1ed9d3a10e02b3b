package acceptance

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor"
)

const isolationDocument = `
pipelines:
  tenants:
    in_flight: {records: 256}
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      tenant:
        http: {url: '{{ record.headers["x-url"] }}', egress: {allow: [{cidr: 127.0.0.0/8}]}}
        destination: '{{ record.headers.tenant }}'
        in_flight: 16
        queue: {records: 16, on_full: fail}
        timeout: 2s
        retry: {max_attempts: 2, initial: 5ms, max: 10ms, max_elapsed: 5s}
        breaker: {min_requests: 5, open_for: 1m}
`

const (
	healthyTenants = 8
	callersEach    = 3
	recordsEach    = 15 // of each caller, in each of the two rounds
	promptly       = 20 * time.Second
)

// tenant is one destination, its callers, and what they were told.
type tenant struct {
	name, url string

	mu      sync.Mutex
	answers []answer
	slowest time.Duration
}

// call sends one record and keeps the answer.
func (n *tenant) call(t *testing.T, c *caller, address, record string) answer {
	began := time.Now()
	a, err := c.send(address, letter{id: n.name + record, data: "{}", headers: []string{"Tenant", n.name, "X-Url", n.url}})
	took := time.Since(began)
	if err != nil {
		t.Errorf("%s: %v", n.name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers = append(n.answers, a)
	n.slowest = max(n.slowest, took)
	return a
}

func TestDestinationsLoseNothingToOneThatHangsAndOneThatRefuses(t *testing.T) {
	t.Parallel()
	t.Run("all are well", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, nil)
		r := start(t, isolationDocument)
		well := tenants(p.URL)
		round(t, r.address(), well, "first")
		round(t, r.address(), well, "second")
		wantAllAtOnce(t, well, p)
	})
	t.Run("two are not", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, nil)
		r := start(t, isolationDocument)
		w := r.watch(t, false, 1024)
		well := tenants(p.URL)
		hangs := &tenant{name: "hangs", url: "http://" + hangingPeer(t)}
		refuses := &tenant{name: "refuses", url: "http://" + closedPort(t)}
		stop := keepCalling(t, r.address(), hangs, refuses)
		round(t, r.address(), well, "first") // while the hanging one holds what it can get
		opened := make(map[string]bool)
		for len(opened) < 2 {
			opened[next[*acktor.BreakerOpened](t, w, nil).Destination] = true
		}
		round(t, r.address(), well, "second")
		stop()
		if !opened["hangs"] || !opened["refuses"] {
			t.Errorf("the breakers of %v opened", opened)
		}
		wantAllAtOnce(t, well, p)
		hangs.wantOnly(t, "timeout", "breaker_open", "throttled")
		refuses.wantOnly(t, "refused", "breaker_open", "throttled")
	})
}

func tenants(url string) []*tenant {
	well := make([]*tenant, healthyTenants)
	for i := range well {
		well[i] = &tenant{name: "well" + strconv.Itoa(i), url: url}
	}
	return well
}

// round sends the records of all callers of the tenants.
func round(t *testing.T, address string, well []*tenant, name string) {
	c := newCaller(t)
	var callers sync.WaitGroup
	for _, n := range well {
		for i := range callersEach {
			callers.Go(func() {
				for j := range recordsEach {
					n.call(t, c, address, id(" ", name, i, j))
				}
			})
		}
	}
	callers.Wait()
}

// keepCalling sends records to the tenants from many callers until stop is called.
func keepCalling(t *testing.T, address string, troubled ...*tenant) (stop func()) {
	c := newCaller(t)
	var callers sync.WaitGroup
	ended := make(chan struct{})
	for _, n := range troubled {
		for i := range 40 {
			callers.Go(func() {
				for j := 0; ; j++ {
					n.call(t, c, address, id("", i, j))
					select {
					case <-ended:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
		}
	}
	return func() {
		close(ended)
		callers.Wait()
	}
}

// wantAllAtOnce wants every record of the tenants delivered at the first attempt.
func wantAllAtOnce(t *testing.T, well []*tenant, p *peer) {
	t.Helper()
	for _, n := range well {
		if len(n.answers) != 2*callersEach*recordsEach {
			t.Errorf("%s: %d answers", n.name, len(n.answers))
		}
		for _, a := range n.answers {
			if a.code != 200 || a.Outcome != "delivered" || a.Attempts != 1 {
				t.Errorf("%s: %v", n.name, a)
			}
		}
		if n.slowest > promptly {
			t.Errorf("%s: a record took %v", n.name, n.slowest)
		}
	}
	if got, want := p.total(), len(well)*2*callersEach*recordsEach; got != want {
		t.Errorf("the peer saw %d requests for %d records", got, want)
	}
}

// wantOnly wants every record failed, by these classes and for no lack of room in the pipeline.
func (n *tenant) wantOnly(t *testing.T, classes ...string) {
	t.Helper()
	count := make(map[string]int)
	for _, a := range n.answers {
		count[a.Class]++
		if !slices.Contains(classes, a.Class) || strings.Contains(a.Type, "no_room") {
			t.Errorf("%s: %v (%s)", n.name, a, a.Type)
			return
		}
	}
	if count[classes[0]] == 0 || count["breaker_open"] == 0 {
		t.Errorf("%s: only %v", n.name, count)
	}
	t.Logf("%s: %v", n.name, count)
}
