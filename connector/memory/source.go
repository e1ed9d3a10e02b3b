package memory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/acktor/acktor/connector"
)

var (
	// ErrEnded is returned for a record that is sent after End. It was not handed over.
	ErrEnded = errors.New("memory: the source has ended")
	// ErrPending is returned by Send, together with the context's error, when the context ends after the record was handed
	// over: there will be an outcome, but nobody to hear it.
	ErrPending = errors.New("memory: the outcome is pending")
)

// defaultBuffer is how many records of SendAsync wait for the engine.
const defaultBuffer = 256

// Options configures a source. The zero value is useful.
type Options struct {
	// Buffer is the most records of SendAsync that wait to be read. Defaults to 256.
	Buffer int
	// Log hears of callbacks that panic. Nil discards.
	Log *slog.Logger
}

// Source is a connector.Source that is fed by Send and SendAsync, from any number of goroutines, also
// before the engine has opened it.
type Source struct {
	log  *slog.Logger
	run  string // begins the ids of records that have none
	ids  atomic.Int64
	room chan struct{} // holds one for each waiting record of SendAsync
	wake chan struct{} // tells the reader that something waits

	mu      sync.Mutex
	open    bool
	ended   bool
	asleep  bool // the reader waits to be woken
	waiting list // to be read
	taken   list // read and not settled

	decided []*ticket // used by Settle alone
	tickets sync.Pool // of tickets to be used again, with their channels
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source.
func NewSource(options Options) *Source {
	if options.Buffer <= 0 {
		options.Buffer = defaultBuffer
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Source{
		log: options.Log, run: rand.Text()[:12] + "-",
		room: make(chan struct{}, options.Buffer), wake: make(chan struct{}, 1),
	}
}

// Send hands record over to the engine and returns its outcome. The record belongs to the engine until then; it gets an id
// if it has none. When ctx ends before the record was read, it never will be, and the error is that of ctx; when ctx
// ends later the error is ErrPending and that of ctx.
func (s *Source) Send(ctx context.Context, record *connector.Record) (*connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := s.ticket()
	if err := s.enqueue(t, record); err != nil {
		s.free(t)
		return nil, err
	}
	select {
	case outcome := <-t.outcome:
		s.free(t)
		return outcome, nil
	case <-ctx.Done():
		return s.withdraw(t, ctx.Err())
	}
}

// SendAsync hands record over to the engine, and returns as soon as there is room for it in the buffer. If it returns nil, done is called once
// with the outcome, from the goroutine that settles: it must not block. If it returns an error the
// record is not handed over, and done not called.
func (s *Source) SendAsync(ctx context.Context, record *connector.Record, done func(*connector.Outcome)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.room <- struct{}{}:
	default:
		select {
		case s.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t := s.ticket()
	t.done = done
	if err := s.enqueue(t, record); err != nil {
		<-s.room
		s.free(t)
		return err
	}
	return nil
}

func (s *Source) enqueue(t *ticket, record *connector.Record) error {
	if record.ID == "" {
		record.ID = connector.RecordID(s.run + strconv.FormatInt(s.ids.Add(1), 10))
	}
	record.Ref = t
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return ErrEnded
	}
	t.record = record
	s.waiting.push(t)
	wake := s.asleep
	s.asleep = false
	s.mu.Unlock()
	if wake {
		s.rouse()
	}
	return nil
}

// rouse wakes the reader. When it is to be woken already, that is enough.
func (s *Source) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// withdraw takes back a record that was never read.
func (s *Source) withdraw(t *ticket, cause error) (*connector.Outcome, error) {
	s.mu.Lock()
	decided, read := t.list == nil, t.read
	if !decided && !read {
		s.waiting.remove(t)
	}
	s.mu.Unlock()
	switch {
	case decided:
		outcome := <-t.outcome
		s.free(t)
		return outcome, nil
	case read:
		return nil, fmt.Errorf("%w: %w", ErrPending, cause)
	}
	s.free(t)
	return nil, cause
}

// End says that no more will be sent: the engine reads what waits, and then finds the end of the source. While the
// source is not open, because the engine has stopped or was never started, every record without an outcome
// gets the outcome failed, class cancelled.
func (s *Source) End() {
	s.mu.Lock()
	s.ended = true
	wake := s.asleep
	s.asleep = false
	var left []*ticket
	if !s.open {
		left = append(s.taken.clear(), s.waiting.clear()...)
	}
	s.mu.Unlock()
	if wake {
		s.rouse()
	}
	for _, t := range left {
		if t.done != nil && !t.read {
			<-s.room
		}
		s.tell(t, &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{
			Class: connector.Cancelled, Ambiguous: t.read, Detail: "the source has ended",
		}})
	}
}

// Open makes ready to hand over again what was read and not settled.
func (s *Source) Open(context.Context, []connector.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	s.waiting.prepend(&s.taken)
	return nil
}

// Read returns what was sent, in that order.
func (s *Source) Read(ctx context.Context, max connector.Credit) ([]*connector.Record, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		records, ended := s.take(max)
		if len(records) > 0 {
			return records, nil
		}
		if ended {
			return nil, connector.ErrEndOfSource
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
}

// take takes what waits. When that is nothing, the next record wakes the reader.
func (s *Source) take(max connector.Credit) (records []*connector.Record, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting.length > 0 {
		records = make([]*connector.Record, 0, min(s.waiting.length, max.Records))
	}
	for t := s.waiting.first; t != nil && len(records) < max.Records; t = s.waiting.first {
		if max.Bytes -= t.record.Size(); max.Bytes < 0 && len(records) > 0 {
			break
		}
		s.waiting.remove(t)
		s.taken.push(t)
		if t.done != nil && !t.read {
			<-s.room
		}
		t.again, t.read = t.read, true
		records = append(records, t.record)
	}
	s.asleep = len(records) == 0 && !s.ended
	return records, s.ended
}

// Settle tells the senders. It does not wait for them.
func (s *Source) Settle(_ context.Context, settled []connector.Settled) error {
	s.mu.Lock()
	for i := range settled {
		t, ok := settled[i].Record.Ref.(*ticket)
		if !ok || t.record != settled[i].Record || t.list == nil || !t.read {
			t = nil // it has its outcome: it was handed over twice, and settled before
		} else {
			t.list.remove(t)
		}
		s.decided = append(s.decided, t)
	}
	s.mu.Unlock()
	for i, t := range s.decided {
		if t != nil {
			s.tell(t, settled[i].Outcome)
		}
	}
	clear(s.decided)
	s.decided = s.decided[:0]
	return nil
}

// SettlesAtOnce reports whether no sender wants to be called back.
func (s *Source) SettlesAtOnce(settled []connector.Settled) bool {
	for i := range settled {
		if t, ok := settled[i].Record.Ref.(*ticket); ok && t.done != nil {
			return false
		}
	}
	return true
}

// tell gives the sender its outcome. The ticket is in no list.
func (s *Source) tell(t *ticket, outcome *connector.Outcome) {
	if t.done == nil {
		t.outcome <- outcome // has room for it
		return
	}
	defer func() {
		if value := recover(); value != nil {
			s.log.Error("a callback panicked", slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
		}
		s.free(t)
	}()
	t.done(outcome)
}

// Close lets senders wait for the next Open, or for End.
func (s *Source) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	return nil
}
