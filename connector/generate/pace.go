package generate

import (
	"context"
	"math"
	"time"
)

// maxBacklog is how much of the time that was missed is made up for.
const maxBacklog = time.Second

// pace holds a schedule of so many a second. The zero rate holds nothing back.
type pace struct {
	rate  float64
	began time.Time // of the schedule
	taken int64     // since then
}

func (p *pace) begin(now time.Time) { p.began, p.taken = now, 0 }

// take waits until at least one is due, and returns how many are, at most most.
func (p *pace) take(ctx context.Context, most int64) (int64, error) {
	if p.rate == 0 {
		return most, nil
	}
	now := time.Now()
	if due := p.dueAt(p.taken + 1); now.Before(due) {
		if err := sleep(ctx, due.Sub(now)); err != nil {
			return 0, err
		}
		now = time.Now()
	} else if now.Sub(due) > maxBacklog {
		p.begin(now.Add(-maxBacklog))
	}
	due := int64(p.rate*now.Sub(p.began).Seconds()) - p.taken
	count := max(1, min(due, most))
	p.taken += count
	return count, nil
}

// giveBack returns what was taken and not used.
func (p *pace) giveBack(count int) { p.taken -= int64(count) }

// dueAt is the instant at which number n of the schedule is due.
func (p *pace) dueAt(n int64) time.Time {
	return p.began.Add(time.Duration(math.Ceil(float64(n) / p.rate * float64(time.Second))))
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
