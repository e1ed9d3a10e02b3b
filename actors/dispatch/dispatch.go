// Package dispatch runs actors: on goroutines that are used again, out of mailboxes that are emptied in one go.
//
// protoactor's own dispatcher starts a goroutine each time that a mailbox has something to do. Its stack is small then,
// and is copied as it grows, which for short bursts of messages costs more than the messages do. The goroutines
// here keep the stacks that they have grown.
package dispatch

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Pool is a dispatcher. It starts goroutines as they are needed, and keeps some of them. It is safe for
// concurrent use.
type Pool struct {
	mu     sync.Mutex
	idle   []*worker // the one that was busy last is on top, since its stack is warm
	closed bool
}

var _ actor.Dispatcher = (*Pool)(nil)

const (
	// keep is how many idle goroutines are kept: more than can run at the same time on most machines.
	keep = 128
	// throughput is how many messages an actor handles before it lets others go ahead.
	throughput = 300
)

type worker struct{ next chan func() }

// NewPool returns an empty pool. Close ends its goroutines.
func NewPool() *Pool { return &Pool{} }

// Throughput is how many messages an actor handles in a row.
func (*Pool) Throughput() int { return throughput }

// Schedule runs run soon, on a goroutine of its own. It does not block.
func (p *Pool) Schedule(run func()) {
	p.mu.Lock()
	last := len(p.idle) - 1
	if last < 0 {
		p.mu.Unlock()
		p.start(run)
		return
	}
	w := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	p.mu.Unlock()
	w.next <- run
}

func (p *Pool) start(run func()) {
	w := &worker{next: make(chan func(), 1)}
	go func() {
		for run != nil {
			run()
			if !p.rest(w) {
				return
			}
			run = <-w.next
		}
	}()
}

// rest makes w wait for work, unless enough others do.
func (p *Pool) rest(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= keep {
		return false
	}
	p.idle = append(p.idle, w)
	return true
}

// Close ends the idle goroutines, and the others once they have nothing to do. What is scheduled later still runs.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.idle {
		w.next <- nil
	}
	p.idle = nil
}

// Props are those of one actor that dispatcher runs, or, if that is nil, protoactor's own. produce is called for each
// incarnation of it.
func Props(produce func(*Turn) actor.Actor, dispatcher actor.Dispatcher) *actor.Props {
	turn := &Turn{}
	options := []actor.PropsOption{actor.WithMailbox(func() actor.Mailbox { return newMailbox(turn) })}
	if dispatcher != nil {
		options = append(options, actor.WithDispatcher(dispatcher))
	}
	return actor.PropsFromProducer(func() actor.Actor { return produce(turn) }, options...)
}
