package suite

import (
	"time"

	"github.com/acktor/acktor/bench/measure"
)

// Result is what a scenario gave in one size.
type Result struct {
	Scenario *Scenario
	Size     int
	Runs     int
	Engine   Figures
	// Baselines are those of the scenario, in its order.
	Baselines []Compared
	OK        bool // every record of every heat is accounted for
}

// Compared is a baseline with the engine's ratio to it.
type Compared struct {
	Figures
	// Ratio is the median over the runs of the engine's rate divided by this one's.
	Ratio float64
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
	Verdict
}

// result makes the result of the heats that were run.
func (c *course) result() Result {
	s := c.stage.scenario
	result := Result{Scenario: s, Size: c.stage.size, Runs: c.Runs, Engine: figures(&s.Engine, c.heats[&s.Engine])}
	engine := rates(c.heats[&s.Engine])
	result.OK = len(result.Engine.Problems) == 0
	for i := range s.Baselines {
		entry := &s.Baselines[i]
		heats := c.heats[entry]
		if entry.Ideal > 0 {
			heats = make([]*Heat, c.Runs)
			for j := range heats {
				heats[j] = &Heat{Rate: entry.Ideal}
			}
		}
		compared := Compared{Figures: figures(entry, heats), Ratio: measure.MedianRatio(engine, rates(heats))}
		result.OK = result.OK && len(compared.Problems) == 0
		result.Baselines = append(result.Baselines, compared)
	}
	return result
}

func rates(heats []*Heat) []float64 {
	return each(heats, func(h *Heat) float64 { return h.Rate })
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
		CPUPer100k:      measure.Median(each(heats, func(h *Heat) float64 { return h.CPUPer100k })),
		AllocsPerRecord: measure.Median(each(heats, func(h *Heat) float64 { return h.AllocsPerRecord })),
		Latency:         measure.NewHistogram(),
	}
	for _, h := range heats {
		f.Latency.Merge(h.Latency)
		f.PeakRSS = max(f.PeakRSS, h.PeakRSS)
		f.Connections = max(f.Connections, h.Connections)
		f.Records += h.Records
		f.Outcomes += h.Outcomes
		f.Failed += h.Failed
		f.Lost += h.Lost
		f.Duplicates += h.Duplicates
		f.Disorder += h.Disorder
		f.Problems = append(f.Problems, h.Problems...)
	}
	return f
}

// Row is a result in the form of one line of JSON, for one baseline. Further keys may come; these stay.
type Row struct {
	Scenario        string  `json:"scenario"`
	Size            int     `json:"size"`
	EngineRPS       float64 `json:"engine_rps"`
	Baseline        string  `json:"baseline"`
	BaselineRPS     float64 `json:"baseline_rps"`
	Ratio           float64 `json:"ratio"`
	P50             float64 `json:"p50_ms"`
	P99             float64 `json:"p99_ms"`
	CPUPer100k      float64 `json:"cpu_s_per_100k"`
	RSS             float64 `json:"rss_mib"`
	AllocsPerRecord float64 `json:"allocs_per_record"`
	Lost            int64   `json:"lost"`
	Duplicates      int64   `json:"duplicates"`

	P999               float64 `json:"p999_ms"`
	Connections        int64   `json:"connections"`
	Records            int64   `json:"records"`
	Outcomes           int64   `json:"outcomes"`
	Failed             int64   `json:"failed"`
	Disorder           int64   `json:"disorder"`
	Runs               int     `json:"runs"`
	OK                 bool    `json:"ok"`
	BaselineP50        float64 `json:"baseline_p50_ms"`
	BaselineP99        float64 `json:"baseline_p99_ms"`
	BaselineCPUPer100k float64 `json:"baseline_cpu_s_per_100k"`
	BaselineRSS        float64 `json:"baseline_rss_mib"`
}

// Rows are the lines of a result, one for each baseline.
func (r *Result) Rows() []Row {
	e := &r.Engine
	rows := make([]Row, len(r.Baselines))
	for i := range r.Baselines {
		b := &r.Baselines[i]
		rows[i] = Row{
			Scenario: r.Scenario.Name, Size: r.Size, EngineRPS: round(e.Rate, 10), Baseline: b.Name, BaselineRPS: round(b.Rate, 10),
			Ratio: round(b.Ratio, 1000), P50: ms(e.Latency, 0.5), P99: ms(e.Latency, 0.99), CPUPer100k: round(e.CPUPer100k, 1000),
			RSS: mebibytes(e.PeakRSS), AllocsPerRecord: round(e.AllocsPerRecord, 100), Lost: e.Lost, Duplicates: e.Duplicates,
			P999: ms(e.Latency, 0.999), Connections: e.Connections, Records: e.Records, Outcomes: e.Outcomes, Failed: e.Failed,
			Disorder: e.Disorder, Runs: r.Runs, OK: r.OK,
			BaselineP50: ms(b.Latency, 0.5), BaselineP99: ms(b.Latency, 0.99),
			BaselineCPUPer100k: round(b.CPUPer100k, 1000), BaselineRSS: mebibytes(b.PeakRSS),
		}
	}
	return rows
}

// round rounds to a fraction of one.
func round(value, fraction float64) float64 { return float64(int64(value*fraction+0.5)) / fraction }

func ms(latency *measure.Histogram, q float64) float64 {
	return round(float64(latency.Quantile(q))/float64(time.Millisecond), 1000)
}

func mebibytes(bytes int64) float64 { return round(float64(bytes)/(1<<20), 10) }
