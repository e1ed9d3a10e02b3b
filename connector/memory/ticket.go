package memory

import "github.com/acktor/acktor/connector"

// ticket is a record that somebody waits for. Its fields belong to the source's mutex, except that
// whoever took it off its list for good has it alone.
type ticket struct {
	record  *connector.Record
	outcome chan *connector.Outcome  // for Send; has room for one
	done    func(*connector.Outcome) // for SendAsync

	read  bool // handed over at least once
	again bool // handed over more than once

	list           *list // that it is in, or nil
	before, behind *ticket
}

// ticket returns a ticket that is in no list.
func (s *Source) ticket() *ticket {
	if t, ok := s.tickets.Get().(*ticket); ok {
		return t
	}
	return &ticket{outcome: make(chan *connector.Outcome, 1)}
}

// free gives a ticket back. One that was handed over more than once may be settled again, and is not used again.
func (s *Source) free(t *ticket) {
	if t.again {
		return
	}
	*t = ticket{outcome: t.outcome}
	s.tickets.Put(t)
}

// list is a list of tickets, each of which can be removed at once.
type list struct {
	first, last *ticket
	length      int
}

func (l *list) push(t *ticket) {
	t.list, t.before, t.behind = l, l.last, nil
	if l.last != nil {
		l.last.behind = t
	} else {
		l.first = t
	}
	l.last = t
	l.length++
}

func (l *list) remove(t *ticket) {
	if t.before != nil {
		t.before.behind = t.behind
	} else {
		l.first = t.behind
	}
	if t.behind != nil {
		t.behind.before = t.before
	} else {
		l.last = t.before
	}
	t.list, t.before, t.behind = nil, nil, nil
	l.length--
}

// clear takes all out.
func (l *list) clear() []*ticket {
	all := make([]*ticket, 0, l.length)
	for l.first != nil {
		all = append(all, l.first)
		l.remove(l.first)
	}
	return all
}

// prepend moves all of other in front of l.
func (l *list) prepend(other *list) {
	behind := l.clear()
	for _, t := range append(other.clear(), behind...) {
		l.push(t)
	}
}
