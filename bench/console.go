package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/acktor/acktor/bench/suite"
)

// console is where a command writes to: results to out, all else to err.
type console struct{ out, err io.Writer }

// run runs scenarios and shows what they gave.
func (c console) run(ctx context.Context, s *settings, scenarios []suite.Scenario) error {
	if s.peers {
		path, remove, err := buildPeers(ctx)
		if err != nil {
			return err
		}
		defer remove()
		suite.AddPeers(scenarios, path)
	}
	bar := newBar(c.err)
	var results []suite.Result
	failed := suite.Run(ctx, suite.Options{
		Scenarios: scenarios, Sizes: s.sizes, Runs: s.runs, For: s.length, Directory: s.dir, Profiles: s.profiles, Check: s.check,
		Progress: bar.show,
		Row: func(result suite.Result) {
			bar.clear()
			results = append(results, result)
			c.show(s, &result)
		},
	})
	bar.clear()
	return errors.Join(failed, s.draw(results))
}

// show prints a result.
func (c console) show(s *settings, result *suite.Result) {
	rows := result.Rows()
	switch {
	case s.json:
		for _, row := range rows {
			_ = json.NewEncoder(c.out).Encode(row)
		}
	case s.check:
		c.printf("%-18s %5d B  %s\n", rows[0].Scenario, rows[0].Size, verdict(result))
	case result.Scenario.Sweep != "":
		c.sweep(result)
	case len(result.Engine.Gauges) > 0:
		c.gauges(result)
	default:
		c.compare(result, rows)
	}
}

func (c console) printf(format string, arguments ...any) {
	fmt.Fprintf(c.out, format, arguments...) //nolint:errcheck // what is lost here nobody reads
}

// verdict says in words what became of the records of the engine, or of all steps of a sweep.
func verdict(result *suite.Result) string {
	word, sum := "ok", result.Engine.Verdict
	if !result.OK {
		word = "FAILED"
	}
	if result.Scenario.Sweep != "" {
		for i := range result.Baselines {
			sum.Add(&result.Baselines[i].Verdict)
		}
	}
	return fmt.Sprintf("%s: %d records, %d outcomes, %d lost, %d duplicates", word, sum.Records, sum.Outcomes, sum.Lost, sum.Duplicates)
}

// compare prints the engine's figures, and its ratios to the baselines.
func (c console) compare(result *suite.Result, rows []suite.Row) {
	row := &rows[0]
	c.printf("\n%s, %d B: %.0f records/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n", row.Scenario, row.Size, row.EngineRPS, row.P50, row.P99, row.P999)
	c.printf("  %.2f CPU s per 100k, %.1f MiB, %.1f allocations per record, %d connections\n", row.CPUPer100k, row.RSS, row.AllocsPerRecord, row.Connections)
	c.printf("  %s\n", verdict(result))
	for i := range result.Variants {
		v := &result.Variants[i]
		c.printf("  with %s: %.0f records/s, p50 %.2f ms, p99 %.2f ms, %.2f CPU s per 100k, %.1f MiB\n", v.Name, v.Rate,
			milliseconds(v.Latency.Quantile(0.5)), milliseconds(v.Latency.Quantile(0.99)), v.CPUPer100k, float64(v.PeakRSS)/(1<<20))
	}
	for _, row := range rows {
		if row.Variant != "" {
			c.printf("  with %s:\n", row.Variant)
		}
		c.printf("  %6.2f of %-14s %12.0f records/s", row.Ratio, row.Baseline, row.BaselineRPS)
		if row.CPURatio > 0 {
			c.printf("   with %5.2f of its CPU", row.CPURatio)
		}
		c.printf("\n")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sweep prints a line for each step.
func (c console) sweep(result *suite.Result) {
	c.printf("\n%s, %d B: what a record costs\n  %s\n", result.Scenario.Name, result.Size, verdict(result))
	line := func(f *suite.Figures, ratio float64) {
		c.printf("  %7s %-12s %6.3f CPU s per 100k  %5.2f×  %10.0f records/s  %7.1f MiB\n",
			f.Name, result.Scenario.Sweep, f.CPUPer100k, ratio, f.Rate, float64(f.PeakRSS)/(1<<20))
	}
	line(&result.Engine, 1)
	for i := range result.Baselines {
		line(&result.Baselines[i].Figures, result.Baselines[i].Cost)
	}
}

// gauges prints figures of their own kind, with their limits.
func (c console) gauges(result *suite.Result) {
	c.printf("\n%s: %s\n", result.Scenario.Name, verdict(result))
	for i := range result.Engine.Gauges {
		gauge := &result.Engine.Gauges[i]
		c.printf("  %-26s %10.2f %s", gauge.Name, gauge.Value, gauge.Unit)
		switch {
		case gauge.Exceeded():
			c.printf("   ABOVE the limit of %g", gauge.Limit)
		case gauge.Limit > 0:
			c.printf("   limit %g", gauge.Limit)
		}
		c.printf("\n")
	}
}
