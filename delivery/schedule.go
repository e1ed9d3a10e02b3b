package delivery

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// schedule yields the waits between the attempts of one record. The zero value is one before its first wait.
type schedule struct {
	backoff *backoff.ExponentialBackOff
	passed  int // waits that were yielded in an earlier life
}

// next returns the next wait: at least 0, at most retry.Max.
func (s *schedule) next(retry *Retry) time.Duration {
	if s.backoff == nil {
		s.backoff = &backoff.ExponentialBackOff{
			InitialInterval:     min(retry.Initial, retry.Max),
			RandomizationFactor: retry.Jitter,
			Multiplier:          retry.Multiplier,
			MaxInterval:         retry.Max,
			Clock:               stopped{}, // the policy itself judges what has elapsed
		}
		s.backoff.Reset()
		for range min(s.passed, manyWaits) {
			s.backoff.NextBackOff()
		}
	}
	wait := s.backoff.NextBackOff()
	if wait < 0 { // jitter on the longest durations there are leaves their range
		return retry.Max
	}
	return min(wait, retry.Max)
}

// manyWaits is how many waits it takes at most to reach the longest one, for any useful multiplier.
const manyWaits = 1000

// stopped is a clock for a backoff that shall not read one.
type stopped struct{}

// Now returns the same instant each time.
func (stopped) Now() time.Time { return time.Time{} }
