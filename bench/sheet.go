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
	note := fmt.Sprintf("%.2f CPU s per 100k, %.0f MiB, %.1f allocations each",
		r.Engine.CPUPer100k, float64(r.Engine.PeakRSS)/(1<<20), r.Engine.AllocsPerRecord)
	if !r.OK {
		note = "RECORDS ARE MISSING: these figures count for nothing"
	}
	row := chart.Row{Title: fmt.Sprintf("%d bytes", r.Size), Note: note, Series: []chart.Series{series(&r.Engine, "")}}
	for i := range r.Baselines {
		row.Series = append(row.Series, series(&r.Baselines[i].Figures, fmt.Sprintf("%.2f×", r.Baselines[i].Ratio)))
	}
	return row
}

func series(f *suite.Figures, remark string) chart.Series {
	return chart.Series{Name: f.Name, Rate: f.Rate, Remark: remark, Curve: curve(f.Latency)}
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
