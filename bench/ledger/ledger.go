package ledger

import (
	"sync"
	"sync/atomic"
	"time"
)

// Ledger counts what one receiving end takes. Its methods may be called at the same time.
type Ledger struct {
	seen                  *Set
	duplicates, strangers atomic.Int64

	mu       sync.Mutex
	last     []int64 // by key
	disorder int64
	lastAt   time.Time
	count    int64
}

// New makes an empty ledger.
func New() *Ledger { return &Ledger{seen: NewSet(), last: make([]int64, Keys)} }

// Take notes the records in text, and reports whether it could be read.
func (l *Ledger) Take(text []byte) bool {
	records := 0
	err := Numbers(text, func(n int64, key int) {
		records++
		l.Note(n, key)
	})
	if err != nil || records == 0 {
		l.strangers.Add(1)
		return false
	}
	return true
}

// Note notes one record.
func (l *Ledger) Note(n int64, key int) {
	switch {
	case !l.seen.Holds(n):
		l.strangers.Add(1)
	case !l.seen.Add(n):
		l.duplicates.Add(1)
	default:
		l.first(n, key)
	}
}

// first notes a record that was not there before.
func (l *Ledger) first(n int64, key int) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < l.last[key] {
		l.disorder++
	}
	l.last[key] = n
	l.lastAt = now
	l.count++
}

// Page is what a ledger says at the end.
type Page struct {
	Seen       *Set
	Duplicates int64
	// Strangers counts what was no record of the suite.
	Strangers int64
	// Disorder counts records that came after a later one of the same key.
	Disorder int64
	LastAt   time.Time // when the last one came that was new
}

// Page returns what was noted so far. The Set goes on to change.
func (l *Ledger) Page() Page {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Page{Seen: l.seen, Duplicates: l.duplicates.Load(), Strangers: l.strangers.Load(), Disorder: l.disorder, LastAt: l.lastAt}
}

// Count is how many different records were taken so far.
func (l *Ledger) Count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}
