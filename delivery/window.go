package delivery

import "time"

// buckets is how finely a window forgets: the oldest tenth at a time.
const buckets = 10

// tally counts requests that have ended.
type tally struct{ failed, ended uint32 }

func (t *tally) add(failed bool) {
	t.ended++
	if failed {
		t.failed++
	}
}

func (t *tally) sub(other tally) {
	t.failed -= other.failed
	t.ended -= other.ended
}

// window counts the requests that ended lately: within its length, and at least within nine tenths of it.
// Invariant: total is the sum of ring.
type window struct {
	period time.Duration // of one bucket
	start  time.Time     // of bucket 0
	newest int64         // the number of the bucket in use; it stands at newest % buckets
	total  tally
	ring   [buckets]tally
}

func newWindow(length time.Duration) window { return window{period: max(length/buckets, 1)} }

// reset forgets everything.
func (w *window) reset(now time.Time) { *w = window{period: w.period, start: now} }

// add counts a request that ended now.
func (w *window) add(now time.Time, failed bool) {
	w.forget(now)
	w.ring[w.newest%buckets].add(failed)
	w.total.add(failed)
}

// forget moves on to the bucket of now and empties those that it comes round to.
func (w *window) forget(now time.Time) {
	current := int64(now.Sub(w.start) / w.period)
	if current-w.newest >= buckets {
		w.total, w.ring, w.newest = tally{}, [buckets]tally{}, current
		return
	}
	for w.newest < current {
		w.newest++
		bucket := &w.ring[w.newest%buckets]
		w.total.sub(*bucket)
		*bucket = tally{}
	}
}
