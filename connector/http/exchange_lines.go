package http

import (
	"bufio"
	"context"
	"math"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"
)

// lookAround is how often idle lines are looked at for those that the peer has closed.
const lookAround = 15 * time.Second

// lines holds connections: so many to one host and port, and of those without use so many over all of them. Any number of
// goroutines use it.
type lines struct {
	dial    dialFunc
	most    int           // to one host
	idlest  int           // over all hosts, without use
	timeout time.Duration // after which one without use is closed; 0: never
	readers sync.Pool

	mu     sync.Mutex
	hosts  map[string]*host // those that have lines
	idle   line             // the ring of those without use, from the one used longest ago (idle.next) on
	quiet  int              // how many they are
	timer  *time.Timer      // nil: there are none to look at
	closed bool
}

// host is the lines to one host and port. Its fields belong to lines.mu.
type host struct {
	address string
	open    int     // those in use, idle, or only being made
	idle    []*line // the one used last at the end
	waiting []chan *line
}

func newLines(config *SinkConfig, dial dialFunc) *lines {
	most := config.MaxConnections
	if most <= 0 {
		most = math.MaxInt
	}
	p := &lines{
		dial: dial, most: most, idlest: max(config.MaxIdle, most),
		timeout: config.IdleTimeout, hosts: make(map[string]*host),
	}
	p.idle.prev, p.idle.next = &p.idle, &p.idle
	return p
}

// take returns a line to address, host:port: one without use that is still good, else a new one, where that is allowed. Else it
// waits in turn until ctx ends. Each take without an error is followed by one give.
func (p *lines) take(ctx context.Context, address string) (*line, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for {
		l, h, wait := p.next(address)
		if wait != nil {
			select {
			case l = <-wait:
			case <-ctx.Done():
				p.leave(h, wait)
				return nil, ctx.Err()
			}
		}
		switch {
		case l == nil:
			return p.make(ctx, h)
		case l.ended.quietly():
			return p.ready(l), nil
		}
		p.discard(l)
	}
}

// next returns one of three: a line, the leave to make one for h (both others are nil), or where to wait for either: nil
// then stands for the leave.
func (p *lines) next(address string) (*line, *host, chan *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[address]
	if h == nil {
		h = &host{address: address}
		p.hosts[address] = h
	}
	if n := len(h.idle); n > 0 {
		l := h.idle[n-1]
		p.wake(l)
		return l, h, nil
	}
	if h.open < p.most {
		h.open++
		return nil, h, nil
	}
	wait := make(chan *line, 1)
	h.waiting = append(h.waiting, wait)
	return nil, h, wait
}

// leave stops waiting. What came meanwhile goes to the next.
func (p *lines) leave(h *host, wait chan *line) {
	p.mu.Lock()
	if i := slices.Index(h.waiting, wait); i >= 0 {
		h.waiting = slices.Delete(h.waiting, i, i+1)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	if l := <-wait; l != nil {
		p.put(l)
	} else {
		p.free(h)
	}
}

// make connects to h, which has counted the new line already.
func (p *lines) make(ctx context.Context, h *host) (*line, error) {
	conn, err := p.dial(ctx, "tcp", h.address)
	if err != nil {
		p.free(h)
		return nil, err
	}
	return p.ready(newLine(conn, h)), nil
}

func (p *lines) ready(l *line) *line {
	reader, ok := p.readers.Get().(*bufio.Reader)
	if !ok {
		reader = bufio.NewReaderSize(nil, firstRead)
	}
	reader.Reset(l)
	l.reader = reader
	return l
}

// give takes a line back: for the next request, if reuse, or to be closed.
func (p *lines) give(l *line, reuse bool) {
	reuse = reuse && l.reusable()
	l.reader.Reset(nil)
	p.readers.Put(l.reader)
	l.reader = nil
	if reuse {
		p.put(l)
	} else {
		p.discard(l)
	}
}

// put hands a line that is good to the first who waits, or keeps it.
func (p *lines) put(l *line) {
	p.mu.Lock()
	if !p.closed && len(l.host.waiting) > 0 {
		l.host.first() <- l
		p.mu.Unlock()
		return
	}
	var spare *line
	if p.closed {
		spare = l
	} else {
		spare = p.rest(l)
	}
	p.mu.Unlock()
	if spare != nil {
		p.discard(spare)
	}
}

// discard closes a line.
func (p *lines) discard(l *line) {
	l.abort()
	p.free(l.host)
}

// free says that h has a line less, and lets the first who waits make one.
func (p *lines) free(h *host) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(h.waiting) > 0 {
		h.first() <- nil
		return
	}
	if h.open--; h.open == 0 {
		delete(p.hosts, h.address)
	}
}

// first takes the one who has waited longest from those who wait.
func (h *host) first() chan *line {
	wait := h.waiting[0]
	h.waiting[0] = nil
	h.waiting = h.waiting[1:]
	return wait
}

// addressOf returns host:port of u.
func addressOf(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "80")
}
