package main

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// recovering is an endpoint that answers 503 until it is well.
func recovering(t *testing.T) (h *hook, well *atomic.Bool) {
	t.Helper()
	well = &atomic.Bool{}
	return newHook(t, func(int, string) int {
		if well.Load() {
			return http.StatusOK
		}
		return http.StatusServiceUnavailable
	}), well
}

func TestWhatFailedIsListedAndReplayedWhileTheEngineRuns(t *testing.T) {
	hook, well := recovering(t)
	dir := t.TempDir()
	write(t, dir, "acktor.yaml", `
	admin: {address: "`+anyPort+`"}
	pipelines:
	  orders:
	    source: {http: {address: "`+anyPort+`"}}
	    sinks: {hook: {http: {url: "`+hook.URL+`"}, retry: {max_attempts: 2, initial: 1ms}}}
	`)
	p := start(t, dir, "run")
	address := p.err.await(t, `admin listens on http://([0-9.:]+)`)
	source := p.err.await(t, `"http source listens".*"address":"([0-9.:]+)"`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+source, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("idempotency-key", "r-1")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()

	ask := func(want string, args ...string) {
		t.Helper()
		code, out, text := within(t, dir, append(args, "--address", address)...)
		if code != 0 || !strings.Contains(out+text, want) {
			t.Errorf("%q: exit %d, want %q, out %s, err %s", args, code, want, out, text)
		}
	}
	ask("unavailable (503)", "dead", "list", "--pipeline", "orders", "--since", "1h")
	ask("; it went to the dead letter", "explain", "r-1")
	if code, _, text := within(t, dir, "dead", "list"); code != exitEnvironment || !strings.Contains(text, "is in use by another engine") {
		t.Errorf("without the address: exit %d, err %s", code, text)
	}
	well.Store(true)
	ask("replayed 1 dead letter\n", "dead", "replay", "--all")
	ask("there are no dead letters", "dead", "list")
	events, err := client.Get("http://" + address + "/v1/records/r-1/events")
	if err != nil {
		t.Fatal(err)
	}
	told, err := io.ReadAll(events.Body) // until it is settled
	if _ = events.Body.Close(); err != nil || !strings.Contains(string(told), "event: settled\n") {
		t.Errorf("%v, %s", err, told)
	}
	interrupt(t, p)
	if p.exit(t); len(hook.taken) != 1 {
		t.Errorf("%v, err %s", hook.taken, p.err)
	}
	if _, out, text := within(t, dir, "explain", "r-1"); !strings.Contains(out, "delivered, sink hook at "+hook.URL+", after 1 attempt, status 200") {
		t.Errorf("out %s, err %s", out, text)
	}
}

func TestWhatIsReplayedWithoutAnEngineIsDeliveredByTheNext(t *testing.T) {
	hook, well := recovering(t)
	dir := t.TempDir()
	write(t, dir, "orders.ndjson", "1\n2\n3\n")
	write(t, dir, "acktor.yaml", `
	admin: {enabled: false}
	pipelines:
	  orders:
	    source: {file: {path: orders.ndjson, format: ndjson}}
	    sinks: {hook: {http: {url: "`+hook.URL+`"}, retry: {max_attempts: 1}}}
	`)
	if code, _, text := engine(t, dir, "run"); code != exitFailed || !strings.Contains(text, "3 failed") {
		t.Fatalf("exit %d, err %s", code, text)
	}
	if code, _, text := within(t, dir, "dead", "replay", "--all"); code != 0 || !strings.Contains(text, "replayed 3 dead letters; no engine runs") {
		t.Errorf("exit %d, err %s", code, text)
	}
	well.Store(true)
	if code, _, text := engine(t, dir, "run"); code != 0 || len(hook.taken) != 3 {
		t.Errorf("exit %d, %d arrived, err %s", code, len(hook.taken), text)
	}
	if _, out, text := within(t, dir, "dead", "list"); out != "" || text != "there are no dead letters\n" {
		t.Errorf("out %s, err %s", out, text)
	}
}
