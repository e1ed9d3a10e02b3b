package telemetry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/acktor/acktor/connector"
)

func setup(t *testing.T) (*Metrics, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	return NewMetrics(registry), registry
}

func gather(t *testing.T, registry *prometheus.Registry) []*dto.MetricFamily {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// samples returns what is not zero as "name{label=value,...}": for a histogram, its count.
func samples(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, family := range gather(t, registry) {
		for _, metric := range family.GetMetric() {
			labels := make([]string, 0, len(metric.GetLabel()))
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName()+"="+label.GetValue())
			}
			value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			if value != 0 && family.GetName() != BuildInfo {
				all[fmt.Sprintf("%s{%s}", family.GetName(), strings.Join(labels, ","))] = value
			}
		}
	}
	return all
}

func expect(t *testing.T, registry *prometheus.Registry, want map[string]float64) {
	t.Helper()
	if got := samples(t, registry); !maps.Equal(got, want) {
		t.Errorf("samples:\n got %v\nwant %v", got, want)
	}
}

func TestSourceCountsWhatItReadsAndSettles(t *testing.T) {
	metrics, registry := setup(t)
	source := metrics.Source("orders")
	source.Read(3, 600)
	source.InFlight(2, 400)
	source.Settled(connector.Delivered, 0, time.Millisecond)
	source.Settled(connector.Filtered, 0, time.Millisecond)
	source.Settled(connector.Failed, connector.Refused, time.Second)
	source.Restarted()

	expect(t, registry, map[string]float64{
		"acktor_records_read_total{pipeline=orders}":                                 3,
		"acktor_read_bytes_total{pipeline=orders}":                                   600,
		"acktor_in_flight_records{pipeline=orders}":                                  2,
		"acktor_in_flight_bytes{pipeline=orders}":                                    400,
		"acktor_records_settled_total{class=none,outcome=delivered,pipeline=orders}": 1,
		"acktor_records_settled_total{class=none,outcome=filtered,pipeline=orders}":  1,
		"acktor_records_settled_total{class=refused,outcome=failed,pipeline=orders}": 1,
		"acktor_record_duration_seconds{outcome=delivered,pipeline=orders}":          1,
		"acktor_record_duration_seconds{outcome=filtered,pipeline=orders}":           1,
		"acktor_record_duration_seconds{outcome=failed,pipeline=orders}":             1,
		"acktor_source_restarts_total{pipeline=orders}":                              1,
	})
}

func TestSinkCountsAttemptsOutcomesAndDestinations(t *testing.T) {
	metrics, registry := setup(t)
	sink := metrics.Sink("orders", "crm")
	sink.Attempt(connector.Timeout, time.Second)
	sink.Attempt(0, time.Millisecond)
	sink.Outcome(connector.Delivered, 0)
	sink.Outcome(connector.Failed, connector.Rejected)
	sink.Waiting(5)
	sink.Waiting(-2)
	sink.Writing(4)
	sink.Writing(-1)
	sink.Breaker("", "closed")
	sink.Breaker("", "closed")
	sink.Breaker("closed", "open")
	sink.Breaker("open", "half-open")
	sink.Restarted()

	expect(t, registry, map[string]float64{
		"acktor_sink_attempts_total{pipeline=orders,result=timeout,sink=crm}":                1,
		"acktor_sink_attempts_total{pipeline=orders,result=ok,sink=crm}":                     1,
		"acktor_sink_attempt_duration_seconds{pipeline=orders,sink=crm}":                     2,
		"acktor_sink_outcomes_total{class=none,outcome=delivered,pipeline=orders,sink=crm}":  1,
		"acktor_sink_outcomes_total{class=rejected,outcome=failed,pipeline=orders,sink=crm}": 1,
		"acktor_sink_waiting_records{pipeline=orders,sink=crm}":                              3,
		"acktor_sink_writing_records{pipeline=orders,sink=crm}":                              3,
		"acktor_sink_destinations{breaker=closed,pipeline=orders,sink=crm}":                  1,
		"acktor_sink_destinations{breaker=half-open,pipeline=orders,sink=crm}":               1,
		"acktor_sink_restarts_total{pipeline=orders,sink=crm}":                               1,
	})
}

func TestEveryClassHasItsOwnSeries(t *testing.T) {
	metrics, registry := setup(t)
	sink := metrics.Sink("p", "s")
	want := map[string]float64{}
	for i, class := range connector.Classes() {
		for range i + 1 {
			sink.Outcome(connector.Failed, class)
		}
		want[fmt.Sprintf("acktor_sink_outcomes_total{class=%s,outcome=failed,pipeline=p,sink=s}", class)] = float64(i + 1)
	}
	expect(t, registry, want)
}

func TestWhatIsOutsideTheClosedSetsDoesNoHarm(t *testing.T) {
	metrics, registry := setup(t)
	metrics.Source("p").Settled(0, 0, 0)
	metrics.Source("p").Settled(99, 0, 0)
	metrics.Sink("p", "s").Outcome(connector.Failed, 255)
	metrics.Sink("p", "s").Breaker("ajar", "shut")
	expect(t, registry, map[string]float64{
		"acktor_sink_outcomes_total{class=unavailable,outcome=failed,pipeline=p,sink=s}": 1,
	})
}

func TestSeriesExistBeforeTheFirstRecord(t *testing.T) {
	metrics, registry := setup(t)
	metrics.Source("orders")
	metrics.Sink("orders", "crm")
	var found []string
	for _, family := range gather(t, registry) {
		found = append(found, family.GetName())
	}
	for _, d := range Definitions() {
		if !slices.Contains(found, d.Name) {
			t.Errorf("%s has no series", d.Name)
		}
	}
}

func TestNilMetricsCountNothing(t *testing.T) {
	metrics := NewMetrics(nil)
	if metrics != nil {
		t.Fatal("NewMetrics(nil) is not nil")
	}
	source, sink := metrics.Source("p"), metrics.Sink("p", "s")
	source.Read(1, 1)
	source.Settled(connector.Delivered, 0, 0)
	source.InFlight(1, 1)
	source.Restarted()
	sink.Attempt(0, 0)
	sink.Outcome(connector.Delivered, 0)
	sink.Waiting(1)
	sink.Writing(1)
	sink.Breaker("", "closed")
	sink.Restarted()
}

func TestTwoEnginesShareNothing(t *testing.T) {
	a, registryA := setup(t)
	b, registryB := setup(t)
	a.Source("p").Read(1, 10)
	b.Source("p").Read(2, 20)
	expect(t, registryA, map[string]float64{"acktor_records_read_total{pipeline=p}": 1, "acktor_read_bytes_total{pipeline=p}": 10})
	expect(t, registryB, map[string]float64{"acktor_records_read_total{pipeline=p}": 2, "acktor_read_bytes_total{pipeline=p}": 20})
}

func TestEngineMadeAgainCountsOn(t *testing.T) {
	first, registry := setup(t)
	first.Source("p").Read(1, 10)
	NewMetrics(registry).Source("p").Read(2, 20)
	expect(t, registry, map[string]float64{"acktor_records_read_total{pipeline=p}": 3, "acktor_read_bytes_total{pipeline=p}": 30})
}

func TestForeignMetricOfTheSameNameIsRefused(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: RecordsRead, Help: "another's"}))
	defer func() {
		if value := recover(); value == nil || !strings.Contains(fmt.Sprint(value), RecordsRead) {
			t.Errorf("panicked with %v, want the metric's name", value)
		}
	}()
	NewMetrics(registry)
}

func TestNamesFollowThePrometheusConventions(t *testing.T) {
	metrics, registry := setup(t)
	metrics.Source("orders")
	metrics.Sink("orders", "crm")
	problems, err := promlint.NewWithMetricFamilies(gather(t, registry)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
	for _, d := range Definitions() {
		if !strings.HasPrefix(d.Name, "acktor_") {
			t.Errorf("%s lacks the prefix acktor_", d.Name)
		}
	}
}

func TestNoLabelGrowsWithTheTraffic(t *testing.T) {
	bounded := []string{labelPipeline, labelSink, labelOutcome, labelClass, labelResult, labelBreaker, labelVersion, labelRevision, labelGo}
	for _, d := range Definitions() {
		for _, label := range d.Labels {
			if !slices.Contains(bounded, label) {
				t.Errorf("%s: is the number of values of label %s bounded by the configuration?", d.Name, label)
			}
		}
	}
}

func TestCountingIsSafeFromManyGoroutines(t *testing.T) {
	metrics, registry := setup(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			source := metrics.Source("p")
			for range 1000 {
				source.Read(1, 0)
			}
		})
	}
	wg.Wait()
	expect(t, registry, map[string]float64{"acktor_records_read_total{pipeline=p}": 4000})
}

func TestCountingAllocatesNothing(t *testing.T) {
	metrics, _ := setup(t)
	source, sink := metrics.Source("p"), metrics.Sink("p", "s")
	if n := testing.AllocsPerRun(100, func() { countOneRecord(source, sink) }); n != 0 {
		t.Errorf("a record costs %v allocations", n)
	}
}

// countOneRecord does what the engine does for one record that is delivered at once.
func countOneRecord(source *SourceMetrics, sink *SinkMetrics) {
	source.Read(1, 200)
	source.InFlight(1, 200)
	sink.Waiting(1)
	sink.Waiting(-1)
	sink.Writing(1)
	sink.Writing(-1)
	sink.Attempt(0, 3*time.Millisecond)
	sink.Outcome(connector.Delivered, 0)
	source.Settled(connector.Delivered, 0, 5*time.Millisecond)
}

func BenchmarkOneRecord(b *testing.B) {
	metrics := NewMetrics(prometheus.NewRegistry())
	source, sink := metrics.Source("p"), metrics.Sink("p", "s")
	b.ReportAllocs()
	for b.Loop() {
		countOneRecord(source, sink)
	}
}

func BenchmarkMetrics(b *testing.B) {
	metrics := NewMetrics(prometheus.NewRegistry())
	source, sink := metrics.Source("p"), metrics.Sink("p", "s")
	methods := map[string]func(){
		"Read":     func() { source.Read(16, 3200) },
		"InFlight": func() { source.InFlight(16, 3200) },
		"Settled":  func() { source.Settled(connector.Delivered, 0, time.Millisecond) },
		"Attempt":  func() { sink.Attempt(connector.Timeout, time.Millisecond) },
		"Outcome":  func() { sink.Outcome(connector.Failed, connector.Timeout) },
		"Waiting":  func() { sink.Waiting(1) },
		"Breaker":  func() { sink.Breaker("closed", "open") },
	}
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				methods[name]()
			}
		})
	}
}
