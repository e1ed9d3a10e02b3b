package suite

import (
	"context"
	"time"

	"github.com/acktor/acktor/bench/process"
)

// calm is the time after the last record in which what it has left behind comes to rest.
const calm = time.Second

// rest sends one record through, which proves that the contestant is at work, and then nothing. Its usage counts from there.
func (p *performance) rest(ctx context.Context) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	if err := pause(ctx, calm); err != nil {
		return err
	}
	if err := p.child.Tell(process.Rest); err != nil {
		return err
	}
	if err := pause(ctx, p.length); err != nil {
		return err
	}
	var err error
	if p.resting, err = process.Resident(p.child.PID()); err != nil {
		return err
	}
	return p.child.Tell(process.End)
}

func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// What an engine that has nothing to do may cost.
const (
	idleCPU = 1.0 // percent of one core
	idleRSS = 30.0
)

// idle makes the gauges of a rest.
func (p *performance) idle() []process.Gauge {
	if !p.entry.Idle {
		return nil
	}
	return []process.Gauge{
		{Name: "CPU", Unit: "% of a core", Value: 100 * p.report.CPU.Seconds() / p.report.Elapsed.Seconds(), Limit: idleCPU},
		{Name: "resident", Unit: "MiB", Value: float64(p.resting) / (1 << 20), Limit: idleRSS},
	}
}
