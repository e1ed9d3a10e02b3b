package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"time"

	"github.com/acktor/acktor/bench/chart"
	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/suite"
)

// draw writes the page and the picture that are asked for.
func (s *settings) draw(results []suite.Result) error {
	sheet := s.sheet(results)
	var all []error
	if s.html != "" {
		all = append(all, writeFile(s.html, sheet.WritePage))
	}
	if s.png != "" {
		all = append(all, writeFile(s.png, sheet.WritePicture))
	}
	return errors.Join(all...)
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// sheet makes a panel for each scenario, with a row for each size.
func (s *settings) sheet(results []suite.Result) *chart.Sheet {
	sheet := &chart.Sheet{
		Title: "acktor: throughput and latency, side by side",
		Note: fmt.Sprintf("Bars: records a second, medians of %d runs of %v; 1.20× means that the engine is 1.2 times as fast as that one, measured in the same run. "+
			"Curves: the latency that so many percent of the records do not exceed. %d cores, %s/%s, %s.",
			s.runs, s.length, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()),
	}
	for i := range results {
		r := &results[i]
		if i == 0 || results[i-1].Scenario != r.Scenario {
			sheet.Panels = append(sheet.Panels, chart.Panel{Title: r.Scenario.Name, Note: r.Scenario.Summary})
		}
		panel := &sheet.Panels[len(sheet.Panels)-1]
		panel.Rows = append(panel.Rows, row(r))
	}
	return sheet
}

func row(r *suite.Result) chart.Row {
	row := chart.Row{Title: fmt.Sprintf("%d bytes", r.Size), Note: cost(&r.Engine)}
	if r.Scenario.Once {
		row.Title = ""
	}
	switch {
	case r.Scenario.Sweep != "":
		row.Note = "CPU time of a record, by the number of " + r.Scenario.Sweep
		row.Series = steps(r)
	case len(r.Engine.Gauges) > 0:
		row.Note = ""
		row.Series = gauges(r.Engine.Gauges)
	default:
		row.Series = compared(r)
	}
	if !r.OK {
		row.Note = "RECORDS ARE MISSING OR TOO MANY: these figures count for nothing"
	}
	return row
}

func cost(f *suite.Figures) string {
	return fmt.Sprintf("%.2f CPU s per 100k, %.0f MiB, %.1f allocations each", f.CPUPer100k, float64(f.PeakRSS)/(1<<20), f.AllocsPerRecord)
}

// compared are the engine, its variants and the baselines.
func compared(r *suite.Result) []chart.Series {
	all := []chart.Series{series(&r.Engine, "")}
	for i := range r.Variants {
		all = append(all, series(&r.Variants[i], "(engine)"))
	}
	for i := range r.Baselines {
		b := &r.Baselines[i]
		all = append(all, series(&b.Figures, fmt.Sprintf("%.2f×", b.Ratio)))
	}
	return all
}

func series(f *suite.Figures, remark string) chart.Series {
	return chart.Series{Name: f.Name, Value: f.Rate, Figure: chart.Rate(f.Rate), Remark: remark, Curve: curve(f.Latency)}
}

// steps are those of a sweep.
func steps(r *suite.Result) []chart.Series {
	step := func(f *suite.Figures, ratio float64) chart.Series {
		return chart.Series{
			Own: true, Name: f.Name, Value: f.CPUPer100k, Figure: fmt.Sprintf("%.2f µs", 10*f.CPUPer100k), Remark: fmt.Sprintf("%.2f×", ratio),
		}
	}
	all := []chart.Series{step(&r.Engine, 1)}
	for i := range r.Baselines {
		all = append(all, step(&r.Baselines[i].Figures, r.Baselines[i].Cost))
	}
	return all
}

// gauges are bars of the share of their limits, or of nothing where there is none.
func gauges(all []process.Gauge) []chart.Series {
	var bars []chart.Series
	for i := range all {
		g := &all[i]
		bar := chart.Series{Own: true, Name: g.Name, Figure: fmt.Sprintf("%.4g %s", g.Value, g.Unit)}
		if g.Limit > 0 {
			bar.Value, bar.Remark = g.Value/g.Limit, fmt.Sprintf("limit %g", g.Limit)
		}
		if g.Exceeded() {
			bar.Remark += ": ABOVE"
		}
		bars = append(bars, bar)
	}
	return bars
}

// enough is how many records must be slower than a percentile for it to be shown.
const enough = 5

func curve(latency *measure.Histogram) []chart.Point {
	var points []chart.Point
	for nines := 0.0; nines <= 4; nines += 0.1 {
		q := 1 - math.Pow(10, -nines)
		if float64(latency.Count())*(1-q) < enough {
			break
		}
		points = append(points, chart.Point{Q: q, Milliseconds: float64(latency.Quantile(q)) / float64(time.Millisecond)})
	}
	return points
}
