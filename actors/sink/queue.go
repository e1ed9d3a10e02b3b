package sink

import (
	"container/heap"
	"time"

	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/messages"
)

// job is one Deliver on its way.
type job struct {
	deliver  *messages.Deliver
	progress delivery.Progress
	lane     *lane     // the lane that the job holds, if it is ordered
	due      time.Time // of the next attempt, while in the retry heap
	index    int       // in the retry heap

	withdrawn bool // the attempt under way is the last
	forgotten bool // nobody waits for the answer any more
}

// fifo is a queue of jobs on a ring that grows and, when it has been empty, shrinks.
type fifo struct {
	ring []*job
	head int
	n    int
}

const keptRing = 1024

func (q *fifo) len() int { return q.n }

func (q *fifo) push(j *job) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = j
	q.n++
}

func (q *fifo) pop() *job {
	j := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	if q.n == 0 && len(q.ring) > keptRing {
		*q = fifo{}
	}
	return j
}

func (q *fifo) peek() *job { return q.ring[q.head] }

func (q *fifo) grow() {
	ring := make([]*job, max(16, 2*len(q.ring)))
	for i := range q.n {
		ring[i] = q.ring[(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}

// keep drops every job for which stay is false, and keeps the order of the others.
func (q *fifo) keep(stay func(*job) bool) {
	for range q.n {
		if j := q.pop(); stay(j) {
			q.push(j)
		}
	}
}

// retryHeap holds the jobs that wait for their next attempt, the earliest due on top.
type retryHeap []*job

func (h retryHeap) Len() int { return len(h) }

func (h retryHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].deliver.Seq < h[j].deliver.Seq
	}
	return h[i].due.Before(h[j].due)
}

func (h retryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *retryHeap) Push(x any) {
	j := x.(*job)
	j.index = len(*h)
	*h = append(*h, j)
}

func (h *retryHeap) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return j
}

func (h *retryHeap) add(j *job) { heap.Push(h, j) }

// popDue returns the earliest job if it is due now, else nil.
func (h *retryHeap) popDue(now time.Time) *job {
	if len(*h) == 0 || (*h)[0].due.After(now) {
		return nil
	}
	return heap.Pop(h).(*job)
}

// keep drops every job for which stay is false.
func (h *retryHeap) keep(stay func(*job) bool) {
	kept := (*h)[:0]
	for _, j := range *h {
		if stay(j) {
			kept = append(kept, j)
		}
	}
	clear((*h)[len(kept):])
	*h = kept
	for i, j := range kept {
		j.index = i
	}
	heap.Init(h)
}
