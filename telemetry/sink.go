package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor/connector"
)

// SinkMetrics count at a sink. All methods are safe for concurrent use and allocate nothing.
type SinkMetrics struct {
	attempts               byClass // under 0 those that delivered
	duration               prometheus.Observer
	outcomes               outcomes
	waiting, writing       prometheus.Gauge
	closed, open, halfOpen prometheus.Gauge
	restarts               prometheus.Counter
}

// Sink returns the metrics of one sink of a pipeline, shared by all its destinations.
func (m *Metrics) Sink(pipeline, sink string) *SinkMetrics {
	if m == nil {
		return nil
	}
	destinations := m.gauges[SinkDestinations]
	return &SinkMetrics{
		attempts: newByClass(resultOK, func(result string) prometheus.Counter {
			return m.counters[SinkAttempts].WithLabelValues(pipeline, sink, result)
		}),
		duration: m.histograms[SinkAttemptDuration].WithLabelValues(pipeline, sink),
		outcomes: newOutcomes(m.counters[SinkOutcomes], pipeline, sink),
		waiting:  m.gauges[SinkWaiting].WithLabelValues(pipeline, sink),
		writing:  m.gauges[SinkWriting].WithLabelValues(pipeline, sink),
		closed:   destinations.WithLabelValues(pipeline, sink, "closed"),
		open:     destinations.WithLabelValues(pipeline, sink, "open"),
		halfOpen: destinations.WithLabelValues(pipeline, sink, "half-open"),
		restarts: m.counters[SinkRestarts].WithLabelValues(pipeline, sink),
	}
}

// Attempt counts one finished attempt of one record; class is 0 when it delivered.
func (m *SinkMetrics) Attempt(class connector.Class, took time.Duration) {
	if m == nil {
		return
	}
	m.attempts.of(class).Inc()
	m.duration.Observe(took.Seconds())
}

// Outcome counts the sink's final word on a record.
func (m *SinkMetrics) Outcome(state connector.State, class connector.Class) {
	if m == nil || !known(state) {
		return
	}
	m.outcomes.count(state, class)
}

// Waiting adds to the gauge of records that wait for their first or next attempt.
func (m *SinkMetrics) Waiting(delta int) {
	if m == nil {
		return
	}
	m.waiting.Add(float64(delta))
}

// Writing adds to the gauge of records that are being written.
func (m *SinkMetrics) Writing(delta int) {
	if m == nil {
		return
	}
	m.writing.Add(float64(delta))
}

// Breaker moves one destination from a breaker state ("closed", "open", "half-open") to another; "" is not open at all.
func (m *SinkMetrics) Breaker(from, to string) {
	if m == nil {
		return
	}
	if gauge := m.breaker(from); gauge != nil {
		gauge.Dec()
	}
	if gauge := m.breaker(to); gauge != nil {
		gauge.Inc()
	}
}

func (m *SinkMetrics) breaker(state string) prometheus.Gauge {
	switch state {
	case "closed":
		return m.closed
	case "open":
		return m.open
	case "half-open":
		return m.halfOpen
	}
	return nil
}

// Restarted counts a restart of a sink actor.
func (m *SinkMetrics) Restarted() {
	if m == nil {
		return
	}
	m.restarts.Inc()
}
