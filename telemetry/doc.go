// Package telemetry is what an engine shows of itself: its metrics, its live view and its log.
//
// [Metrics] count records on their way. Their names, labels and meanings stand in one place,
// [Definitions], and docs/metrics.md is written from it. The label values are resolved when a
// pipeline starts, so that counting costs a few atomic additions and no allocation; for the same
// reason every series exists, at zero, before the first record. There is never a label per
// destination: destinations are as many as the records bring about, series must not be.
//
// A [Board] is the live view of one pipeline. There the destinations do have names.
//
// [NewLogger] makes the log: tinted lines for people, JSON for machines. What comes from records
// and peers may be long, hostile or secret, so the logger bounds values, makes control characters
// harmless and replaces known secrets, whoever logs them.
package telemetry

//go:generate go test -run ^TestMetricsPageIsCurrent$ . -update
