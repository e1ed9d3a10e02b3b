// Package connector is the contract between the engine and the outside world.
//
// A [Source] hands over records, a [Sink] writes them, and every [Record] that a source
// handed over comes back to it once, with its [Outcome]. Connectors contain no actors, no
// retries, no breakers and no queues: the engine does all of that. A connector reports
// honestly what one attempt did, and the engine decides what follows.
//
//	read   Source.Read     -> records, at most as many as the engine has credit for
//	write  Sink.Write      -> one Result per record: what this attempt did
//	settle Source.Settle   -> the one final Outcome per record
//
// A connector is announced by a [Definition]. Its configuration is a plain Go struct whose
// tags (package field) are at once the YAML keys, the defaults, the JSON Schema and the
// documentation.
package connector
