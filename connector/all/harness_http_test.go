package all

import (
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/connectortest"
	"github.com/acktor/acktor/connector/http"
)

// freeAddress returns an address of this machine at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close() //nolint:errcheck // it took no connection
	return listener.Addr().String()
}

func httpSource(definition *connector.SourceDefinition) connectortest.SourceHarness {
	return connectortest.SourceHarness{New: func(t *testing.T, count int) *connectortest.SourceFixture {
		address := freeAddress(t)
		var clients sync.WaitGroup
		transport := &nethttp.Transport{MaxConnsPerHost: count}
		t.Cleanup(func() { clients.Wait(); transport.CloseIdleConnections() })
		post := func() {
			client := &nethttp.Client{Transport: transport, Timeout: 10 * time.Second}
			answer, err := client.Post("http://"+address+"/", "application/json", strings.NewReader(`{"n":1}`))
			if err != nil {
				return // the source was closed meanwhile
			}
			io.Copy(io.Discard, answer.Body) //nolint:errcheck // only read so that the connection is free
			answer.Body.Close()              //nolint:errcheck // it was read
		}
		return &connectortest.SourceFixture{
			Source: newSource(t, definition, func(c *http.SourceConfig) {
				c.Address, c.AdmissionWait = address, 10*time.Second
			}),
			Endless: true,
			Opened: func() {
				for range count {
					clients.Go(post)
				}
			},
			Break: func() func() {
				listener, err := net.Listen("tcp", address)
				must(t, err)
				return func() { must(t, listener.Close()) }
			},
		}
	}}
}

// peer is an HTTP server that keeps the bodies that it gets.
type peer struct {
	mu     sync.Mutex
	bodies []string
	hold   chan struct{} // requests are answered when it is closed; nil: at once
}

func (p *peer) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	hold := p.hold
	p.bodies = append(p.bodies, string(body))
	p.mu.Unlock()
	if hold != nil {
		<-hold
	}
}

func (p *peer) received() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bodies)
}

func (p *peer) hang() (release func()) {
	hold := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = hold
	return func() { close(hold) }
}

func httpSink(definition *connector.SinkDefinition) connectortest.SinkHarness {
	return connectortest.SinkHarness{New: func(t *testing.T) *connectortest.SinkFixture {
		var p peer
		server := httptest.NewServer(&p)
		t.Cleanup(server.Close)
		return &connectortest.SinkFixture{
			Outlet:   newOutlet(t, definition, func(c *http.SinkConfig) { must(t, c.URL.UnmarshalText([]byte(server.URL))) }),
			Received: p.received,
			Hang:     p.hang,
		}
	}}
}
