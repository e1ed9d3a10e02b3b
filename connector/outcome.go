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
	// Accepted is not final: the engine has made the record durable and answers for it from now on.
	Accepted

	states = iota + 1
)

var stateNames = [states]string{Delivered: "delivered", Failed: "failed", Filtered: "filtered", Accepted: "accepted"}

// String returns the state in lower case: delivered, failed, filtered or accepted.
func (s State) String() string {
	if s > 0 && s < states {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText writes the state in lower case.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name.
func (s *State) UnmarshalText(text []byte) error {
	for state, name := range stateNames {
		if name != "" && name == string(text) {
			*s = State(state)
			return nil
		}
	}
	return fmt.Errorf("connector: unknown state %q", text)
}

// Outcome is the one final word on a record, or, in the state Accepted, the word that it is durable. It is immutable.
// Its JSON form holds all of it, to the nanosecond; text that is not UTF-8 is mended, and nil is not told from empty.
type Outcome struct {
	State       State     `json:"state,omitzero"`
	Sink        string    `json:"sink,omitempty"`        // the sink that decided; empty when none was reached
	Destination string    `json:"destination,omitempty"` // the receiving end; empty when none was reached
	Attempts    int       `json:"attempts,omitempty"`    // over all sinks that the record went to
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`

	Response *Response `json:"response,omitempty"` // what the sink answered, where it answers
	Failure  *Failure  `json:"failure,omitempty"`  // set if and only if State is Failed

	// Reason says which step filtered the record, and which condition.
	Reason string `json:"reason,omitempty"`
	// DeadLettered says that the failed record stands in the dead letter.
	DeadLettered bool `json:"dead_lettered,omitempty"`
	// Trail holds the failed attempts, the latest 16, oldest first; nil when the first one delivered.
	Trail []Attempt `json:"trail,omitempty"`
	// Branches holds one outcome for each sink when the record went to several.
	Branches []Outcome `json:"branches,omitempty"`
}

// Attempt is one try to write a record that failed.
type Attempt struct {
	N       int           `json:"n"`  // the first is 1
	At      time.Time     `json:"at"` // when it began
	Took    time.Duration `json:"took_ns"`
	Failure *Failure      `json:"failure,omitempty"`
	Wait    time.Duration `json:"wait_ns,omitempty"` // until the next one; 0: there was none
}

// Response is the bounded summary of what a sink's peer answered.
type Response struct {
	Status    int     `json:"status,omitempty"`
	Headers   Headers `json:"headers,omitempty"`
	Body      []byte  `json:"body,omitempty"`
	Truncated bool    `json:"truncated,omitempty"` // the body was longer than what is kept
	Note      string  `json:"note,omitempty"`      // something odd that did not change the result
}

// Failure says why a record, or one attempt, failed.
type Failure struct {
	Class     Class `json:"class,omitzero"`
	Retryable bool  `json:"retryable,omitempty"`
	// Ambiguous means that the peer may have processed the record all the same.
	Ambiguous bool   `json:"ambiguous,omitempty"`
	Status    int    `json:"status,omitempty"` // the protocol's status where there was one, else 0
	Detail    string `json:"detail,omitempty"` // for people; bounded; without secrets
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
