// Package delivery decides: retry an attempt, when, or give up; let a request through or not. It has no
// goroutine, no timer and no actor; the time is an argument.
package delivery

import (
	"time"

	"github.com/acktor/acktor/connector"
)

// Match names failures: a class ("timeout"), a status ("409") or a hundred of them ("5xx").
type Match struct{}

// UnmarshalText reads a class, a status or a hundred of statuses.
func (m *Match) UnmarshalText(text []byte) error { panic("delivery: not built") }

// Policy judges failed attempts. It is immutable and serves any number of records.
type Policy struct{}

// NewPolicy makes a policy from settings.
func NewPolicy(retry Retry) *Policy { panic("delivery: not built") }

// Progress is how far one record has come at one destination. The zero value plus Received is a record that
// was not tried yet.
type Progress struct {
	Received    time.Time // when the destination got the record
	Attempts    int
	First, Last time.Time // when the first and the last attempt began
	Ambiguous   bool      // some attempt so far may have been processed by the peer
	LastFailure *connector.Failure
}

// Begin counts an attempt that starts now.
func (p *Progress) Begin(now time.Time) { panic("delivery: not built") }

// Decision is what follows a failed attempt.
type Decision struct {
	// Retry says that another attempt is due After now; else the record has failed with Failure.
	Retry bool
	After time.Duration
	// Hold asks that the whole destination be left alone for so long (the peer's Retry-After); 0: it did not ask.
	Hold time.Duration
	// Trips says that the attempt counts against the breaker.
	Trips   bool
	Failure *connector.Failure
}

// Failed judges the attempt of record progress that ended now with err.
func (p *Policy) Failed(progress *Progress, err error, now time.Time) Decision {
	panic("delivery: not built")
}

// Deadline is the instant at which a waiting record is given up, or the zero time when there is none.
func (p *Policy) Deadline(progress *Progress) time.Time { panic("delivery: not built") }

// GiveUp is the failure of a record whose deadline came while it waited: that of its last attempt, or
// breaker_open when the breaker kept it from a first one, else expired.
func (p *Policy) GiveUp(progress *Progress, breakerOpen bool) *connector.Failure {
	panic("delivery: not built")
}

// RetryAfter reads a Retry-After header: seconds or an HTTP date (RFC 9110 section 10.2.3). A date in the past is 0, true.
func RetryAfter(value string, now time.Time) (time.Duration, bool) { panic("delivery: not built") }
