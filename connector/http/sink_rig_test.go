package http

import (
	"context"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/egress"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

func template(text string) expression.Template { return expression.Must[expression.Template](text) }

// sinkConfig returns the defaults with a fixed URL.
func sinkConfig(url string, changes ...func(*SinkConfig)) SinkConfig {
	config := field.Defaults[SinkConfig]()
	config.Client = clientOfRun
	if url != "" {
		config.URL = template(url)
	}
	for _, change := range changes {
		change(&config)
	}
	return config
}

func withAuth(auth credential.Auth) func(*SinkConfig) {
	return func(c *SinkConfig) { c.Auth = &auth }
}

func bearer(token field.Secret) func(*SinkConfig) {
	return withAuth(credential.Auth{Bearer: &credential.Bearer{Token: token}})
}

// nearby allows addresses of this machine, where peers of tests are.
func nearby(c *SinkConfig) { c.Egress = &egress.Config{Allow: []egress.Allow{{CIDR: "127.0.0.0/8"}}} }

// outletOf makes the outlet of a sink that must be right.
func outletOf(t testing.TB, config SinkConfig) *connector.Outlet {
	t.Helper()
	outlet, err := newSink(config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return outlet
}

// openSink opens the sink of the one destination of config and closes it at the end of the test.
func openSink(t testing.TB, url string, changes ...func(*SinkConfig)) *sink {
	t.Helper()
	outlet := outletOf(t, sinkConfig(url, changes...))
	return openAt(t, outlet, outlet.Name)
}

func openAt(t testing.TB, outlet *connector.Outlet, destination string) *sink {
	t.Helper()
	made, err := outlet.New(destination)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return made.(*sink)
}

func record(id, data string, headers ...string) *connector.Record {
	r := &connector.Record{ID: connector.RecordID(id), Data: []byte(data)}
	for i := 0; i < len(headers); i += 2 {
		r.Headers.Add(headers[i], headers[i+1])
	}
	return r
}

// write sends one record with a generous time limit.
func write(t testing.TB, s connector.Sink, r *connector.Record) connector.Result {
	t.Helper()
	return writeWithin(t, s, r, 20*time.Second)
}

func writeWithin(t testing.TB, s connector.Sink, r *connector.Record, limit time.Duration) connector.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return s.Write(ctx, []*connector.Record{r})[0]
}

// wantFailure checks an attempt's class and whether it is ambiguous, and returns it.
func wantFailure(t testing.TB, result connector.Result, class connector.Class, ambiguous bool) *connector.AttemptError {
	t.Helper()
	failure, ok := result.Err.(*connector.AttemptError)
	if !ok {
		t.Fatalf("result is %v, want a failure of class %s", result.Err, class)
	}
	if failure.Class != class || failure.Ambiguous != ambiguous {
		t.Errorf("failure is %v (ambiguous %t, cause %v), want %s (ambiguous %t)", failure, failure.Ambiguous, failure.Err, class, ambiguous)
	}
	return failure
}

func wantDelivered(t testing.TB, result connector.Result) *connector.Response {
	t.Helper()
	if result.Err != nil {
		t.Fatalf("not delivered: %v", result.Err)
	}
	return result.Response
}

// request is what a peer saw.
type request struct {
	method, url, host, body string
	header                  nethttp.Header
}

// peer is an endpoint that keeps what it sees.
type peer struct {
	*httptest.Server
	mu    sync.Mutex
	seen  []request
	conns map[net.Conn]bool
}

// newPeer starts an endpoint. A nil answer is 200 without a body.
func newPeer(t testing.TB, answer nethttp.HandlerFunc, changes ...func(*httptest.Server)) *peer {
	t.Helper()
	p := &peer{conns: map[net.Conn]bool{}}
	p.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.seen = append(p.seen, request{r.Method, r.RequestURI, r.Host, string(body), r.Header})
		p.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	p.Config.ConnState = func(conn net.Conn, state nethttp.ConnState) {
		if state == nethttp.StateNew {
			p.mu.Lock()
			p.conns[conn] = true
			p.mu.Unlock()
		}
	}
	for _, change := range changes {
		change(p.Server)
	}
	if p.TLS == nil {
		p.Start()
	} else {
		p.StartTLS()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *peer) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.seen...)
}

func (p *peer) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// rawPeer listens and hands each connection to serve, in a goroutine of its own, with its number from 0.
func rawPeer(t testing.TB, serve func(n int, conn net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wait.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			wait.Go(func() {
				defer conn.Close()
				serve(n, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return listener.Addr().String()
}
