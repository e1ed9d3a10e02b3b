// Package admin serves an engine's metrics, health and state over HTTP, on the engine's public API alone.
//
//	GET /metrics        Prometheus metrics
//	GET /healthz        200 while the process lives
//	GET /readyz         200 when every pipeline does its work, else 503 with those that do not
//	GET /v1/pipelines   how the pipelines and their destinations stand, as JSON
//
// It only reads. It has neither a password nor TLS, so it listens on loopback addresses alone, and it answers only
// requests that name a loopback host: a web page that was made to resolve to 127.0.0.1 (DNS rebinding) gets nothing.
// What cannot be answered is answered with a problem document (RFC 9457).
package admin
