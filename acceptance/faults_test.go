package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/acktor/acktor/connector"
)

// faultsDocument has three sinks to choose from by a header: one as most are, one that does not wait long, and one that
// needs to read the peer's answer.
const faultsDocument = `
pipelines:
  faults:
    source:
      http: {address: "127.0.0.1:0", path: /in, reply_timeout: 1m, admission_wait: 30s}
    sinks:
      plain:
        http: {url: '{{ record.headers["x-url"] }}', egress: {allow: [{cidr: 127.0.0.0/8}]}, connect_timeout: 20s}
        when: record.headers["x-sink"] == "plain"
        timeout: 30s
        retry: {max_attempts: <attempts>, initial: 1ms, max: 2ms}
        breaker: {enabled: false}
      impatient:
        http: {url: '{{ record.headers["x-url"] }}', egress: {allow: [{cidr: 127.0.0.0/8}]}}
        when: record.headers["x-sink"] == "impatient"
        timeout: 500ms
        retry: {max_attempts: <attempts>, initial: 1ms, max: 2ms}
        breaker: {enabled: false}
      strict:
        http: {url: '{{ record.headers["x-url"] }}', egress: {allow: [{cidr: 127.0.0.0/8}]}, success_when: response.json.code == 0}
        when: record.headers["x-sink"] == "strict"
        timeout: 30s
        retry: {max_attempts: <attempts>, initial: 1ms, max: 2ms}
        breaker: {enabled: false}
`

// fault is one way in which a peer may behave, and what its caller must be told.
type fault struct {
	name, sink, url string
	code            int
	class           string // empty: delivered
	sinkStatus      int
	retried         bool
	ambiguous       bool
	// attempts counts those that the peer saw; nil where none reaches a peer.
	attempts func(id string) int
}

func TestEveryFaultIsOneAnswerOfTheRightClassAfterTheRightAttempts(t *testing.T) {
	t.Parallel()
	for _, attempts := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d attempts", attempts), func(t *testing.T) {
			t.Parallel()
			faults := append(statusFaults(t), networkFaults(t)...)
			faults = append(faults, tlsFaults(t)...)
			r := start(t, faultsDocument, "attempts", strconv.Itoa(attempts))
			w := r.watch(t, true, 100_000)
			tryAll(t, r.address(), faults, attempts)
			settledOnce(t, w, len(faults))
			until(t, "the window to be empty", func() bool { return r.status().InFlight == 0 }) // callers hear before the window does
			status := r.status()
			if status.Read != int64(len(faults)) || status.Delivered+status.Failed != status.Read {
				t.Errorf("of %d records %d were read, %d delivered, %d failed",
					len(faults), status.Read, status.Delivered, status.Failed)
			}
		})
	}
}

// tryAll meets every fault with one record.
func tryAll(t *testing.T, address string, faults []fault, attempts int) {
	var workers sync.WaitGroup
	queue := make(chan fault)
	for range 16 {
		workers.Go(func() {
			for f := range queue {
				f.try(t, address, attempts)
			}
		})
	}
	for _, f := range faults {
		queue <- f
	}
	close(queue)
	workers.Wait()
}

func (f *fault) try(t *testing.T, address string, attempts int) {
	got, err := sendAlone(address, letter{id: f.name, data: "{}", headers: []string{"X-Url", f.url, "X-Sink", f.sink}})
	if err != nil {
		t.Errorf("%s: %v", f.name, err)
		return
	}
	want := answer{code: f.code, ID: f.name, Outcome: "failed", Class: f.class, Attempts: 1, SinkStatus: f.sinkStatus, Ambiguous: f.ambiguous}
	if f.class == "" {
		want.Outcome = "delivered"
	}
	if f.retried {
		want.Attempts = attempts
	}
	if got.code != want.code || got.ID != want.ID || got.Outcome != want.Outcome ||
		got.Class != want.Class || got.Attempts != want.Attempts || got.SinkStatus != want.SinkStatus || got.Ambiguous != want.Ambiguous {
		t.Errorf("%s: answered %+v, want %+v", f.name, got, want)
	}
	if later := got.header.Get("Retry-After"); (later != "") != (f.code == 503) {
		t.Errorf("%s: Retry-After is %q beside %d", f.name, later, got.code)
	}
	if f.attempts == nil {
		return
	}
	if saw := f.attempts(f.name); saw != got.Attempts {
		t.Errorf("%s: the peer saw %d attempts, the caller was told of %d", f.name, saw, got.Attempts)
	}
}

// statusFaults are all statuses, and some that are none.
func statusFaults(t *testing.T) []fault {
	p := newPeer(t, func(w http.ResponseWriter, s seen, _ int) {
		status, _ := strconv.Atoi(s.path[1:])
		w.WriteHeader(status)
	})
	var faults []fault
	for status := 200; status <= 599; status++ {
		f := fault{name: fmt.Sprintf("status %d", status), sinkStatus: status}
		f.code, f.class, f.retried = meaning(status)
		f.ambiguous = status >= 500 && status != 501 && status != 503 && status != 505
		faults = append(faults, f)
	}
	for _, status := range []int{600, 999} {
		faults = append(faults, fault{name: fmt.Sprintf("status %d", status),
			sinkStatus: status, code: 502, class: "parse", retried: true, ambiguous: true})
	}
	for i := range faults {
		faults[i].sink, faults[i].attempts = "plain", p.attempts
		faults[i].url = fmt.Sprintf("%s/%d", p.URL, faults[i].sinkStatus)
	}
	return faults
}

// meaning says what the caller is answered about a sink's status, and whether it is worth another attempt.
func meaning(status int) (code int, class string, retried bool) {
	switch {
	case status < 300:
		return 200, "", false
	case status == 429:
		return 503, connector.Throttled.String(), true
	case status == 408, status == 425:
		return 502, connector.Unavailable.String(), true
	case status < 500:
		return 422, connector.Rejected.String(), false
	}
	return 502, connector.Unavailable.String(), status != 501
}

// networkFaults are those of a peer that does not answer as HTTP wants.
func networkFaults(t *testing.T) []fault {
	address, attempts := unrulyPeer(t)
	faults := []fault{
		{name: "/reset", class: "reset", code: 502, ambiguous: true},
		{name: "/reset-in-headers", class: "reset", code: 502, ambiguous: true},
		{name: "/close", class: "reset", code: 502, ambiguous: true},
		{name: "/close-in-headers", class: "reset", code: 502, ambiguous: true},
		{name: "/close-in-status", class: "reset", code: 502, ambiguous: true},
		{name: "/close-after-100", class: "reset", code: 502, ambiguous: true},
		{name: "/close-after-103", class: "reset", code: 502, ambiguous: true},
		{name: "/101", class: "parse", code: 502, ambiguous: true, sinkStatus: 101},
		{name: "/junk", class: "parse", code: 502, ambiguous: true},
		{name: "/hang", class: "timeout", code: 504, ambiguous: true, sink: "impatient"},
		{name: "/hang-after-100", class: "timeout", code: 504, ambiguous: true, sink: "impatient"},
		{name: "/hang-in-headers", class: "timeout", code: 504, ambiguous: true, sink: "impatient"},
		// The status says that the record has arrived, and that is all that is asked of the answer...
		{name: "/truncated", code: 200, sinkStatus: 200, sink: "plain"},
		// ... unless the answer's content decides.
		{name: "/truncated#strict", class: "parse", code: 502, ambiguous: true, sinkStatus: 200, sink: "strict"},
	}
	for i := range faults {
		f := &faults[i]
		f.url, f.attempts, f.retried = "http://"+address+f.name, attempts, f.class != ""
		if f.sink == "" {
			f.sink = "plain"
		}
	}
	return append(faults,
		fault{name: "refused", sink: "plain", url: "http://" + closedPort(t), class: "refused", code: 502, retried: true},
		fault{name: "no such name", sink: "plain", url: "http://nobody.invalid/", class: "dns", code: 502, retried: true})
}

// unrulyPeer reads one request a connection and misbehaves in the way that the request's path names. It counts the
// requests by the record's id.
func unrulyPeer(t *testing.T) (address string, attempts func(id string) int) {
	var mu sync.Mutex
	count := make(map[string]int)
	address = rawPeer(t, func(conn net.Conn) {
		request, err := readRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		mu.Lock()
		count[request.Header.Get("Idempotency-Key")]++
		mu.Unlock()
		misbehave(conn, request.URL.Path)
	})
	return address, func(id string) int {
		mu.Lock()
		defer mu.Unlock()
		return count[id]
	}
}

func misbehave(conn net.Conn, how string) {
	words := map[string]string{
		"/reset-in-headers": "HTTP/1.1 200 OK\r\nContent-Le",
		"/close-in-headers": "HTTP/1.1 200 OK\r\nContent-Le",
		"/hang-in-headers":  "HTTP/1.1 200 OK\r\nContent-Le",
		"/close-in-status":  "HTTP/1.1 2",
		"/close-after-100":  "HTTP/1.1 100 Continue\r\n\r\n",
		"/hang-after-100":   "HTTP/1.1 100 Continue\r\n\r\n",
		"/close-after-103":  "HTTP/1.1 103 Early Hints\r\n\r\n",
		"/101":              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\n",
		"/junk":             "220 mail.example ESMTP\r\n",
		"/truncated":        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"code\": 0}",
	}
	_, _ = io.WriteString(conn, words[how])
	switch how {
	case "/reset", "/reset-in-headers":
		_ = conn.(*net.TCPConn).SetLinger(0) // so that closing resets
	case "/hang", "/hang-after-100", "/hang-in-headers":
		_, _ = io.Copy(io.Discard, conn)
	}
}

// tlsFaults are handshakes that fail. What the peer sees of an attempt is a connection.
func tlsFaults(t *testing.T) []fault {
	var plain, strange atomic.Int64
	speaksHTTP := rawPeer(t, func(conn net.Conn) {
		plain.Add(1)
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	})
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			strange.Add(1)
		}
	}
	unknown.Config.ErrorLog = silent
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	return []fault{
		{name: "TLS asked of a plain port", sink: "plain", url: "https://" + speaksHTTP, class: "tls", code: 502, retried: true,
			attempts: func(string) int { return int(plain.Load()) }},
		{name: "unknown authority", sink: "plain", url: unknown.URL, class: "tls", code: 502, retried: true,
			attempts: func(string) int { return int(strange.Load()) }},
	}
}
