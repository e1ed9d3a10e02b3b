package delivery

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNoLimitAlwaysAllows(t *testing.T) {
	for _, settings := range []*RateLimit{nil, {}, {PerSecond: -1}} {
		limiter := NewLimiter(settings)
		for range 1000 {
			if wait := limiter.Take(start); wait != 0 {
				t.Fatalf("%+v: waits %v", settings, wait)
			}
		}
	}
}

func TestLimiterGivesTheBurstAtOnceAndThenTheRate(t *testing.T) {
	limiter := NewLimiter(&RateLimit{PerSecond: 10, Burst: 3})
	for range 3 {
		if wait := limiter.Take(start); wait != 0 {
			t.Fatalf("within the burst it waits %v", wait)
		}
	}
	for range 3 { // asking takes nothing
		if wait := limiter.Take(start); wait != 100*time.Millisecond {
			t.Fatalf("waits %v", wait)
		}
	}
	if wait := limiter.Take(start.Add(100 * time.Millisecond)); wait != 0 {
		t.Fatalf("when it is time it waits another %v", wait)
	}
}

func TestWaitingAsLongAsToldIsEnoughAndTheRateIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := RateLimit{PerSecond: rapid.Float64Range(0.001, 1e6).Draw(t, "per second"), Burst: rapid.IntRange(0, 5).Draw(t, "burst")}
		limiter, now, taken := NewLimiter(&settings), start, 0
		for range 50 {
			wait := limiter.Take(now)
			if wait == 0 {
				taken++
				continue
			}
			now = now.Add(wait)
			if again := limiter.Take(now); again != 0 {
				t.Fatalf("after %v it waits another %v", wait, again)
			}
			taken++
		}
		if most := float64(max(settings.Burst, 1)) + now.Sub(start).Seconds()*settings.PerSecond + 0.1; float64(taken) > most {
			t.Fatalf("%d taken, at most %v allowed", taken, most)
		}
	})
}
