// Package acktor is a connector engine: records flow from sources to sinks, and every record comes back with what
// became of it.
//
// An [Engine] runs pipelines. A [Pipeline] has one source, steps, and one or more sinks; it is written as a Go value or
// loaded from YAML with [Load]. Each record that the source hands over is delivered by an actor of its own destination,
// which has a circuit breaker, backoff, a queue and limits, and gets exactly one [Outcome]: delivered, failed or filtered,
// never before the sink's real answer. The outcome goes back to the source, which may answer its caller with it.
//
//	engine, err := acktor.New(acktor.Options{})
//	err = engine.Add(acktor.Pipeline{
//		Name:   "orders",
//		Source: source,
//		Sinks:  []acktor.Sink{acktor.SinkFunc("crm", post)},
//	})
//	err = engine.Start(ctx)
//	...
//	err = engine.Stop(ctx)
//
// Two engines in one process share nothing.
package acktor
