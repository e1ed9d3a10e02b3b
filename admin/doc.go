// Package admin serves an engine's metrics, health, state and records over HTTP, on the engine's public API alone.
//
//	GET  /metrics                  Prometheus metrics
//	GET  /healthz                  200 while the process lives
//	GET  /readyz                   200 when every pipeline does its work, else 503 with those that do not
//	GET  /v1/pipelines             how the pipelines and their destinations stand
//	GET  /v1/records               outcomes, the newest first
//	GET  /v1/records/{id}          what is pending, what became of it, its dead letters
//	GET  /v1/records/{id}/events   the same, and then what happens, as server-sent events
//	GET  /v1/dead                  dead letters, the newest first
//	GET  /v1/dead/{seq}            one of them, with its data
//	POST /v1/dead/replay           delivers dead letters again, the oldest first
//	POST /v1/dead/drop             removes them for good
//
// Answers are JSON, in the form of the exported types. What cannot be answered is answered with a problem document (RFC 9457).
//
// There is neither a password nor TLS, so it listens on loopback addresses alone, and it answers only requests that name a
// loopback host: a web page that was made to resolve to 127.0.0.1 (DNS rebinding) gets nothing. What changes something, or costs
// something for long, is refused to the pages of other sites as well. The data of records is shown by /v1/dead/{seq} and
// nowhere else.
package admin
