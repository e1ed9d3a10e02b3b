package admin

import (
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// The functions below put what the store has in the form of answers. Lists are never nil: an empty one is [] in JSON.

func each[S, T any](list []S, shape func(S) T) []T {
	shaped := make([]T, len(list))
	for i := range list {
		shaped[i] = shape(list[i])
	}
	return shaped
}

func newPending(e *store.Entry) Pending {
	return Pending{
		Seq: e.Seq, Pipeline: e.Pipeline, Origin: e.Origin.String(), Since: e.Since, Due: e.Due, Replays: e.Replays,
		Sinks: each(e.Progress.Legs, newLeg),
	}
}

func newLeg(l store.Leg) Leg {
	leg := Leg{
		Sink: l.Sink, Destination: l.Destination, Attempts: l.Attempts, First: l.First, Last: l.Last,
		Result: newResult(l.Failure), Trail: each(l.Trail, newAttempt),
	}
	if l.Outcome != nil {
		outcome := newOutcome(l.Outcome)
		leg.Outcome = &outcome
	}
	return leg
}

func newResult(f *connector.Failure) Result {
	if f == nil {
		return Result{}
	}
	return Result{Class: f.Class.String(), Status: f.Status, Detail: f.Detail, Retryable: f.Retryable, Ambiguous: f.Ambiguous}
}

func newAttempt(a connector.Attempt) Attempt {
	return Attempt{N: a.N, At: a.At, Took: a.Took, Result: newResult(a.Failure), Wait: a.Wait}
}

// newOutcome leaves out what the peer has sent: its headers and its body are not ours to show.
func newOutcome(o *connector.Outcome) Outcome {
	outcome := Outcome{
		State: o.State.String(), Sink: o.Sink, Destination: o.Destination, Attempts: o.Attempts, First: o.First, Last: o.Last,
		Result: newResult(o.Failure), Reason: o.Reason, DeadLettered: o.DeadLettered, Trail: each(o.Trail, newAttempt),
	}
	if o.Response != nil && o.Failure == nil {
		outcome.Status, outcome.Detail = o.Response.Status, o.Response.Note
	}
	for i := range o.Branches {
		outcome.Branches = append(outcome.Branches, newOutcome(&o.Branches[i]))
	}
	return outcome
}

func newStory(s *store.Story) Story {
	story := Story{Seq: s.Seq, Pipeline: s.Pipeline, ID: string(s.ID), Key: s.Key, At: s.At, Accepted: s.Accepted}
	if s.Outcome != nil {
		story.Outcome = newOutcome(s.Outcome)
	}
	return story
}

// newLetter is for lists.
func newLetter(l *store.Letter) Letter {
	letter := Letter{
		Seq: l.Seq, Pipeline: l.Pipeline, Sink: l.Sink, Destination: l.Destination, ID: string(l.Record.ID), Key: l.Record.Key,
		At: l.At, Replays: l.Replays,
	}
	if l.Outcome != nil {
		letter.Attempts, letter.Result = l.Outcome.Attempts, newResult(l.Outcome.Failure)
	}
	if l.Class != 0 {
		letter.Class = l.Class.String()
	}
	return letter
}

func newLetterWithOutcome(l *store.Letter) Letter {
	letter := newLetter(l)
	if l.Outcome != nil {
		outcome := newOutcome(l.Outcome)
		letter.Outcome = &outcome
	}
	return letter
}

func newWholeLetter(l *store.Letter) Letter {
	letter, data := newLetterWithOutcome(l), l.Record.Data
	letter.Record = &Content{Time: l.Record.Time, Headers: each(l.Record.Headers, harmless), Bytes: len(data)}
	if utf8.Valid(data) {
		letter.Record.Text = string(data)
	} else {
		letter.Record.Base64 = data
	}
	return letter
}

// harmless hides the headers that prove who sent a record. They stand in the store, and are sent when it is replayed.
func harmless(h connector.Header) connector.Header {
	switch h.Name {
	case "authorization", "proxy-authorization", "cookie":
		h.Value = "[redacted]"
	}
	return h
}
