// Package memory is the connector for programs that embed the engine, and for tests: a source that is fed by calls, and a
// sink that is a function.
//
//	source := memory.NewSource(memory.Options{})
//	outcome, err := source.Send(ctx, &connector.Record{Data: data})
//
// Send returns what became of the record. The engine's window is the only buffer: a Send waits until there is
// room in it. So there are as many waiting records as there are callers, plus Options.Buffer of SendAsync.
//
// What a caller may rely on: a record whose Send failed with anything but [ErrPending] was never handed over,
// and never will be; every other record has one outcome, which Send returns or the callback is called with, unless
// Send returned ErrPending because its context ended first.
//
// When the engine opens the source again, records without an outcome are handed over again.
package memory
