package ratelimit

import (
	"container/list"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
)

// Config configures a Limiter. Use field.Defaults[Config] to start from the documented defaults.
type Config struct {
	PerSecond float64 `config:"per_second,required" min:"0.001" max:"1000000" doc:"Requests of one client in a second, in the long run." example:"50"`
	Burst     int     `config:"burst" default:"10" min:"1" max:"1000000" doc:"Requests of one client that may come at once."`
	Header    string  `config:"header" doc:"The header that tells clients apart, such as one that a proxy sets; a request without it goes by its address. Default: the address, of IPv6 the first 64 bits." example:"X-Customer"`
	Clients   int     `config:"clients" default:"10000" min:"1" max:"10000000" doc:"Clients that are known at a time, each in some 200 bytes. When more are busy, those beyond share one bucket."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *Config) Validate() error {
	if c.Header != "" && !httpguts.ValidHeaderFieldName(c.Header) {
		return &connector.ConfigError{Key: "header", Text: fmt.Sprintf("%q is not the name of a header", c.Header), Cure: "write for example X-Customer"}
	}
	if !(c.PerSecond > 0 && time.Duration(float64(time.Second)/c.PerSecond) > 0) {
		return &connector.ConfigError{Key: "per_second", Text: fmt.Sprintf("%v is no rate", c.PerSecond), Cure: "write a number such as 50"}
	}
	return nil
}

// Limiter knows when each client was served. Any number of goroutines may use one.
type Limiter struct {
	header   string
	interval time.Duration // between two requests in the long run
	ahead    time.Duration // how far a client may be ahead of that
	clients  int

	mu     sync.Mutex
	known  map[string]*list.Element
	recent *list.List // of *client, the one seen last in front
	shared client
}

// client has one number for its bucket: the time at which it would be full again. A bucket that is full needs not be known.
type client struct {
	name string
	full time.Time
}

// maxName bounds what a client can make the Limiter remember: a longer name is cut.
const maxName = 128

// New makes a Limiter. A burst or a number of clients of zero is the documented default. The error is a *connector.ConfigError.
func New(config Config) (*Limiter, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Burst <= 0 {
		config.Burst = 10
	}
	if config.Clients <= 0 {
		config.Clients = 10_000
	}
	interval := time.Duration(float64(time.Second) / config.PerSecond)
	return &Limiter{
		header: config.Header, interval: interval, ahead: interval * time.Duration(config.Burst-1), clients: config.Clients,
		known: make(map[string]*list.Element), recent: list.New(),
	}, nil
}

// Client names the client of a request. Header returns all values of a name, whatever its case.
func (l *Limiter) Client(header func(name string) []string, address netip.Addr) string {
	if l.header != "" {
		if values := header(l.header); len(values) > 0 && values[0] != "" {
			return "h" + strings.Clone(values[0][:min(len(values[0]), maxName)])
		}
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		prefix, _ := address.Prefix(64) // never fails: there are as many bits
		address = prefix.Addr()
	}
	return "a" + address.String()
}

// Allow says whether the client may be served now, and if not, after what time it may try again. What is not served costs the client nothing.
func (l *Limiter) Allow(name string, now time.Time) (ok bool, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.find(name, now)
	if c.full.Before(now) {
		c.full = now
	}
	if wait := c.full.Sub(now) - l.ahead; wait > 0 {
		return false, wait
	}
	c.full = c.full.Add(l.interval)
	return true, 0
}

// find returns the bucket of a client. A new one takes the place of the one that was seen longest ago, if that is full again; else it shares.
func (l *Limiter) find(name string, now time.Time) *client {
	if element, ok := l.known[name]; ok {
		l.recent.MoveToFront(element)
		return element.Value.(*client)
	}
	if len(l.known) >= l.clients {
		last := l.recent.Back()
		idle := last.Value.(*client)
		if idle.full.After(now) {
			return &l.shared
		}
		l.recent.Remove(last)
		delete(l.known, idle.name)
	}
	c := &client{name: name}
	l.known[name] = l.recent.PushFront(c)
	return c
}

// Len is how many clients are known.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known)
}
