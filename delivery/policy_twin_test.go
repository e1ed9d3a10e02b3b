package delivery

import (
	"fmt"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"pgregory.net/rapid"
)

// twin judges like Policy, from the documentation, in the plainest way.
type twin struct {
	retry     Retry
	attempts  int
	ambiguous bool
}

func (tw *twin) failed(e *connector.AttemptError, permanent bool, now time.Time) (retry bool, low, high time.Duration, ambiguous bool) {
	tw.ambiguous = tw.ambiguous || e.Ambiguous
	may := e.Class.Retryable() && !permanent
	if e.Status >= 300 && e.Status < 500 && e.Status != 408 && e.Status != 425 && e.Status != 429 || e.Status == 501 {
		may = false
	}
	listed := func(list []Match) bool {
		for _, m := range list {
			text := m.String()
			if text == e.Class.String() || text == fmt.Sprint(e.Status) || e.Status > 0 && text == fmt.Sprintf("%dxx", e.Status/100) {
				return true
			}
		}
		return false
	}
	may = (may || listed(tw.retry.Retryable)) && !listed(tw.retry.Permanent)
	if !may || tw.retry.MaxAttempts > 0 && tw.attempts >= tw.retry.MaxAttempts {
		return false, 0, 0, tw.ambiguous
	}
	wait := float64(tw.retry.Initial)
	for range tw.attempts - 1 {
		wait = min(wait*tw.retry.Multiplier, float64(tw.retry.Max))
	}
	asked := min(e.After, tw.retry.MaxRetryAfter)
	// a nanosecond for each of the roundings on the way
	slack := time.Duration(tw.attempts * 2000)
	low = max(time.Duration(wait*(1-tw.retry.Jitter))-slack, asked)
	high = max(min(time.Duration(wait*(1+tw.retry.Jitter))+slack, tw.retry.Max), asked)
	return true, low, high, tw.ambiguous
}

func drawRetry(t *rapid.T) Retry {
	match := rapid.Custom(func(t *rapid.T) Match {
		if rapid.Bool().Draw(t, "by class") {
			return MatchClass(rapid.SampledFrom(connector.Classes()).Draw(t, "class"))
		}
		text := rapid.SampledFrom([]string{"4xx", "5xx", "409", "503", "301", "200"}).Draw(t, "status")
		m, _ := ParseMatch(text)
		return m
	})
	return Retry{
		MaxAttempts:   rapid.IntRange(0, 6).Draw(t, "max attempts"),
		Initial:       time.Duration(rapid.Int64Range(1, int64(2*time.Minute)).Draw(t, "initial")),
		Max:           2 * time.Minute,
		Multiplier:    rapid.SampledFrom([]float64{1, 1.5, 2, 10}).Draw(t, "multiplier"),
		Jitter:        rapid.SampledFrom([]float64{0, 0.2, 1}).Draw(t, "jitter"),
		MaxElapsed:    time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "max elapsed")),
		MaxRetryAfter: time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "max retry after")),
		Retryable:     rapid.SliceOfN(match, 0, 2).Draw(t, "retryable"),
		Permanent:     rapid.SliceOfN(match, 0, 2).Draw(t, "permanent"),
	}
}

func TestPolicyDecidesLikeItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		retry := drawRetry(t)
		policy, tw := NewPolicy(retry), &twin{retry: retry}
		now := start
		p := &Progress{Received: now}
		for range 10 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "attempt takes")))
			p.Begin(now)
			tw.attempts++
			e := &connector.AttemptError{
				Class:     rapid.SampledFrom(connector.Classes()).Draw(t, "class"),
				Status:    rapid.SampledFrom([]int{0, 200, 301, 404, 408, 409, 425, 429, 500, 501, 503, 999}).Draw(t, "status"),
				Ambiguous: rapid.Bool().Draw(t, "ambiguous"),
				After:     time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "retry after")),
			}
			var err error = e
			permanent := rapid.IntRange(0, 4).Draw(t, "permanent") == 0
			if permanent {
				err = fmt.Errorf("wrapped: %w", &connector.PermanentError{Err: e})
			}
			d := policy.Failed(p, err, now)
			want, low, high, ambiguous := tw.failed(e, permanent, now)
			deadline := start.Add(retry.MaxElapsed)
			if want && retry.MaxElapsed > 0 && now.Add(low).After(deadline) {
				want = false
			}
			undecided := retry.MaxElapsed > 0 && now.Add(high).After(deadline) // chance decides
			if d.Retry != want && !(undecided && !d.Retry) {
				t.Fatalf("retry is %v, want %v", d.Retry, want)
			}
			if d.Retry && (d.After < low || d.After > high) {
				t.Fatalf("waits %v, want %v to %v", d.After, low, high)
			}
			if d.Failure.Ambiguous != ambiguous || d.Failure.Class != e.Class || d.Failure.Status != e.Status {
				t.Fatalf("failure is %+v", *d.Failure)
			}
			if !d.Retry {
				return
			}
			now = now.Add(d.After)
		}
	})
}

func TestWaitNeverExceedsMaxNorFallsBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		retry := Retry{
			Initial:    time.Duration(rapid.Int64Min(1).Draw(t, "initial")),
			Max:        time.Duration(rapid.Int64Min(1).Draw(t, "max")),
			Multiplier: rapid.Float64Range(1, 1e300).Draw(t, "multiplier"),
			Jitter:     rapid.Float64Range(0, 1).Draw(t, "jitter"),
		}
		var s schedule
		for range 20 {
			if wait := s.next(&retry); wait < 0 || wait > retry.Max {
				t.Fatalf("waits %v", wait)
			}
		}
	})
}
