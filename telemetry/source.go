package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acktor/acktor/connector"
)

// SourceMetrics count at the source. All methods are safe for concurrent use and allocate nothing.
type SourceMetrics struct {
	records, bytes                 prometheus.Counter
	settled                        outcomes
	duration                       [states]prometheus.Observer
	inFlightRecords, inFlightBytes prometheus.Gauge
	restarts                       prometheus.Counter
	accepted, parked               prometheus.Counter
	backlogRecords, backlogBytes   prometheus.Gauge
	refusing                       prometheus.Gauge
}

// Source returns the metrics of a pipeline's source, its label values resolved once.
func (m *Metrics) Source(pipeline string) *SourceMetrics {
	if m == nil {
		return nil
	}
	s := &SourceMetrics{
		records:         m.counters[RecordsRead].WithLabelValues(pipeline),
		bytes:           m.counters[ReadBytes].WithLabelValues(pipeline),
		settled:         newOutcomes(m.counters[RecordsSettled], pipeline),
		inFlightRecords: m.gauges[InFlightRecords].WithLabelValues(pipeline),
		inFlightBytes:   m.gauges[InFlightBytes].WithLabelValues(pipeline),
		restarts:        m.counters[SourceRestarts].WithLabelValues(pipeline),
		accepted:        m.counters[RecordsAccepted].WithLabelValues(pipeline),
		parked:          m.counters[RecordsParked].WithLabelValues(pipeline),
		backlogRecords:  m.gauges[BacklogRecords].WithLabelValues(pipeline),
		backlogBytes:    m.gauges[BacklogBytes].WithLabelValues(pipeline),
		refusing:        m.gauges[StoreRefusing].WithLabelValues(pipeline),
	}
	for state := connector.Delivered; state < states; state++ {
		s.duration[state] = m.histograms[RecordDuration].WithLabelValues(pipeline, state.String())
	}
	return s
}

// Read counts records handed over by the source.
func (m *SourceMetrics) Read(records, bytes int) {
	if m == nil {
		return
	}
	m.records.Add(float64(records))
	m.bytes.Add(float64(bytes))
}

// Settled counts a final outcome; class is 0 unless it failed. took is the time since the record was read.
func (m *SourceMetrics) Settled(state connector.State, class connector.Class, took time.Duration) {
	if m == nil || !known(state) {
		return
	}
	m.settled.count(state, class)
	m.duration[state].Observe(took.Seconds())
}

// InFlight sets what is read and not yet settled.
func (m *SourceMetrics) InFlight(records, bytes int) {
	if m == nil {
		return
	}
	m.inFlightRecords.Set(float64(records))
	m.inFlightBytes.Set(float64(bytes))
}

// Restarted counts a restart of the source.
func (m *SourceMetrics) Restarted() {
	if m == nil {
		return
	}
	m.restarts.Inc()
}

// Accepted counts records that the source was told are accepted.
func (m *SourceMetrics) Accepted(records int) {
	if m == nil {
		return
	}
	m.accepted.Add(float64(records))
}

// Parked counts a record that left the window until a later attempt.
func (m *SourceMetrics) Parked() {
	if m == nil {
		return
	}
	m.parked.Inc()
}

// Backlog sets what the engine answers for by itself.
func (m *SourceMetrics) Backlog(records int, bytes int64) {
	if m == nil {
		return
	}
	m.backlogRecords.Set(float64(records))
	m.backlogBytes.Set(float64(bytes))
}

// Refusing sets whether the store cannot keep records.
func (m *SourceMetrics) Refusing(refusing bool) {
	switch {
	case m == nil:
	case refusing:
		m.refusing.Set(1)
	default:
		m.refusing.Set(0)
	}
}
