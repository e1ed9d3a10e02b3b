package http

import (
	"slices"
	"time"
)

// rest keeps a line without use. It returns the one that is then too many, no longer kept, or nil.
func (p *lines) rest(l *line) *line {
	l.since = time.Now()
	l.host.idle = append(l.host.idle, l)
	l.prev, l.next = p.idle.prev, &p.idle
	l.prev.next, l.next.prev = l, l
	if p.quiet++; p.quiet > p.idlest {
		spare := p.idle.next
		p.wake(spare)
		return spare
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(p.interval(), p.look)
	}
	return nil
}

// wake takes a line from those without use.
func (p *lines) wake(l *line) {
	i := len(l.host.idle) - 1
	if l.host.idle[i] != l {
		i = slices.Index(l.host.idle, l)
	}
	l.host.idle = slices.Delete(l.host.idle, i, i+1)
	l.prev.next, l.next.prev = l.next, l.prev
	l.prev, l.next = nil, nil
	p.quiet--
}

func (p *lines) interval() time.Duration {
	if p.timeout > 0 {
		return min(p.timeout, lookAround)
	}
	return lookAround
}

// look closes the idle lines whose time is over and those that the peer has closed, now and then while there are any.
func (p *lines) look() {
	p.mu.Lock()
	var over []*line
	next := p.interval()
	for l := p.idle.next; l != &p.idle && !p.closed; {
		following, idle := l.next, time.Since(l.since)
		switch left := p.timeout - idle; {
		case p.timeout > 0 && left <= 0, !l.ended.quietly():
			p.wake(l)
			over = append(over, l)
		case p.timeout > 0:
			next = min(next, left)
		}
		l = following
	}
	p.timer = nil
	if p.quiet > 0 && !p.closed {
		p.timer = time.AfterFunc(next, p.look)
	}
	p.mu.Unlock()
	for _, l := range over {
		p.discard(l)
	}
}

// close closes the idle lines. Those in use are closed when they are given back, those that are awaited are made by dial,
// which then refuses.
func (p *lines) close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	var over []*line
	for p.quiet > 0 {
		l := p.idle.next
		p.wake(l)
		over = append(over, l)
	}
	p.mu.Unlock()
	for _, l := range over {
		p.discard(l)
	}
}
