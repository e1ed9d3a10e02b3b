package suite

import (
	"time"

	"github.com/acktor/acktor/bench/measure"
)

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
	// CPURatio is the CPU time of a record divided by that of the baseline; 0 where that is not known.
	CPURatio float64 `json:"cpu_ratio"`
	// Variant is the configuration of the engine that the line is about; empty: the usual one.
	Variant string `json:"variant,omitempty"`
	// Step is how many there are of what a sweep has more and more of; the baseline then is the sweep's first step.
	Step string `json:"step,omitempty"`
	// Gauges are by their names, with their units.
	Gauges map[string]float64 `json:"gauges,omitempty"`
}

// Rows are the lines of a result: one for each baseline, or for each step of a sweep, or one where there is nothing to compare with.
func (r *Result) Rows() []Row {
	if len(r.Baselines) == 0 {
		return []Row{r.row(&r.Engine, &Figures{})}
	}
	rows := make([]Row, len(r.Baselines))
	for i := range r.Baselines {
		b := &r.Baselines[i]
		if r.Scenario.Sweep == "" {
			engine := r.against(b)
			rows[i] = r.row(engine, &b.Figures)
			rows[i].Ratio = round(b.Ratio, 1000)
			if engine != &r.Engine {
				rows[i].Variant = engine.Name
			}
		} else {
			rows[i] = r.row(&b.Figures, &r.Engine)
			rows[i].Baseline, rows[i].Step = "ideal", b.Name
			if b.Ratio > 0 {
				rows[i].Ratio = round(1/b.Ratio, 1000)
			}
		}
		rows[i].CPURatio = round(b.Cost, 1000)
	}
	return rows
}

// row makes the line of e, beside b.
func (r *Result) row(e, b *Figures) Row {
	row := Row{
		Scenario: r.Scenario.Name, Size: r.Size, EngineRPS: round(e.Rate, 10), Baseline: b.Name, BaselineRPS: round(b.Rate, 10),
		P50: ms(e.Latency, 0.5), P99: ms(e.Latency, 0.99), P999: ms(e.Latency, 0.999), CPUPer100k: round(e.CPUPer100k, 1000),
		RSS: mebibytes(e.PeakRSS), AllocsPerRecord: round(e.AllocsPerRecord, 100), Lost: e.Lost, Duplicates: e.Duplicates,
		Connections: e.Connections, Records: e.Records, Outcomes: e.Outcomes, Failed: e.Failed,
		Disorder: e.Disorder, Runs: r.Runs, OK: r.OK,
		BaselineP50: ms(b.Latency, 0.5), BaselineP99: ms(b.Latency, 0.99),
		BaselineCPUPer100k: round(b.CPUPer100k, 1000), BaselineRSS: mebibytes(b.PeakRSS),
	}
	for _, gauge := range e.Gauges {
		if row.Gauges == nil {
			row.Gauges = map[string]float64{}
		}
		row.Gauges[gauge.Name+", "+gauge.Unit] = round(gauge.Value, 100)
	}
	return row
}

// round rounds to a fraction of one.
func round(value, fraction float64) float64 { return float64(int64(value*fraction+0.5)) / fraction }

func ms(latency *measure.Histogram, q float64) float64 {
	return round(float64(latency.Quantile(q))/float64(time.Millisecond), 1000)
}

func mebibytes(bytes int64) float64 { return round(float64(bytes)/(1<<20), 10) }
