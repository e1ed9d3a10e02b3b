package http

import (
	"container/list"
	"sync"
	"time"
)

// recent remembers values for a time, in bounded memory: what was used longest ago is forgotten first. Any number of
// goroutines use it.
type recent[K comparable, V any] struct {
	ttl         time.Duration
	maxEntries  int
	maxWeight   int
	mu          sync.Mutex
	weight      int
	entries     map[K]*list.Element
	leastRecent list.List // of *remembered[K, V], the one used last in front
}

type remembered[K comparable, V any] struct {
	key    K
	value  V
	weight int
	until  time.Time
}

func newRecent[K comparable, V any](ttl time.Duration, maxEntries, maxWeight int) *recent[K, V] {
	return &recent[K, V]{ttl: ttl, maxEntries: maxEntries, maxWeight: maxWeight, entries: make(map[K]*list.Element)}
}

// get returns what was put under key.
func (r *recent[K, V]) get(key K) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	element, ok := r.entries[key]
	if !ok {
		return value, false
	}
	entry := element.Value.(*remembered[K, V])
	if !time.Now().Before(entry.until) {
		r.remove(element)
		return value, false
	}
	r.leastRecent.MoveToFront(element)
	return entry.value, true
}

// put remembers value under key. A value of more than maxWeight is not remembered.
func (r *recent[K, V]) put(key K, value V, weight int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(key)
	if weight > r.maxWeight {
		return
	}
	entry := &remembered[K, V]{key: key, value: value, weight: weight, until: time.Now().Add(r.ttl)}
	r.entries[key] = r.leastRecent.PushFront(entry)
	r.weight += weight
	for len(r.entries) > r.maxEntries || r.weight > r.maxWeight {
		r.remove(r.leastRecent.Back())
	}
}

// drop forgets key.
func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(key)
}

func (r *recent[K, V]) forget(key K) {
	if element, ok := r.entries[key]; ok {
		r.remove(element)
	}
}

func (r *recent[K, V]) remove(element *list.Element) {
	entry := r.leastRecent.Remove(element).(*remembered[K, V])
	delete(r.entries, entry.key)
	r.weight -= entry.weight
}
