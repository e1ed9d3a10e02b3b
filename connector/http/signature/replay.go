package signature

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Standing is what Replay knows of a message.
type Standing uint8

// The standings.
const (
	Fresh   Standing = iota + 1 // not seen: it is the caller's now
	Pending                     // seen, and what became of it is not known
	Seen                        // seen, and kept
)

// Replay remembers messages by their ids for as long as their timestamps are accepted, so that a message that comes again is known
// as a duplicate. It holds at most so many, each in some 150 bytes however long its id is; when there are more, the
// oldest is forgotten early. Any number of goroutines may use it.
//
// A sender repeats a message when it got no good answer, so being seen is not enough: a message that was claimed is either
// kept, when it was taken for good, or released, when its sender is to try again.
type Replay struct {
	window  time.Duration
	entries int

	mu        sync.Mutex
	known     map[digest]*seen
	oldest    *seen
	newest    *seen
	forgotten uint64
}

// digest stands for an id. Ids are signed, so that finding two with the same digest is of no use to anybody without a key.
type digest [16]byte

type seen struct {
	digest       digest
	at           time.Time
	kept         bool
	older, newer *seen
}

// DefaultReplayEntries is how many messages a Replay holds where nothing else is said.
const DefaultReplayEntries = 100_000

// NewReplay makes a Replay for a verifier with that tolerance, zero being DefaultTolerance. A message is remembered for twice
// as long: its timestamp may be that far ahead when it is seen first. Zero entries are DefaultReplayEntries.
func NewReplay(tolerance time.Duration, entries int) *Replay {
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	if entries <= 0 {
		entries = DefaultReplayEntries
	}
	return &Replay{window: 2 * tolerance, entries: entries, known: make(map[digest]*seen)}
}

// Claim tells how the message with that id stands. A Fresh one is Pending from then on, until Keep, Release or the end of its time.
func (r *Replay) Claim(id string, now time.Time) Standing {
	key := digestOf(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	if known, ok := r.known[key]; ok {
		if known.kept {
			return Seen
		}
		return Pending
	}
	if len(r.known) >= r.entries {
		r.remove(r.oldest)
		r.forgotten++
	}
	r.append(&seen{digest: key, at: now})
	return Fresh
}

// Keep makes a message that was claimed Seen.
func (r *Replay) Keep(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.known[digestOf(id)]; ok {
		known.kept = true
	}
}

// Release forgets a message that was claimed and not kept: the next time it is Fresh.
func (r *Replay) Release(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.known[digestOf(id)]; ok && !known.kept {
		r.remove(known)
	}
}

// Forgotten is how many messages were forgotten before their time, for want of room. While it grows, replays may pass.
func (r *Replay) Forgotten() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forgotten
}

// Len is how many messages are remembered.
func (r *Replay) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known)
}

func digestOf(id string) digest {
	sum := sha256.Sum256([]byte(id))
	return digest(sum[:len(digest{})])
}

// expire removes what is older than the window. Where the clock went back nothing is: the order is that of the claims.
func (r *Replay) expire(now time.Time) {
	for r.oldest != nil && now.Sub(r.oldest.at) > r.window {
		r.remove(r.oldest)
	}
}

func (r *Replay) append(s *seen) {
	r.known[s.digest] = s
	s.older = r.newest
	if r.newest != nil {
		r.newest.newer = s
	} else {
		r.oldest = s
	}
	r.newest = s
}

func (r *Replay) remove(s *seen) {
	delete(r.known, s.digest)
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		r.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		r.newest = s.older
	}
	s.older, s.newer = nil, nil
}
