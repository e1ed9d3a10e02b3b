package delivery

// Permit is the leave to make one request. Exactly one of its methods must be called when the request is
// over, or when it is not made after all; else a probe is lost, and a half-open breaker waits for it for ever.
// Only the first call counts. A request that was let through before the breaker changed its state no longer counts.
type Permit struct {
	slot   *slot // nil: there is no breaker
	serial uint64
}

// slot is what stands behind a permit. Slots are used again; serial tells the permits of one slot apart.
type slot struct {
	breaker    *Breaker
	done       func(error)
	generation uint64
	serial     uint64
}

func (b *Breaker) permit(done func(error)) Permit {
	var s *slot
	if last := len(b.free) - 1; last >= 0 {
		s, b.free = b.free[last], b.free[:last]
	} else {
		s = &slot{breaker: b}
	}
	s.done, s.generation = done, b.generation
	return Permit{slot: s, serial: s.serial}
}

// Done tells how the request went: failed counts against the breaker.
func (p Permit) Done(failed bool) {
	if failed {
		p.end(errFailed)
	} else {
		p.end(nil)
	}
}

// Withdraw gives the leave back: the request was not made, or tells nothing of the destination. It counts
// neither way, and frees a probe for another request.
func (p Permit) Withdraw() { p.end(errWithdrawn) }

// Failed is Done or Withdraw, as the decision on the request says.
func (p Permit) Failed(decision Decision) {
	if decision.Inconclusive {
		p.Withdraw()
	} else {
		p.Done(decision.Trips)
	}
}

func (p Permit) end(result error) {
	s := p.slot
	if s == nil || s.serial != p.serial {
		return
	}
	b, done := s.breaker, s.done
	if s.generation == b.generation && result != errWithdrawn {
		b.count(result == errFailed)
	}
	s.serial++
	s.done = nil
	b.free = append(b.free, s)
	done(result)
	b.announce()
}
