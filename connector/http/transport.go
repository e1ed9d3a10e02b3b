package http

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	nethttp "net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpproxy"
)

const (
	maxResponseHeader = 64 << 10
	// A connection of HTTP/2 that is silently dead would otherwise be used on and on, since a timeout ends a stream only.
	pingAfter   = 15 * time.Second
	pingTimeout = 5 * time.Second
)

// pool holds the connections of one or more sinks. They exist while at least one sink has it open.
//
// The sinks of one outlet share a pool: the number of connections is bounded per host and port, that of idle
// ones over all of them, and an idle destination costs nothing once idle_timeout is over. A sink whose
// destination is named by something else than its URL has a pool of its own, so that one of several
// destinations behind the same host cannot take the connections of the others.
type pool struct {
	newExchanger func(dial dialFunc) exchanger
	dialer       *net.Dialer // to addresses that the configuration names
	guarded      *net.Dialer // to all others
	border       *border

	mu        sync.Mutex
	users     int
	exchanger exchanger
	life      context.Context // ends when the last user leaves, and with it every dial
	end       context.CancelFunc
	conns     map[*trackedConn]struct{}
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// open returns what sends requests. Each open is followed by one leave.
func (p *pool) open() exchanger {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users++
	if p.exchanger == nil {
		p.life, p.end = context.WithCancel(context.Background())
		p.conns = make(map[*trackedConn]struct{})
		p.exchanger = p.newExchanger(p.dial)
	}
	return p.exchanger
}

// leave closes every connection, also those that are only being made, when the last user leaves.
func (p *pool) leave() {
	p.mu.Lock()
	p.users--
	if p.users > 0 {
		p.mu.Unlock()
		return
	}
	exchanger, conns := p.exchanger, p.conns
	p.exchanger, p.conns = nil, nil
	p.end()
	p.mu.Unlock()
	exchanger.close()
	for conn := range conns {
		_ = conn.Conn.Close()
	}
}

// dial connects within connect_timeout. Its error is a connectError: nothing was sent.
func (p *pool) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	life := p.life
	p.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(life, cancel)
	defer stop()
	dialer := p.guarded
	if p.border.trusts(address) {
		dialer = p.dialer
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, &connectError{err}
	}
	tracked := &trackedConn{Conn: conn, pool: p}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != life || life.Err() != nil {
		_ = conn.Close()
		return nil, &connectError{net.ErrClosed}
	}
	p.conns[tracked] = struct{}{}
	return tracked, nil
}

// trackedConn is known to its pool until it is closed.
type trackedConn struct {
	net.Conn
	pool  *pool
	ended atomic.Bool // a Read found the end, or that the connection is broken
}

// Read reads, and notes when there is nothing more to come.
func (c *trackedConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if err != nil {
		c.ended.Store(true)
	}
	return n, err
}

// hasEnded reports whether what was read from a connection of a pool, perhaps through TLS, has come to its end.
func hasEnded(conn net.Conn) bool {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tracked, ok := conn.(*trackedConn)
	return ok && tracked.ended.Load()
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.conns, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// newPoolMaker checks the part of p's configuration that is about connections. What it returns makes pools, once p is
// complete.
func newPoolMaker(p *plan, tlsConfig *tls.Config) (func() *pool, error) {
	config := &p.config
	proxy, err := newProxy(config.Proxy.Reveal())
	if err != nil {
		return nil, err
	}
	newTransport := func(dial dialFunc) *nethttp.Transport {
		return &nethttp.Transport{
			DialContext:            dial,
			Proxy:                  proxy,
			OnProxyConnectResponse: refusedByProxy,
			TLSClientConfig:        tlsConfig.Clone(), // the transport writes into it
			TLSHandshakeTimeout:    config.TLSTimeout,
			ResponseHeaderTimeout:  config.HeaderTimeout,
			MaxResponseHeaderBytes: maxResponseHeader,
			MaxConnsPerHost:        config.MaxConnections,
			MaxIdleConnsPerHost:    config.MaxConnections,
			MaxIdleConns:           max(config.MaxIdle, config.MaxConnections),
			IdleConnTimeout:        config.IdleTimeout,
			DisableCompression:     true,
			Protocols:              protocols(config.HTTP2),
			HTTP2:                  &nethttp.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		}
	}
	newExchangers := func(dial dialFunc) exchanger { return newExchanger(p, newTransport(dial), dial) }
	return func() *pool {
		made := &pool{newExchanger: newExchangers, dialer: &net.Dialer{Timeout: config.ConnectTimeout}, border: &p.border}
		made.guarded = &net.Dialer{Timeout: config.ConnectTimeout, ControlContext: p.border.guard.ControlContext}
		return made
	}, nil
}

func protocols(mode string) *nethttp.Protocols {
	var p nethttp.Protocols
	p.SetHTTP1(mode != http2Always)
	p.SetHTTP2(mode != http2Never)
	p.SetUnencryptedHTTP2(mode == http2Always)
	return &p
}

// newProxy reads the key proxy.
func newProxy(setting string) (func(*nethttp.Request) (*url.URL, error), error) {
	switch setting {
	case "", proxyNone:
		return nil, nil
	case proxyFromEnvironment:
		choose := httpproxy.FromEnvironment().ProxyFunc()
		return func(request *nethttp.Request) (*url.URL, error) { return choose(request.URL) }, nil
	}
	u, err := url.Parse(setting)
	if err != nil || u.Host == "" {
		return nil, wrong("proxy", "not the URL of a proxy", `write one such as "http://proxy:3128", or "env", or "none"`)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return nethttp.ProxyURL(u), nil
	}
	return nil, wrong("proxy", fmt.Sprintf("unknown scheme %q", u.Scheme), "use http, https or socks5")
}

// refusedByProxy turns the answer of a proxy that will not connect into an error that says so.
func refusedByProxy(_ context.Context, _ *url.URL, _ *nethttp.Request, response *nethttp.Response) error {
	if response.StatusCode == nethttp.StatusOK {
		return nil
	}
	return &connectError{fmt.Errorf("the proxy answered %s", response.Status)}
}
