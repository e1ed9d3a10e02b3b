package dispatch

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Turn is what an actor knows of its mailbox. Only the actor itself uses it, within Receive.
type Turn struct {
	now     time.Time
	waiting atomic.Int64 // messages that are not handled yet
}

// Now returns when the message was taken up, together with those that were there then. Asking the system for each would
// cost as much as many of them do.
func (t *Turn) Now() time.Time { return t.now }

// More reports whether another message waits: what can be done for several at once may be left to it.
func (t *Turn) More() bool { return t.waiting.Load() > 0 }

// mailbox is an unbounded queue: senders hold credits, which bounds it. The actor takes what has come in one go, so
// that each message costs a sender one short lock, and the actor next to nothing. What it needed in a rush is let go
// afterwards.
//
// System messages go first, and a suspended actor handles nothing else, as protoactor has it.
type mailbox struct {
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher
	turn       *Turn
	process    func()

	running   atomic.Bool // an invocation of process is scheduled or under way
	urgent    atomic.Int32
	suspended atomic.Bool

	mu      sync.Mutex
	posted  []any
	systems []any

	// These belong to process.
	taken []any
	next  int // the first of taken that is not handled
}

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox(turn *Turn) *mailbox {
	m := &mailbox{turn: turn}
	m.process = m.processAll
	return m
}

// keptRoom is how many messages a mailbox has room for when it is empty, at most.
const keptRoom = 4096

func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.invoker, m.dispatcher = invoker, dispatcher
}

func (m *mailbox) Start() {}

func (m *mailbox) UserMessageCount() int { return int(m.turn.waiting.Load()) }

func (m *mailbox) PostUserMessage(message any) {
	m.turn.waiting.Add(1)
	m.mu.Lock()
	m.posted = append(m.posted, message)
	m.mu.Unlock()
	m.schedule()
}

func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.systems = append(m.systems, message)
	m.mu.Unlock()
	m.urgent.Add(1)
	m.schedule()
}

func (m *mailbox) schedule() {
	if !m.running.Load() && m.running.CompareAndSwap(false, true) {
		m.dispatcher.Schedule(m.process)
	}
}

// processAll handles messages until there are none, or until the actor is suspended.
func (m *mailbox) processAll() {
	for {
		m.run()
		m.running.Store(false)
		if m.urgent.Load() == 0 && (m.suspended.Load() || m.turn.waiting.Load() == 0) {
			return
		}
		if !m.running.CompareAndSwap(false, true) {
			return // a sender has scheduled it already
		}
	}
}

// run returns after a panic too, which the supervisor is told of.
func (m *mailbox) run() {
	var message any
	defer func() {
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
		}
	}()
	for handled := 0; ; handled++ {
		if handled == throughput {
			handled = 0
			runtime.Gosched()
		}
		if m.urgent.Load() > 0 {
			message = m.takeSystem()
			m.turn.now = time.Now()
			m.handleSystem(message)
			continue
		}
		if m.suspended.Load() || m.next == len(m.taken) && !m.take() {
			return
		}
		message = m.taken[m.next]
		m.taken[m.next] = nil
		m.next++
		m.turn.waiting.Add(-1)
		m.invoker.InvokeUserMessage(message)
	}
}

func (m *mailbox) handleSystem(message any) {
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspended.Store(true)
	case *actor.ResumeMailbox:
		m.suspended.Store(false)
	default:
		m.invoker.InvokeSystemMessage(message)
	}
}

func (m *mailbox) takeSystem() any {
	m.mu.Lock()
	defer m.mu.Unlock()
	message := m.systems[0]
	m.systems[0] = nil
	if m.systems = m.systems[1:]; len(m.systems) == 0 {
		m.systems = nil
	}
	m.urgent.Add(-1)
	return message
}

// take takes up what was posted, or returns false when there is nothing.
func (m *mailbox) take() bool {
	room := m.taken[:0]
	if cap(room) > keptRoom {
		room = nil
	}
	m.mu.Lock()
	m.taken, m.posted = m.posted, room
	m.mu.Unlock()
	m.next = 0
	m.turn.now = time.Now()
	return len(m.taken) > 0
}
