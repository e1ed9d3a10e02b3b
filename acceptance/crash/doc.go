// Package crash kills engines and looks whether anything is lost. It has tests only.
//
// The test binary runs itself again as an engine, with the embedded store in a directory, kills it under load, starts it
// again over the same directory, and so on; the last life brings everything to its end. What was promised and what really
// arrived is written down outside of the engine:
//
//	load, with what it was told --> engine process --> peer, with what it has answered
//	          |                      killed often              |
//	          +---------------> the oracle <-------------------+
//	                                 ^ the store, after a kill and at the end
//
// Kills come at random, from a seed that is printed, or at a named point: a wrapper around the store, the source or the
// sink of the engine process lets it die just before or just after a call. ACKTOR_CRASH_SEED repeats a seed.
//
// The oracle is held to its word too: an engine process with a seeded bug has to turn it red.
//
//	go test -tags=acceptance -run Crash ./acceptance/...
package crash
