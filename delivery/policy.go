package delivery

import (
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
)

// Policy judges failed attempts. It is immutable and serves any number of records, also concurrently; a
// Progress belongs to one caller at a time.
type Policy struct{ retry Retry }

// NewPolicy makes a policy from settings. It keeps the slices of retry, which must not change any more.
func NewPolicy(retry Retry) *Policy { return &Policy{retry: retry.withDefaults()} }

// Progress is how far one record has come at one destination. The zero value plus Received is a record that
// was not tried yet.
type Progress struct {
	Received    time.Time // when the destination got the record
	Attempts    int
	First, Last time.Time // when the first and the last attempt began
	Ambiguous   bool      // some attempt so far may have been processed by the peer
	LastFailure *connector.Failure

	past *past // made at the first failure, so that records that succeed do not pay for it
}

// past is what failed attempts leave behind.
type past struct {
	schedule schedule
	trail    []connector.Attempt
}

// Trail returns the failed attempts, the latest 16, oldest first. They belong to the caller, who does not change them.
func (p *Progress) Trail() []connector.Attempt {
	if p.past == nil {
		return nil
	}
	return p.past.trail
}

// maxTrail bounds a trail.
const maxTrail = 16

// Resume goes on with a record that had this many attempts before, between these times.
func (p *Progress) Resume(attempts int, first, last time.Time, failure *connector.Failure, trail []connector.Attempt) {
	p.Attempts, p.First, p.Last, p.LastFailure = attempts, first, last, failure
	p.Ambiguous = failure != nil && failure.Ambiguous
	if !first.IsZero() {
		p.Received = first
	}
	p.past = &past{schedule: schedule{passed: attempts}, trail: slices.Clip(trail)}
}

// note adds the attempt that has failed now to the trail.
func (p *Progress) note(failure *connector.Failure, now time.Time, wait time.Duration) {
	trail := p.past.trail
	if len(trail) >= maxTrail {
		trail = slices.Clone(trail[len(trail)-maxTrail+1:])
	}
	p.past.trail = append(trail, connector.Attempt{N: p.Attempts, At: p.Last, Took: now.Sub(p.Last), Failure: failure, Wait: wait})
}

// Begin counts an attempt that starts now.
func (p *Progress) Begin(now time.Time) {
	if p.Attempts == 0 {
		p.First = now
	}
	p.Attempts++
	p.Last = now
}

// Decision is what follows a failed attempt.
type Decision struct {
	// Retry says that another attempt is due After now; else the record has failed with Failure.
	Retry bool
	After time.Duration
	// Hold asks that the whole destination be left alone for so long (the peer's Retry-After); 0: it did not
	// ask. It holds for the destination's other records also when this one is given up.
	Hold time.Duration
	// Trips says that the attempt counts against the breaker.
	Trips bool
	// Inconclusive says that the attempt tells nothing of the destination's health: it was cancelled, it
	// panicked, nothing was sent. Its permit is withdrawn rather than done; see Permit.Failed.
	Inconclusive bool
	// Failure is never nil. It is immutable. Failure.Retryable says what the policy thinks of the failure as
	// such, also when the record is given up because its attempts or its time are used up.
	Failure *connector.Failure
}

// Failed judges the attempt of record progress that ended now with err, which is not nil. It is called once for
// each attempt that was begun and failed, and remembers the failure in progress.
func (p *Policy) Failed(progress *Progress, err error, now time.Time) Decision {
	attempt := connector.Classify(err)
	progress.Ambiguous = progress.Ambiguous || attempt.Ambiguous
	failure := p.failure(attempt, err, progress.Ambiguous)
	progress.LastFailure = failure
	if progress.past == nil {
		progress.past = &past{}
	}

	asked := min(max(attempt.After, 0), p.retry.MaxRetryAfter)
	d := Decision{
		Failure:      failure,
		Trips:        trips(attempt.Class, attempt.Status),
		Inconclusive: inconclusive(attempt.Class, attempt.Status),
	}
	if holds(attempt.Class, attempt.Status) {
		d.Hold = asked
	}
	if failure.Retryable && !p.exhausted(progress) {
		after := max(progress.past.schedule.next(&p.retry), asked)
		if deadline := p.Deadline(progress); deadline.IsZero() || !now.Add(after).After(deadline) {
			d.Retry, d.After = true, after
		}
	}
	progress.note(failure, now, d.After)
	return d
}

func (p *Policy) exhausted(progress *Progress) bool {
	return p.retry.MaxAttempts > 0 && progress.Attempts >= p.retry.MaxAttempts
}

// Deadline is the instant at which a waiting record is given up, or the zero time when there is none.
func (p *Policy) Deadline(progress *Progress) time.Time {
	if p.retry.MaxElapsed <= 0 {
		return time.Time{}
	}
	return progress.Received.Add(p.retry.MaxElapsed)
}

// GiveUp is the failure of a record whose deadline came while it waited: that of its last attempt, or
// breaker_open when the breaker kept it from a first one, else expired.
func (p *Policy) GiveUp(progress *Progress, breakerOpen bool) *connector.Failure {
	if progress.LastFailure != nil {
		return progress.LastFailure
	}
	class, detail := connector.Expired, "its time was up before a first attempt could be made"
	if breakerOpen {
		class, detail = connector.BreakerOpen, "the breaker was open until its time was up"
	}
	return &connector.Failure{Class: class, Retryable: p.retryable(class, 0, false), Ambiguous: progress.Ambiguous, Detail: detail}
}
