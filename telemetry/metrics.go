package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor/connector"
)

// Metrics are one engine's metrics. Nil Metrics, and what they return, count nothing.
type Metrics struct{}

// NewMetrics registers the metrics with registerer.
func NewMetrics(registerer prometheus.Registerer) *Metrics { panic("telemetry: not built") }

// Source returns the metrics of a pipeline's source, its label values resolved once.
func (m *Metrics) Source(pipeline string) *SourceMetrics { panic("telemetry: not built") }

// Sink returns the metrics of one sink of a pipeline, shared by all its destinations.
func (m *Metrics) Sink(pipeline, sink string) *SinkMetrics { panic("telemetry: not built") }

// SourceMetrics count at the source. All methods are safe for concurrent use and allocate nothing.
type SourceMetrics struct{}

// Read counts records handed over by the source.
func (m *SourceMetrics) Read(records, bytes int) {}

// Settled counts a final outcome; class is 0 unless it failed. took is the time since the record was read.
func (m *SourceMetrics) Settled(state connector.State, class connector.Class, took time.Duration) {}

// InFlight sets what is read and not yet settled.
func (m *SourceMetrics) InFlight(records, bytes int) {}

// Restarted counts a restart of the source.
func (m *SourceMetrics) Restarted() {}

// SinkMetrics count at a sink. All methods are safe for concurrent use and allocate nothing.
type SinkMetrics struct{}

// Attempt counts one finished attempt of one record; class is 0 when it delivered.
func (m *SinkMetrics) Attempt(class connector.Class, took time.Duration) {}

// Outcome counts the sink's final word on a record.
func (m *SinkMetrics) Outcome(state connector.State, class connector.Class) {}

// Waiting and Writing add to the gauges of records that wait, and that are being written.
func (m *SinkMetrics) Waiting(delta int) {}

// Writing adds to the gauge of records that are being written.
func (m *SinkMetrics) Writing(delta int) {}

// Breaker moves one destination from a breaker state ("closed", "open", "half-open") to another; "" is not open at all.
func (m *SinkMetrics) Breaker(from, to string) {}

// Restarted counts a restart of a sink actor.
func (m *SinkMetrics) Restarted() {}
