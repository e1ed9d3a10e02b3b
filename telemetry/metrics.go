package telemetry

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are one engine's metrics. Nil Metrics, and what they return, count nothing. All methods
// are safe for concurrent use.
type Metrics struct {
	counters   map[string]*prometheus.CounterVec
	gauges     map[string]*prometheus.GaugeVec
	histograms map[string]*prometheus.HistogramVec
}

// NewMetrics registers the metrics with registerer and returns nil when it is nil. Metrics that a
// former engine has registered there are taken over and count on, so that an engine may be stopped
// and made again. When something else bears one of the names it panics, as prometheus.MustRegister
// does.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	if registerer == nil {
		return nil
	}
	m := &Metrics{
		counters:   map[string]*prometheus.CounterVec{},
		gauges:     map[string]*prometheus.GaugeVec{},
		histograms: map[string]*prometheus.HistogramVec{},
	}
	for _, d := range Definitions() {
		m.register(registerer, d)
	}
	build := readBuild()
	m.Dropped(0) // so that the series is there
	m.gauges[BuildInfo].WithLabelValues(build.version, build.revision, build.goVersion).Set(1)
	return m
}

func (m *Metrics) register(registerer prometheus.Registerer, d Definition) {
	switch d.Kind {
	case Counter:
		opts := prometheus.CounterOpts{Name: d.Name, Help: d.Help}
		m.counters[d.Name] = registered(registerer, d, prometheus.NewCounterVec(opts, d.Labels))
	case Gauge:
		opts := prometheus.GaugeOpts{Name: d.Name, Help: d.Help}
		m.gauges[d.Name] = registered(registerer, d, prometheus.NewGaugeVec(opts, d.Labels))
	case Histogram:
		opts := prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: d.Buckets}
		m.histograms[d.Name] = registered(registerer, d, prometheus.NewHistogramVec(opts, d.Labels))
	}
}

// registered returns the collector that registerer knows by the definition: the one given, or the
// one that was there before.
func registered[C prometheus.Collector](registerer prometheus.Registerer, d Definition, collector C) C {
	err := registerer.Register(collector)
	if err == nil {
		return collector
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing
		}
	}
	panic(fmt.Errorf("telemetry: register %s: %w", d.Name, err))
}

// Dropped counts outcomes that the ledger could not write down.
func (m *Metrics) Dropped(stories int) {
	if m != nil {
		m.counters[LedgerDropped].WithLabelValues().Add(float64(stories))
	}
}
