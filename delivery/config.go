package delivery

import (
	"cmp"
	"time"
)

// Retry says when a failed attempt is followed by another. Use field.Defaults for the documented defaults; in
// a value written by hand a zero Initial, Max or Multiplier means its default too, and the other zeros mean
// no limit, no jitter and no heed to Retry-After.
type Retry struct {
	MaxAttempts   int           `config:"max_attempts" default:"8" min:"0" doc:"Attempts per record, the first one included. 0 means no limit."`
	Initial       time.Duration `config:"initial" default:"200ms" min:"1ms" doc:"Wait before the second attempt."`
	Max           time.Duration `config:"max" default:"1m" min:"1ms" doc:"Longest wait between two attempts."`
	Multiplier    float64       `config:"multiplier" default:"2" min:"1" doc:"Each wait is this many times the one before."`
	Jitter        float64       `config:"jitter" default:"0.2" min:"0" max:"1" doc:"Each wait is varied at random by up to this fraction of it, both ways."`
	MaxElapsed    time.Duration `config:"max_elapsed" default:"15m" min:"0s" doc:"Give up when this much time has passed since the sink got the record. 0s means no limit."`
	MaxRetryAfter time.Duration `config:"max_retry_after" default:"5m" min:"0s" doc:"A longer Retry-After of the peer is cut to this, and the next attempt then comes earlier than it asked. 0s means that Retry-After is not heeded."`
	Retryable     []Match       `config:"retryable" doc:"Failure classes and statuses that are retried although they would not be." example:"[business, 409, 5xx]"`
	Permanent     []Match       `config:"permanent" doc:"Failure classes and statuses that are never retried. Wins over retryable." example:"[dns, 503]"`
}

func (r Retry) withDefaults() Retry {
	r.Initial = cmp.Or(r.Initial, 200*time.Millisecond)
	r.Max = cmp.Or(r.Max, time.Minute)
	r.Multiplier = cmp.Or(r.Multiplier, 2)
	return r
}

// BreakerSettings says when a destination is left alone. Only failures that tell of the destination's health
// count: refused, timeouts, resets, 5xx and their like; never a 4xx or what one record brought about.
// The zero value is no breaker; where Enabled is set, a zero means the default.
type BreakerSettings struct {
	Enabled      bool          `config:"enabled" default:"true" doc:"Without a breaker a dead destination is asked by every attempt."`
	FailureRatio float64       `config:"failure_ratio" default:"0.5" min:"0.01" max:"1" doc:"The breaker opens at this share of failed requests."`
	MinRequests  int           `config:"min_requests" default:"20" min:"1" doc:"... but not before this many requests have ended in the window."`
	Window       time.Duration `config:"window" default:"10s" min:"10ms" doc:"Requests that ended longer ago than this no longer count."`
	OpenFor      time.Duration `config:"open_for" default:"30s" min:"1ms" doc:"How long an open breaker lets nothing through."`
	Probes       int           `config:"probes" default:"1" min:"1" doc:"After that, this many requests at once must succeed to close it."`
}

func (s BreakerSettings) withDefaults() BreakerSettings {
	s.FailureRatio = cmp.Or(s.FailureRatio, 0.5)
	s.MinRequests = cmp.Or(s.MinRequests, 20)
	s.Window = cmp.Or(s.Window, 10*time.Second)
	s.OpenFor = cmp.Or(s.OpenFor, 30*time.Second)
	s.Probes = cmp.Or(s.Probes, 1)
	return s
}

// RateLimit bounds the attempts to one destination.
type RateLimit struct {
	PerSecond float64 `config:"per_second,required" min:"0.001" doc:"Attempts per second."`
	Burst     int     `config:"burst" default:"1" min:"1" doc:"Attempts that may follow each other at once."`
}
