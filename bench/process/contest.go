package process

import (
	"context"
	"fmt"
	"time"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/measure"
)

// Ready is what a contestant says when it is prepared.
type Ready struct{}

// Started is what a contestant says when it works.
type Started struct{}

// Report is what a contestant says at the end.
type Report struct {
	Usage
	Began time.Time
	// Records were taken in; each of them was delivered, has failed or was filtered.
	Records, Delivered, Failed, Filtered int64
	// InTime is how many were delivered in the measured time, where more were delivered afterwards.
	InTime int64
	// Latency is from taking a record in to knowing what became of it; nil where that was not measured.
	Latency *measure.Histogram `json:",omitempty"`
	// Taken is what an end within the process took, where there is one.
	Taken *ledger.Page `json:",omitempty"`
	// Failures says why, of the first few.
	Failures []string `json:",omitempty"`
	// Gauges are what the contestant measured of itself beside its usage.
	Gauges []Gauge `json:",omitempty"`
}

// Gauge is a figure of its own kind: what something costs that is only there.
type Gauge struct {
	Name, Unit string
	Value      float64
	Limit      float64 // what it should not exceed; 0: none is set
}

// Exceeded reports whether the figure is above its limit.
func (g *Gauge) Exceeded() bool { return g.Limit > 0 && g.Value > g.Limit }

// Contestant does work that is measured.
type Contestant struct {
	// Start begins. The work may go on when it has returned.
	Start func(ctx context.Context) error
	// Wait returns at the end of the work. When ctx ends before, it returns soon, and without an error: that is how work ends
	// that has no end of its own.
	Wait func(ctx context.Context) error
	// Stop finishes what is left and says what became of all records.
	Stop func() (Report, error)
}

// Compete leads a contestant through its steps.
func Compete(ctx context.Context, line *Line, c Contestant) error {
	if err := line.Tell(Ready{}); err != nil {
		return err
	}
	if err := line.Await(Begin); err != nil {
		return err
	}
	meter := StartMeter()
	if err := c.Start(ctx); err != nil {
		return err
	}
	if err := line.Tell(Started{}); err != nil {
		return err
	}
	if err := wait(ctx, line, c, meter); err != nil {
		return err
	}
	usage := meter.Read()
	report, err := c.Stop()
	if err != nil {
		return err
	}
	report.Usage, report.Began = usage, meter.Began
	if err := line.Tell(report); err != nil {
		return err
	}
	line.AwaitEnd()
	return nil
}

// wait returns when the work has ended or was ended by command.
func wait(ctx context.Context, line *Line, c Contestant, meter *Meter) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Wait(working) }()
	for {
		select {
		case err := <-done:
			return err
		case command := <-line.Commands():
			switch command {
			case Rest:
				*meter = *StartMeter()
			case End:
				cancel()
				return <-done
			default:
				return fmt.Errorf("process: told to %s amid the work", command)
			}
		}
	}
}
