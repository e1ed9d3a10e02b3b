package connector

import (
	"fmt"
	"time"
)

// State is the kind of an Outcome.
type State uint8

// The states, a closed set.
const (
	Delivered State = iota + 1
	Failed
	Filtered
)

// String returns the state in lower case: delivered, failed or filtered.
func (s State) String() string {
	switch s {
	case Delivered:
		return "delivered"
	case Failed:
		return "failed"
	case Filtered:
		return "filtered"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText writes the state in lower case.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Outcome is the one final word on a record. It is immutable.
type Outcome struct {
	State       State
	Sink        string // the sink that decided; empty when none was reached
	Destination string // the receiving end; empty when none was reached
	Attempts    int    // over all sinks that the record went to
	First, Last time.Time

	Response *Response // what the sink answered, where it answers
	Failure  *Failure  // set if and only if State is Failed

	// Reason says which step filtered the record, and which condition.
	Reason string
	// DeadLettered says that the failed record stands in the dead letter.
	DeadLettered bool
	// Branches holds one outcome for each sink when the record went to several.
	Branches []Outcome
}

// Response is the bounded summary of what a sink's peer answered.
type Response struct {
	Status    int
	Headers   Headers
	Body      []byte
	Truncated bool   // the body was longer than what is kept
	Note      string // something odd that did not change the result
}

// Failure says why a record, or one attempt, failed.
type Failure struct {
	Class     Class
	Retryable bool
	// Ambiguous means that the peer may have processed the record all the same.
	Ambiguous bool
	Status    int    // the protocol's status where there was one, else 0
	Detail    string // for people; bounded; without secrets
}

// String says class, status and detail in one line: "unavailable (503): no capacity".
func (f *Failure) String() string {
	attempt := AttemptError{Class: f.Class, Status: f.Status, Detail: f.Detail}
	return attempt.Error()
}

// Settled pairs a record, as Read returned it, with its outcome.
type Settled struct {
	Record  *Record
	Outcome *Outcome
}

// Report is an Outcome in the form that callers, ledgers and dead letters read.
type Report struct {
	ID           RecordID  `json:"id"`
	Outcome      State     `json:"outcome"`
	Class        string    `json:"class,omitempty"`
	Retryable    bool      `json:"retryable,omitempty"`
	Ambiguous    bool      `json:"ambiguous,omitempty"`
	Attempts     int       `json:"attempts"`
	Sink         string    `json:"sink,omitempty"`
	Destination  string    `json:"destination,omitempty"`
	Status       int       `json:"status,omitempty"`
	Detail       string    `json:"detail,omitempty"`
	DeadLettered bool      `json:"dead_lettered,omitempty"`
	FirstAttempt time.Time `json:"first_attempt,omitzero"`
	LastAttempt  time.Time `json:"last_attempt,omitzero"`
	Branches     []Report  `json:"branches,omitempty"`
}

// Report describes the outcome of the record id.
func (o *Outcome) Report(id RecordID) Report {
	r := Report{
		ID: id, Outcome: o.State, Attempts: o.Attempts, Sink: o.Sink, Destination: o.Destination,
		Detail: o.Reason, DeadLettered: o.DeadLettered, FirstAttempt: o.First, LastAttempt: o.Last,
	}
	if o.Response != nil {
		r.Status = o.Response.Status
		if r.Detail == "" {
			r.Detail = o.Response.Note
		}
	}
	if f := o.Failure; f != nil {
		r.Class, r.Retryable, r.Ambiguous, r.Status, r.Detail = f.Class.String(), f.Retryable, f.Ambiguous, f.Status, f.Detail
	}
	for i := range o.Branches {
		r.Branches = append(r.Branches, o.Branches[i].Report(id))
	}
	return r
}
