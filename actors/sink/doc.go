// Package sink is the actor that delivers to one destination.
//
// It owns everything that guards the destination: the connector, the breaker, the backoff, the rate
// limit, the Retry-After clock, the waiting records and their order. Writes run in a few goroutines of their own,
// which send one message back; retries wait in a heap under a single timer; nothing blocks in Receive.
//
//	           opened                    breaker opens
//	opening ------------> delivering <--------------------> holding
//	   ^   not connected      |       probe succeeds           |
//	   +----------------------+--------------------------------+
//	                          | Drain
//	                          v
//	                      draining ----> stopped
//
// Files: actor.go is the conversation and the states, open.go the connector's beginning and end, dispatch.go who may
// be written next, queue.go and lanes.go what waits, write.go the goroutines that write, settle.go what follows an
// attempt, watch.go what others are told.
package sink
