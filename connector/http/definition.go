// Package http is the connector that speaks HTTP on both ends: a server whose requests are records, and a client
// that sends records as requests.
//
// The sink makes one request per attempt, or per batch, and reports what it saw:
//
//	2xx                            delivered, unless success_when says no: business
//	3xx, 4xx                       rejected
//	408, 425, 5xx                  unavailable
//	429                            throttled, with the time that Retry-After asks for
//	any other status, no HTTP      parse
//	no address, no connection      dns, refused, connect_timeout
//	no handshake                   tls, connect_timeout
//	no answer, half an answer      timeout, reset
//	a record that fits no request  invalid; nothing is sent
//	an address that is not allowed denied; nothing is sent
//
// A failure is ambiguous when the request had a connection and the peer did not say that it left the request alone: then
// the record may have been processed. Every request carries the record's id as its idempotency key. Package net/http
// is kept from sending one again by itself, so that the attempts that are counted are those that the peer saw.
//
// Whatever comes from a record stays where its template put it: values are escaped in URLs and refused in headers when
// they hold line breaks, and headers that belong to the connection cannot be set. Where a record, or a redirect, names the host, the
// connection is judged by package egress when it is made.
//
// What proves who sends a request is made by package credential for each attempt, last, from the request as it goes out; nothing of it
// follows a redirect to another host. The source holds requests against the same package before it makes records of them, and
// against package ratelimit before that.
package http

import "github.com/acktor/acktor/connector"

// Definition announces the connector: a server as the source, a client as the sink.
func Definition() connector.Definition {
	return connector.Definition{
		Name:    "http",
		Summary: "takes requests as records, and sends records as requests",
		Source:  connector.DefineSource(newSource),
		Sink:    connector.DefineSink(newSink),
	}
}
