package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
)

// hook is an endpoint that counts what it takes.
type hook struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
	taken map[string]int // bodies answered 200
}

// newHook answers each request with the status that behave returns for the nth request and its body.
func newHook(t *testing.T, behave func(n int, body string) int) *hook {
	t.Helper()
	h := &hook{taken: map[string]int{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.calls++
		status := behave(h.calls, string(body))
		if status == http.StatusOK {
			h.taken[string(body)]++
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(h.Close)
	return h
}

// fileToHTTP writes a configuration and n lines for it to post to url.
func fileToHTTP(t *testing.T, n int, url string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "acktor.yaml", `
	admin: {enabled: false}
	pipelines:
	  orders:
	    source: {file: {path: orders.ndjson, format: ndjson}}
	    sinks:
	      hook:
	        http: {url: `+url+`}
	        retry: {max_attempts: 8, initial: 1ms, max: 10ms}
	`)
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "{\"n\": %d}\n", i+1)
	}
	write(t, dir, "orders.ndjson", lines.String())
	return dir
}

func TestAFileIsDeliveredToItsLastLineThoughATenthOfTheAnswersIs500(t *testing.T) {
	const n = 2000
	hook := newHook(t, func(call int, _ string) int {
		if call%10 == 0 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	code, out, text := engine(t, fileToHTTP(t, n, hook.URL), "run")
	if code != 0 || out != "" || !strings.Contains(text, "orders: 2000 read, 2000 delivered, 0 failed, 0 filtered\n") {
		t.Errorf("exit %d, out %q, err %s", code, out, text)
	}
	if len(hook.taken) != n {
		t.Errorf("%d of %d lines arrived", len(hook.taken), n)
	}
	for body, times := range hook.taken {
		if times != 1 {
			t.Errorf("%s arrived %d times", body, times)
		}
	}
}

// refuseTenth refuses the lines whose number ends in 0.
func refuseTenth(_ int, body string) int {
	if strings.HasSuffix(body, "0}") {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func TestRecordsThatFailedForGoodAreNamed(t *testing.T) {
	hook := newHook(t, refuseTenth)
	code, _, text := engine(t, fileToHTTP(t, 300, hook.URL), "run")
	if code != exitFailed || !strings.Contains(text, "orders: 300 read, 270 delivered, 30 failed, 0 filtered\n") {
		t.Errorf("exit %d", code)
	}
	named := fmt.Sprintf(": rejected after 1 attempt at %s, status 400", hook.URL)
	if strings.Count(text, "\n  failed ") != maxNamed || strings.Count(text, named) != maxNamed || !strings.Contains(text, "\n  and 10 more\n") {
		t.Errorf("want %d times %q and 10 more:\n%s", maxNamed, named, text)
	}
}

func TestTheSummaryInJSONNamesTheFailedRecords(t *testing.T) {
	hook := newHook(t, refuseTenth)
	code, out, _ := engine(t, fileToHTTP(t, 30, hook.URL), "run", "--json", "--log-level", "error")
	var s struct {
		Outcome   string
		Pipelines []struct {
			Pipeline, State         string
			Read, Delivered, Failed int
			Failures                []struct {
				ID       connector.RecordID
				Class    string
				Attempts int
				Status   int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	if code != exitFailed || s.Outcome != "failed" || len(s.Pipelines) != 1 {
		t.Fatalf("exit %d, %s", code, out)
	}
	p := s.Pipelines[0]
	if p.Pipeline != "orders" || p.State != "ended" || p.Read != 30 || p.Delivered != 27 || p.Failed != 3 || len(p.Failures) != 3 {
		t.Fatal(out)
	}
	for _, failure := range p.Failures {
		if failure.ID == "" || failure.Class != "rejected" || failure.Attempts != 1 || failure.Status != 400 {
			t.Errorf("%+v", failure)
		}
	}
}

func TestASecondRunGoesOnBehindTheFirst(t *testing.T) {
	hook := newHook(t, func(int, string) int { return http.StatusOK })
	dir := fileToHTTP(t, 10, hook.URL)
	engine(t, dir, "run")
	if code, _, text := engine(t, dir, "run"); code != 0 || !strings.Contains(text, "orders: 0 read") || hook.calls != 10 {
		t.Errorf("exit %d, %d calls, err %s", code, hook.calls, text)
	}
}

// httpToHTTP writes a configuration whose source listens at address and whose sink posts to url.
func httpToHTTP(t *testing.T, admin, address, url string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "acktor.yaml", `
	admin: {address: "`+admin+`"}
	pipelines:
	  orders:
	    source: {http: {address: "`+address+`"}}
	    sinks: {hook: {http: {url: "`+url+`"}}}
	`)
	return dir
}

const anyPort = "127.0.0.1:0"

func taken(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestAnAddressInUseIsAFaultOfTheEnvironment(t *testing.T) {
	for name, dir := range map[string]string{
		"admin":  httpToHTTP(t, taken(t), anyPort, "http://127.0.0.1:1"),
		"source": httpToHTTP(t, anyPort, taken(t), "http://127.0.0.1:1"),
	} {
		t.Run(name, func(t *testing.T) {
			code, out, text := engine(t, dir, "run", "--log-level", "error")
			if code != exitEnvironment || out != "" || !strings.Contains(text, "address already in use") ||
				!strings.Contains(text, "stop the program that uses the address, or configure another one") {
				t.Errorf("exit %d, out %q, err %s", code, out, text)
			}
		})
	}
}

func TestASourceThatCannotBeOpenedIsAFaultOfTheEnvironment(t *testing.T) {
	dir := fileToHTTP(t, 1, "http://127.0.0.1:1")
	if err := os.Remove(filepath.Join(dir, "orders.ndjson")); err != nil {
		t.Fatal(err)
	}
	code, out, text := engine(t, dir, "run")
	if code != exitEnvironment || out != "" || !strings.HasSuffix(text, "engine: pipeline orders: file: stat orders.ndjson: no such file or directory\n") {
		t.Errorf("exit %d, out %q, err %s", code, out, text)
	}
}

func TestASourceThatEndsWithAnErrorIsAFailure(t *testing.T) {
	hook := newHook(t, func(int, string) int { return http.StatusOK })
	dir := fileToHTTP(t, 1, hook.URL)
	write(t, dir, "orders.ndjson", "1\n"+strings.Repeat("2", 2<<20)+"\n")
	code, _, text := engine(t, dir, "run")
	if code != exitFailed || !strings.Contains(text, "orders: 1 read, ") || !strings.Contains(text, "\nengine: pipeline orders: file: read orders.ndjson: the line at byte 2 is longer") {
		t.Errorf("exit %d, err %s", code, text)
	}
}

func TestALockedDirectoryIsAFaultOfTheEnvironment(t *testing.T) {
	released := make(chan struct{})
	hook := newHook(t, func(int, string) int { <-released; return http.StatusOK })
	first := newHook(t, func(int, string) int { return http.StatusOK })
	dir := fileToHTTP(t, 3, first.URL)
	engine(t, dir, "run") // now there is something to lock
	write(t, dir, "more.ndjson", "{}\n")
	write(t, dir, "hanging.yaml", `
	admin: {enabled: false}
	pipelines:
	  hanging:
	    source: {file: {path: more.ndjson}}
	    sinks: {hook: {http: {url: "`+hook.URL+`"}}}
	`)
	holder := start(t, dir, "run", "-c", "hanging.yaml")
	holder.err.await(t, `engine runs`)
	code, _, text := engine(t, dir, "run")
	if code != exitEnvironment || !strings.Contains(text, "is in use by another engine") {
		t.Errorf("exit %d, err %s", code, text)
	}
	close(released)
	if code := holder.exit(t); code != 0 {
		t.Errorf("the first: exit %d, err %s", code, holder.err)
	}
}

func TestTheAdminAddressShowsTheEngine(t *testing.T) {
	p := start(t, httpToHTTP(t, anyPort, anyPort, "http://127.0.0.1:1"), "run")
	url := p.err.await(t, `admin listens on (http://[0-9.:]+)`)
	p.err.await(t, `engine runs`)
	for path, want := range map[string]string{
		"/healthz": `"ok"`, "/readyz": `"ready"`, "/v1/pipelines": `"orders"`, "/metrics": "acktor_records_read_total",
	} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if response.Body.Close(); err != nil || response.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d, %v, %s", path, response.StatusCode, err, body)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	interrupt(t, p)
	if code := p.exit(t); code != 0 {
		t.Errorf("exit %d, err %s", code, p.err)
	}
}
