package source

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/messages"
	"github.com/acktor/acktor/store"
)

// conclude follows the last answer for a record: it is settled, or, when it failed and there is a dead letter, written there
// first.
func (a *Actor) conclude(e *entry, outcome *connector.Outcome) {
	switch {
	case outcome.State != connector.Failed:
	case a.letters != nil:
		e.dead, e.outcome = true, outcome
		a.startLetter(e)
		return
	case a.Store != nil && !a.Spec.NoDeadLetter:
		outcome = a.keepLetter(e, outcome)
	}
	a.settle(e, outcome)
}

// keepLetter puts the dead letter of a record into what is kept before the record is settled.
func (a *Actor) keepLetter(e *entry, outcome *connector.Outcome) *connector.Outcome {
	dead := *outcome
	dead.DeadLettered = true
	letter := &store.Letter{
		Pipeline: string(a.Spec.Name), Sink: dead.Sink, Destination: dead.Destination, Class: dead.Failure.Class,
		At: a.now, Record: e.original, Outcome: &dead,
	}
	if e.kept != nil {
		letter.Record, letter.Replays = e.kept.Record, e.kept.Replays
	}
	change := a.unsaid.keep()
	change.Letters = append(change.Letters, letter)
	return &dead
}

// startLetter sends a failed record to the dead letter.
func (a *Actor) startLetter(e *entry) {
	if e.deadLetter == nil {
		e.deadLetter = a.letterOf(e)
	}
	e.letter = leg{address: address{sink: a.letters.index, destination: a.letters.sink.Outlet.Name}}
	if of := a.letters.sink.Outlet.Destination; of != nil {
		destination, err := of(e.deadLetter)
		if err != nil {
			e.letter.outcome = failed(connector.Invalid, err.Error())
			a.onLetter(e)
			return
		}
		e.letter.destination = destination
	}
	a.startLeg(e, letterLeg)
	if e.letter.outcome != nil {
		a.onLetter(e)
	}
}

// settle gives a record its final outcome.
func (a *Actor) settle(e *entry, outcome *connector.Outcome) {
	if !e.original.Position.IsZero() {
		a.ledger.settle(e.original.Position, e.mark)
		a.setCheckpoint()
	}
	a.end(e, outcome)
}

// end takes a record out of flight. The connector is told its outcome as soon as the clerk is free, or, when the record is
// one of the backlog, the store.
func (a *Actor) end(e *entry, outcome *connector.Outcome) {
	a.count(e, outcome, a.now)
	if e.kept == nil {
		a.unsaid.outcomes = append(a.unsaid.outcomes, connector.Settled{Record: e.original, Outcome: outcome})
		a.Ledger.Tell(a.story(e, outcome))
	} else if e.kept.Seq > 0 {
		change := a.unsaid.keep()
		change.Remove = append(change.Remove, e.kept.Seq)
		change.Stories = append(change.Stories, a.story(e, outcome))
		a.unsaid.removed += int64(e.kept.Record.Size())
	}
	a.unblock(e)
	a.leave(e)
}

// leave takes a record out of flight that nothing is left to be done for but to say so.
func (a *Actor) leave(e *entry) {
	a.unsaid.records++
	a.unsaid.bytes += e.bytes
	a.flight.remove(e)
	if a.prompt == nil { // else when all messages at hand are done
		a.say()
	}
}

// story is what the ledger keeps of a record, or nil when it is one that it does not want.
func (a *Actor) story(e *entry, outcome *connector.Outcome) *store.Story {
	if e.kept == nil && !a.Ledger.Wants(outcome, a.now) {
		return nil
	}
	return &store.Story{
		Pipeline: string(a.Spec.Name), ID: e.original.ID, Key: e.original.Key, At: a.now, Outcome: outcome,
		Accepted: e.kept != nil,
	}
}

func (a *Actor) count(e *entry, outcome *connector.Outcome, now time.Time) {
	a.countRecord(e.original, outcome, e.readAt, now)
}

func (a *Actor) countRecord(record *connector.Record, outcome *connector.Outcome, readAt, now time.Time) {
	var class connector.Class
	if outcome.State == connector.Failed {
		class = outcome.Failure.Class
	}
	a.Board.Settled(record.ID, outcome)
	a.Metrics.Settled(outcome.State, class, now.Sub(readAt))
	if a.watcher != nil {
		a.root.Send(a.watcher, &messages.Settled{
			Pipeline: string(a.Spec.Name), Record: record, Outcome: outcome, At: now})
	}
}

// giveUp ends as cancelled whatever is in flight. It is not settled: its positions are not committed. What is of the backlog
// stays there.
func (a *Actor) giveUp(why string) {
	a.flight.all(func(e *entry) {
		if e.kept != nil && e.kept.Seq > 0 {
			a.leave(e)
			return
		}
		a.lost++
		a.end(e, cancelled(e, why))
	})
}

func cancelled(e *entry, why string) *connector.Outcome {
	outcome := failed(connector.Cancelled, why)
	for i := range e.legs {
		if e.legs[i].sent {
			outcome.Failure.Ambiguous = true
		}
	}
	return outcome
}

// abandonAll is the end without a drain: the actor is stopped with records in flight. The connector is told in the
// background, also of what a Read brings that is under way, and of what the actor had no time to take.
func (a *Actor) abandonAll() {
	if a.self == nil || a.ctx.Err() != nil {
		return // closed already
	}
	a.stopRead()
	a.cancel()
	a.alarm.Stop()
	said := a.unsaid
	outcomes := said.outcomes
	a.flight.all(func(e *entry) {
		if e.kept != nil {
			return // it stays in the backlog
		}
		outcome := cancelled(e, stoppedEarly)
		a.count(e, outcome, a.now)
		outcomes = append(outcomes, connector.Settled{Record: e.original, Outcome: outcome})
	})
	a.Board.InFlight.Store(0)
	a.Metrics.InFlight(0, 0)
	saying := a.saying
	source, kept, feed, jobs, running, intake := a.Spec.Source, a.Store, a.Feed, a.clerk.jobs, a.Running, a.intake
	granted, rescued := a.granted, a.rescued
	close(a.grants)
	go func() {
		<-intake.done
		if granted {
			outcomes = append(outcomes, a.abandon(intake.last)...)
		} else if half, ok := rescued.(*read); ok {
			outcomes = append(outcomes, a.abandon(half)...)
		}
		jobs <- func() {
			if saying != nil && saying.keepErr != nil { // which the actor has not heard of
				told := len(said.outcomes)
				said.before(&saying.unsaid)
				outcomes = append(said.outcomes, outcomes[told:]...)
			}
			if said.keepIn(kept) != nil {
				giveUpUnkept(outcomes[:len(said.outcomes)])
			}
			_ = settle(source, outcomes)
			_ = closeSource(feed)
			running.Done()
		}
		close(jobs)
	}()
}

const stoppedEarly = "the pipeline was stopped before the record was settled"

// abandon gives their outcome to records that were read and never taken, when the actor is gone.
func (a *Actor) abandon(msg *read) []connector.Settled {
	var outcomes []connector.Settled
	for _, record := range msg.records {
		if _, kept := record.Ref.(*store.Entry); kept {
			continue
		}
		outcome := failed(connector.Cancelled, stoppedEarly)
		outcomes = append(outcomes, connector.Settled{Record: record, Outcome: outcome})
		a.Board.Read.Add(1)
		a.countRecord(record, outcome, msg.readAt, time.Now())
	}
	return outcomes
}

// rescueAndPanicOn keeps the message over which the actor panics for its next incarnation, which takes it up again. Handlers
// mark as done what they have done, so that they go on from there.
func (a *Actor) rescueAndPanicOn(ctx actor.Context) {
	reason := recover()
	if reason == nil {
		return
	}
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		a.rescued = nil // it was that message again
	case *actor.Restarting, *actor.Stopping, *actor.Stopped:
	default:
		a.rescued = msg
	}
	panic(reason)
}

// letter is what stands in a dead letter, as JSON.
type letter struct {
	Pipeline string              `json:"pipeline"`
	Time     time.Time           `json:"time"`
	Report   connector.Report    `json:"report"`
	ID       connector.RecordID  `json:"id"`
	Key      string              `json:"key,omitempty"`
	Headers  connector.Headers   `json:"headers,omitempty"`
	Position *connector.Position `json:"position,omitempty"`
	Data     string              `json:"data"`
	Encoding string              `json:"encoding,omitempty"` // base64 when data is not UTF-8
}

// letterOf makes the dead letter of a failed record. It carries the record as the source handed it over, so that it can be sent again.
func (a *Actor) letterOf(e *entry) *connector.Record {
	record := e.original
	content := letter{
		Pipeline: string(a.Spec.Name), Time: a.now, Report: e.outcome.Report(record.ID),
		ID: record.ID, Key: record.Key, Headers: record.Headers,
	}
	if !record.Position.IsZero() {
		content.Position = &record.Position
	}
	if utf8.Valid(record.Data) {
		content.Data = string(record.Data)
	} else {
		content.Data, content.Encoding = base64.StdEncoding.EncodeToString(record.Data), "base64"
	}
	data, err := json.Marshal(content)
	if err != nil { // strings, numbers and times only: it cannot
		panic(err)
	}
	return &connector.Record{
		ID: record.ID, Key: record.Key, Time: a.now, Data: data,
		Headers: connector.Headers{{Name: "content-type", Value: "application/json"}},
	}
}

func sortBySeq(entries []*entry) {
	slices.SortFunc(entries, func(x, y *entry) int { return cmp.Compare(x.seq, y.seq) })
}

func byPartition(x, y connector.Position) int { return strings.Compare(x.Partition, y.Partition) }
