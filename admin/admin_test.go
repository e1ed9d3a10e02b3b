package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine shows the pipelines that it is told to.
type engine struct {
	*acktor.Engine
	mu  sync.Mutex
	all []acktor.Status
}

func (e *engine) Pipelines() []acktor.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all
}

func (e *engine) show(all ...acktor.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = all
}

type bundle struct {
	*admin.Server
	engine *engine
	url    string
	client *http.Client
}

func setup(t *testing.T, metrics prometheus.Gatherer) *bundle {
	t.Helper()
	return setupWith(t, metrics, acktor.Options{})
}

func setupWith(t *testing.T, metrics prometheus.Gatherer, options acktor.Options) *bundle {
	t.Helper()
	inner, err := acktor.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inner.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	b := &bundle{engine: &engine{Engine: inner}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	server, err := admin.New(b.engine, metrics, admin.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	b.Server, b.url = server, "http://"+server.Addr().String()
	return b
}

type answer struct {
	code  int
	kind  string
	allow string
	text  string
}

// ask sends a request; an empty host is that of the URL. Headers are pairs of a name and a value.
func (b *bundle) ask(t *testing.T, method, path, host string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, b.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		request.Host = host
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := b.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header.Get("Content-Type"), response.Header.Get("Allow"), string(body)}
}

func TestReadinessFollowsThePipelines(t *testing.T) {
	running := acktor.Status{Pipeline: "a", State: "running"}
	cases := []struct {
		name   string
		all    []acktor.Status
		code   int
		status string
		not    []string
	}{
		{"nothing was started yet", nil, 503, "starting", nil},
		{"one runs", []acktor.Status{running}, 200, "ready", nil},
		{"one is paused", []acktor.Status{running, {Pipeline: "b", State: "paused"}}, 200, "ready", nil},
		{"one drains", []acktor.Status{running, {Pipeline: "b", State: "draining"}}, 200, "ready", nil},
		{"one has done its work", []acktor.Status{{Pipeline: "b", State: "ended"}}, 200, "ready", nil},
		{"one ended with an error", []acktor.Status{{Pipeline: "b", State: "ended", Err: errors.New("lost")}}, 503, "unready", []string{"b ended lost"}},
		{"one starts", []acktor.Status{running, {Pipeline: "b", State: "starting"}}, 503, "unready", []string{"b starting "}},
		{"two fail", []acktor.Status{{Pipeline: "b", State: "failing", Err: errors.New("no such file")}, running, {Pipeline: "c", State: "failed"}},
			503, "unready", []string{"b failing no such file", "c failed "}},
	}
	b := setup(t, nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b.engine.show(c.all...)
			got := b.ask(t, "GET", "/readyz", "")
			if got.code != c.code {
				t.Errorf("status %d, want %d", got.code, c.code)
			}
			var body struct {
				Status   string
				NotReady []struct{ Pipeline, State, Error string } `json:"not_ready"`
			}
			if err := json.Unmarshal([]byte(got.text), &body); err != nil {
				t.Fatal(err)
			}
			var not []string
			for _, one := range body.NotReady {
				not = append(not, one.Pipeline+" "+one.State+" "+one.Error)
			}
			if body.Status != c.status || strings.Join(not, "|") != strings.Join(c.not, "|") {
				t.Errorf("%s %q, want %s %q", body.Status, not, c.status, c.not)
			}
		})
	}
}

func TestAStoppingServerLivesButIsNotReady(t *testing.T) {
	b := setup(t, nil)
	b.engine.show(acktor.Status{Pipeline: "a", State: "running"})
	b.ShuttingDown()
	if got := b.ask(t, "GET", "/readyz", ""); got.code != 503 || !strings.Contains(got.text, "stopping") {
		t.Errorf("readyz: %+v", got)
	}
	if got := b.ask(t, "GET", "/healthz", ""); got.code != 200 {
		t.Errorf("healthz: %+v", got)
	}
}

func TestOnlyLoopbackNamesAreAnswered(t *testing.T) {
	b := setup(t, nil)
	for host, want := range map[string]int{
		"": 200, "localhost": 200, "LOCALHOST:7717": 200, "127.0.0.1": 200, "127.1.2.3:80": 200, "[::1]:7717": 200, "[::1]": 200,
		"evil.example": 421, "evil.example:7717": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.1": 421, "0.0.0.0:7717": 421,
	} {
		for _, path := range []string{"/healthz", "/metrics", "/v1/pipelines"} {
			got := b.ask(t, "GET", path, host)
			if got.code != want {
				t.Errorf("%s with Host %q: %d, want %d", path, host, got.code, want)
			}
			if want == 421 && got.kind != "application/problem+json" {
				t.Errorf("%s with Host %q: %s", path, host, got.kind)
			}
		}
	}
}

func TestWhatCannotBeAnsweredIsAProblem(t *testing.T) {
	b := setup(t, nil)
	if got := b.ask(t, "GET", "/nowhere", ""); got.code != 404 || got.kind != "application/problem+json" || !strings.Contains(got.text, `"status":404`) {
		t.Errorf("unknown path: %+v", got)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/v1/pipelines"} {
		if got := b.ask(t, "POST", path, ""); got.code != 405 || got.allow != "GET, HEAD" || got.kind != "application/problem+json" {
			t.Errorf("POST %s: %+v", path, got)
		}
		if got := b.ask(t, "HEAD", path, ""); got.code == 405 || got.text != "" {
			t.Errorf("HEAD %s: %+v", path, got)
		}
	}
}

func TestOtherAddressesAreRefused(t *testing.T) {
	for _, address := range []string{"0.0.0.0:7717", ":7717", "[::]:7717", "192.0.2.1:7717", "example.org:7717", "7717", "127.0.0.1"} {
		if _, err := admin.New(&engine{}, nil, admin.Options{Address: address}); err == nil || !strings.Contains(err.Error(), admin.DefaultAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "localhost:0", "[::1]:0", "127.0.0.2:0"} {
		if _, err := admin.New(&engine{}, nil, admin.Options{Address: address}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAnAddressInUseIsToldApart(t *testing.T) {
	b := setup(t, nil)
	second, err := admin.New(b.engine, nil, admin.Options{Address: b.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestARunningEngineIsShown(t *testing.T) {
	registry := prometheus.NewRegistry()
	running, err := acktor.New(acktor.Options{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	left := 3
	source := acktor.SourceFunc(func(context.Context) (*acktor.Record, error) {
		if left--; left < 0 {
			return nil, connector.ErrEndOfSource
		}
		return &acktor.Record{ID: "r"}, nil
	})
	sink := acktor.SinkFunc("crm", func(context.Context, *acktor.Record) error { return nil })
	if err := running.Add(acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{sink}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(running.Start(t.Context()), running.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	b := setup(t, registry)
	b.engine.show(running.Pipelines()...)
	metrics, pipelines := b.ask(t, "GET", "/metrics", ""), b.ask(t, "GET", "/v1/pipelines", "")
	if err := running.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := `acktor_records_settled_total{class="none",outcome="delivered",pipeline="orders"} 3`; !strings.Contains(metrics.text, want) {
		t.Errorf("metrics lack %s:\n%s", want, metrics.text)
	}
	if want := `{"pipelines":[{"name":"orders","state":"ended","read":3,"delivered":3,"failed":0,"filtered":0,"in_flight":0`; !strings.HasPrefix(pipelines.text, want) {
		t.Errorf("pipelines: %s", pipelines.text)
	}
}
