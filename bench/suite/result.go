package suite

import (
	"slices"

	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
)

// Result is what a scenario gave in one size.
type Result struct {
	Scenario *Scenario
	Size     int
	Runs     int
	Engine   Figures
	// Variants are those of the scenario, in its order.
	Variants []Figures
	// Baselines are those of the scenario, in its order.
	Baselines []Compared
	OK        bool // every record of every heat is accounted for
}

// Compared is a baseline with the engine's ratio to it.
type Compared struct {
	Figures
	// Against is the variant of the engine that it is held against, or the engine's own name.
	Against string
	// Ratio is the median over the runs of the engine's rate divided by this one's.
	Ratio float64
	// Cost is the median over the runs of the engine's CPU time for a record divided by this one's. 0: it is not known. In a sweep it
	// is this one's divided by the first one's.
	Cost float64
}

// Figures are those of one contestant over all runs: medians, but the latency is of all records of all runs, the memory is the
// most, and what is counted is the sum.
type Figures struct {
	Name            string
	Rate            float64
	Latency         *measure.Histogram
	CPUPer100k      float64
	PeakRSS         int64
	AllocsPerRecord float64
	Connections     int64
	Gauges          []process.Gauge
	Verdict
}

// result makes the result of the heats that were run.
func (c *course) result() Result {
	s := c.stage.scenario
	result := Result{Scenario: s, Size: c.stage.size, Runs: c.Runs, Engine: figures(&s.Engine, c.heats[&s.Engine])}
	result.OK = len(result.Engine.Problems) == 0
	for i := range s.Variants {
		f := figures(&s.Variants[i], c.heats[&s.Variants[i]])
		result.OK = result.OK && len(f.Problems) == 0
		result.Variants = append(result.Variants, f)
	}
	for i := range s.Baselines {
		entry := &s.Baselines[i]
		heats := c.heats[entry]
		if entry.Ideal > 0 {
			heats = make([]*Heat, c.Runs)
			for j := range heats {
				heats[j] = &Heat{Rate: entry.Ideal}
			}
		}
		compared := c.compare(entry, heats)
		result.OK = result.OK && len(compared.Problems) == 0
		result.Baselines = append(result.Baselines, compared)
	}
	return result
}

// compare holds the engine against a baseline.
func (c *course) compare(baseline *Entry, heats []*Heat) Compared {
	s := c.stage.scenario
	rival := s.rival(baseline)
	engine := c.heats[rival]
	compared := Compared{Figures: figures(baseline, heats), Against: rival.Name, Ratio: measure.MedianRatio(rates(engine), rates(heats))}
	if s.Sweep != "" {
		compared.Cost = measure.MedianRatio(costs(heats), costs(engine))
	} else {
		compared.Cost = measure.MedianRatio(costs(engine), costs(heats))
	}
	return compared
}

func rates(heats []*Heat) []float64 {
	return each(heats, func(h *Heat) float64 { return h.Rate })
}

func costs(heats []*Heat) []float64 {
	return each(heats, func(h *Heat) float64 { return h.CPUPer100k })
}

func each(heats []*Heat, of func(*Heat) float64) []float64 {
	values := make([]float64, len(heats))
	for i, heat := range heats {
		values[i] = of(heat)
	}
	return values
}

func figures(entry *Entry, heats []*Heat) Figures {
	f := Figures{
		Name:            entry.Name,
		Rate:            measure.Median(rates(heats)),
		CPUPer100k:      measure.Median(costs(heats)),
		AllocsPerRecord: measure.Median(each(heats, func(h *Heat) float64 { return h.AllocsPerRecord })),
		Latency:         measure.NewHistogram(),
		Gauges:          gauges(heats),
	}
	for _, h := range heats {
		f.Latency.Merge(h.Latency)
		f.PeakRSS = max(f.PeakRSS, h.PeakRSS)
		f.Connections = max(f.Connections, h.Connections)
		f.Add(&h.Verdict)
	}
	return f
}

// gauges are the medians of those of the heats.
func gauges(heats []*Heat) []process.Gauge {
	if len(heats) == 0 {
		return nil
	}
	all := slices.Clone(heats[0].Gauges)
	for i := range all {
		all[i].Value = measure.Median(each(heats, func(h *Heat) float64 { return h.Gauges[i].Value }))
	}
	return all
}

// against is the figures of the engine that b is held against.
func (r *Result) against(b *Compared) *Figures {
	for i := range r.Variants {
		if r.Variants[i].Name == b.Against {
			return &r.Variants[i]
		}
	}
	return &r.Engine
}
