// Package source is the actor that owns the records of one source until they are settled.
//
// It reads only as much as its window has credit for, sends each record as a Deliver to the sink actor of its
// destination, keeps it in the in-flight table until the Outcome comes back to its PID, and then settles it: the
// connector is told, and the position is committed once every record before it is settled too.
//
//	           opened               no credit
//	opening -----------> reading <-------------> waiting
//	   ^                   | |  <--- Pause/Resume ---> paused
//	   +--- read failed ---+ |
//	                         | Drain, or the end of the source
//	                         v
//	                     draining ----> closing ----> stopped
//
// Files: actor.go is the conversation and the states, intake.go the goroutine that reads and runs the steps, take.go
// what the actor does with what was read, flight.go the in-flight table, routes.go the destinations and their credit,
// deliver.go the conversation with them, fanout.go what several sinks mean for one record, settle.go and commit.go
// what follows an outcome, clerk.go the goroutine that tells the connector.
package source
