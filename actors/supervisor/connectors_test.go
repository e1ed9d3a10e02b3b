package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
)

// source hands over n records.
type source struct {
	*world
	n    int
	next int
	open bool
}

func (s *source) Open(_ context.Context, from []connector.Position) error {
	if s.chance(s.faults.openError) {
		return errors.New("cannot open")
	}
	if s.open {
		s.t.Error("the source was opened twice without a Close")
	}
	s.open = true
	s.mu.Lock()
	defer s.mu.Unlock()
	behind := 0
	for _, position := range from {
		behind = int(position.Offset)
	}
	switch {
	case s.restarts:
		s.next = behind
	case len(from) > 0 && behind != s.next:
		s.t.Errorf("opened behind %d, want %d: every record is handed over once", behind, s.next)
	}
	return nil
}

func (s *source) Close(context.Context) error { s.open = false; return nil }

func (s *source) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	if s.chance(s.faults.readPanic) {
		panic("read")
	}
	if s.chance(s.faults.readError) {
		return nil, &connector.NotConnectedError{Err: errors.New("lost")}
	}
	if wait := s.pause(5 * time.Millisecond); wait > 3*time.Millisecond {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(credit.Records, s.n-s.next, 1+s.random.IntN(40))
	var records []*connector.Record
	for range n {
		record := s.record(s.next + 1)
		if credit.Bytes -= record.Size(); credit.Bytes < 0 && len(records) > 0 {
			break
		}
		s.next++
		records = append(records, record)
		s.handed[record.ID]++
	}
	s.flying += len(records)
	s.most = max(s.most, s.flying)
	if s.next == s.n {
		return records, connector.ErrEndOfSource
	}
	return records, nil
}

func (w *world) record(n int) *connector.Record {
	return &connector.Record{
		ID: connector.RecordID(fmt.Sprint(n)), Key: fmt.Sprint(w.random.IntN(5)), Data: make([]byte, w.random.IntN(100)),
		Position: connector.Position{Partition: "p", Offset: int64(n)},
		Headers:  connector.Headers{{Name: "to", Value: fmt.Sprint(w.random.IntN(4))}},
	}
}

func (s *source) Settle(_ context.Context, settled []connector.Settled) error {
	s.mu.Lock()
	for _, one := range settled {
		s.told[one.Record.ID] = append(s.told[one.Record.ID], one.Outcome)
	}
	s.flying -= len(settled)
	s.mu.Unlock()
	if s.chance(s.faults.settlePanic) {
		panic("settle")
	}
	return nil
}

// sink takes records, unless something goes wrong.
type sink struct {
	*world
	name, destination string
}

func (s *sink) Open(context.Context) error {
	if s.chance(s.faults.openError) {
		return errors.New("cannot open")
	}
	return nil
}

func (s *sink) Close(context.Context) error { return nil }

func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	s.try(batch)
	time.Sleep(s.pause(4 * time.Millisecond))
	switch {
	case s.chance(s.faults.writePanic):
		panic("write")
	case s.chance(s.faults.writeHang):
		<-ctx.Done()
		return all(len(batch), ctx.Err())
	case s.chance(s.faults.writeIgnore):
		time.Sleep(5 * time.Second)
	case s.chance(s.faults.writeLost):
		return all(len(batch), &connector.NotConnectedError{Err: errors.New("lost")})
	}
	results := make([]connector.Result, len(batch))
	for i, record := range batch {
		switch {
		case s.chance(s.faults.writePermanent):
			results[i].Err = &connector.PermanentError{Err: errors.New("never")}
		case s.chance(s.faults.writeError):
			results[i].Err = errors.New("not now")
		default:
			s.take(record)
		}
	}
	if s.chance(s.faults.short) {
		return results[:len(results)-1]
	}
	return results
}

// try counts an attempt for each record, and looks whether any destination has more waiting than it may.
func (s *sink) try(batch []*connector.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.name != "letters" {
		for _, record := range batch {
			s.tried[record.ID]++
		}
	}
	for _, d := range s.board.Destinations() {
		for i := range s.spec.Sinks {
			of := &s.spec.Sinks[i]
			most := of.Options.InFlight*of.Outlet.Batch + of.Options.Queue.Records
			if s.panicked > 0 {
				most *= 2 // a record that is sent again may be answered for the first time it was sent
			}
			if waiting := d.Waiting.Load(); d.Sink == of.Name && waiting > int64(most) {
				s.t.Errorf("%d records wait for %s/%s, at most %d may", waiting, d.Sink, d.Name, most)
			}
		}
	}
}

// take takes a record. Nothing may overtake it that has its key, unless an actor was restarted, or a write still went on
// when its attempt had been given up.
func (s *sink) take(record *connector.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[s.name][record.ID]++
	n, lane := int(record.Position.Offset), s.name+"/"+s.destination+"/"+record.Key
	ordered := !s.options(s.name).OrderBy.IsZero() && s.panicked == 0 && s.faults.writeIgnore == 0 &&
		s.spec.FanOut != pipeline.First // the fallback gets records as the sink before it fails them
	if ordered && n < s.last[lane] {
		s.t.Errorf("%s took %d behind %d", lane, n, s.last[lane])
	}
	s.last[lane] = n
}

func (w *world) options(sink string) *pipeline.Options {
	for i := range w.spec.Sinks {
		if w.spec.Sinks[i].Name == sink {
			return &w.spec.Sinks[i].Options
		}
	}
	return &w.spec.DeadLetter.Options
}

func all(n int, err error) []connector.Result {
	results := make([]connector.Result, n)
	for i := range results {
		results[i].Err = err
	}
	return results
}
