package telemetry

import "slices"

// The names of the metrics. They are an interface to dashboards and alerts: a name or label that
// changes is a breaking change.
const (
	BuildInfo = "acktor_build_info"

	RecordsRead     = "acktor_records_read_total"
	ReadBytes       = "acktor_read_bytes_total"
	RecordsSettled  = "acktor_records_settled_total"
	RecordDuration  = "acktor_record_duration_seconds"
	InFlightRecords = "acktor_in_flight_records"
	InFlightBytes   = "acktor_in_flight_bytes"
	SourceRestarts  = "acktor_source_restarts_total"
	RecordsAccepted = "acktor_records_accepted_total"
	RecordsParked   = "acktor_records_parked_total"
	BacklogRecords  = "acktor_backlog_records"
	BacklogBytes    = "acktor_backlog_bytes"
	StoreRefusing   = "acktor_store_refusing"

	LedgerDropped = "acktor_ledger_dropped_total"

	SinkAttempts        = "acktor_sink_attempts_total"
	SinkAttemptDuration = "acktor_sink_attempt_duration_seconds"
	SinkOutcomes        = "acktor_sink_outcomes_total"
	SinkWaiting         = "acktor_sink_waiting_records"
	SinkWriting         = "acktor_sink_writing_records"
	SinkDestinations    = "acktor_sink_destinations"
	SinkRestarts        = "acktor_sink_restarts_total"
)

// The names of the labels. None of them grows with the traffic: pipelines and sinks are named by
// the configuration, the others are closed sets.
const (
	labelPipeline = "pipeline"
	labelSink     = "sink"
	labelOutcome  = "outcome"
	labelClass    = "class"
	labelResult   = "result"
	labelBreaker  = "breaker"
	labelVersion  = "version"
	labelRevision = "revision"
	labelGo       = "go_version"
)

// Label values that stand for the absence of a failure class.
const (
	noClass  = "none" // an outcome that did not fail
	resultOK = "ok"   // an attempt that delivered
)

// Kind is the type of a metric.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Definition describes one metric.
type Definition struct {
	Name    string
	Kind    Kind
	Labels  []string
	Help    string
	Buckets []float64 // upper bounds in seconds, for a Histogram
}

// Definitions returns every metric of an engine, in the order of the documentation.
func Definitions() []Definition {
	return slices.Concat(engineDefinitions(), sourceDefinitions(), sinkDefinitions())
}

func engineDefinitions() []Definition {
	return []Definition{
		{Name: BuildInfo, Kind: Gauge, Labels: []string{labelVersion, labelRevision, labelGo},
			Help: "Always 1; the labels name the build that is running."},
		{Name: LedgerDropped, Kind: Counter,
			Help: "Outcomes that were not written down, as the store was too slow or could not. The records themselves are not concerned."},
	}
}

func sourceDefinitions() []Definition {
	pipeline := []string{labelPipeline}
	return []Definition{
		{Name: RecordsRead, Kind: Counter, Labels: pipeline,
			Help: "Records handed over by the source."},
		{Name: ReadBytes, Kind: Counter, Labels: pipeline,
			Help: "Bytes of the records handed over by the source, as counted against the window."},
		{Name: RecordsSettled, Kind: Counter, Labels: []string{labelPipeline, labelOutcome, labelClass},
			Help: "Records that have their one final outcome. The class is none unless the record failed."},
		{Name: RecordDuration, Kind: Histogram, Labels: []string{labelPipeline, labelOutcome}, Buckets: recordBuckets(),
			Help: "Time from a record's reading to its final outcome, retries and waiting included."},
		{Name: InFlightRecords, Kind: Gauge, Labels: pipeline,
			Help: "Records read and not yet settled."},
		{Name: InFlightBytes, Kind: Gauge, Labels: pipeline,
			Help: "Bytes of the records read and not yet settled."},
		{Name: SourceRestarts, Kind: Counter, Labels: pipeline,
			Help: "Restarts of the source."},
		{Name: RecordsAccepted, Kind: Counter, Labels: pipeline,
			Help: "Records that were made durable, of which the source was told that they are accepted."},
		{Name: RecordsParked, Kind: Counter, Labels: pipeline,
			Help: "How often a record left the window until a later attempt."},
		{Name: BacklogRecords, Kind: Gauge, Labels: pipeline,
			Help: "Records that the engine answers for by itself, in its store."},
		{Name: BacklogBytes, Kind: Gauge, Labels: pipeline,
			Help: "Bytes of the records that the engine answers for by itself."},
		{Name: StoreRefusing, Kind: Gauge, Labels: pipeline,
			Help: "1 while records are refused, or stay in flight, since the store cannot keep them; else 0."},
	}
}

func sinkDefinitions() []Definition {
	sink := []string{labelPipeline, labelSink}
	return []Definition{
		{Name: SinkAttempts, Kind: Counter, Labels: []string{labelPipeline, labelSink, labelResult},
			Help: "Finished attempts, one for each record in them. The result is ok or a failure class."},
		{Name: SinkAttemptDuration, Kind: Histogram, Labels: sink, Buckets: attemptBuckets(),
			Help: "Time that one attempt took, whatever its result."},
		{Name: SinkOutcomes, Kind: Counter, Labels: []string{labelPipeline, labelSink, labelOutcome, labelClass},
			Help: "The sink's final words on records. The class is none unless the record failed."},
		{Name: SinkWaiting, Kind: Gauge, Labels: sink,
			Help: "Records that wait for their first or next attempt, over all destinations."},
		{Name: SinkWriting, Kind: Gauge, Labels: sink,
			Help: "Records that are being written, over all destinations."},
		{Name: SinkDestinations, Kind: Gauge, Labels: []string{labelPipeline, labelSink, labelBreaker},
			Help: "Destinations in use by the state of their breaker: closed, open or half-open."},
		{Name: SinkRestarts, Kind: Counter, Labels: sink,
			Help: "Restarts of the sink's actors, over all destinations."},
	}
}

// attemptBuckets reach from a peer on the same machine to the longest sensible timeout.
func attemptBuckets() []float64 {
	return []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
}

// recordBuckets go on to the default limit of all retries.
func recordBuckets() []float64 { return append(attemptBuckets(), 60, 300, 900) }
