package delivery

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Limiter bounds how often something is done. A nil Limiter limits nothing.
type Limiter struct{ tokens *rate.Limiter }

// NewLimiter makes a limiter with a full burst of tokens. It returns nil, which always allows, when settings is
// nil or its PerSecond is not above zero. A Burst below one counts as one.
func NewLimiter(settings *RateLimit) *Limiter {
	if settings == nil || !(settings.PerSecond > 0) {
		return nil
	}
	return &Limiter{tokens: rate.NewLimiter(rate.Limit(settings.PerSecond), max(settings.Burst, 1))}
}

// Take takes a token and returns 0; or it takes nothing and returns how long to wait before there is one,
// provided that nobody else takes it.
func (l *Limiter) Take(now time.Time) (wait time.Duration) {
	if l == nil || l.tokens.AllowN(now, 1) {
		return 0
	}
	missing := 1 - l.tokens.TokensAt(now)
	nanoseconds := math.Ceil(missing / float64(l.tokens.Limit()) * float64(time.Second))
	if nanoseconds >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(time.Duration(nanoseconds), 1)
}
