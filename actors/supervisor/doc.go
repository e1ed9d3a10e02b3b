// Package supervisor is the tree of actors above the sources and sinks.
//
//	engine
//	 └─ pipeline                 one per pipeline
//	     ├─ source               reads, keeps records until they are settled
//	     ├─ sinks/NAME           one per sink: makes destinations, restarts them
//	     │   └─ destination      one actor per destination
//	     └─ dead-letter          like a sink
//
// An actor that panics is restarted with exponential backoff; after too many panics the whole pipeline counts as
// failed, and is started again on a slow clock. Nobody else notices. A connector that cannot be opened is no
// panic: its actor tries again by itself.
package supervisor
