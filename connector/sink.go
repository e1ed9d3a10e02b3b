package connector

import "context"

// Sink writes records to one destination.
//
// The engine calls Open first. Write is then called from up to Outlet.InFlight goroutines at the same
// time. Close is called when no Write is running. After Close the engine may call Open again.
type Sink interface {
	// Open connects. An error is retried with backoff; the destination's records wait meanwhile.
	Open(ctx context.Context) error

	// Write makes one attempt for each record of batch and returns one Result for each, in the same
	// order; nil means that all were delivered and there is no response to tell of. It must return when
	// ctx ends. It keeps nothing from batch, and changes no record.
	Write(ctx context.Context, batch []*Record) []Result

	// Close frees everything, also after an Open that failed. It must return when ctx ends.
	Close(ctx context.Context) error
}

// Result is what one attempt did for one record.
type Result struct {
	// Err is nil when the record was delivered. Else it is an AttemptError, PermanentError,
	// ThrottledError, NotConnectedError, or any error that Classify then judges.
	Err error
	// Response is what the peer answered, where it answers, also beside an error.
	Response *Response
}

// Outlet makes the sinks of one configured sink: one Sink per destination.
type Outlet struct {
	// Name is the destination when there is only one.
	Name string
	// Destination names the receiving end that a record goes to; nil when there is only one, Name. It is
	// called from one goroutine at a time, must not block, and its error fails the record with class invalid.
	Destination func(record *Record) (string, error)
	// New makes the sink of one destination; it does not connect yet. It is called from one goroutine at a time.
	New func(destination string) (Sink, error)
	// InFlight is the most Write calls at the same time that a sink takes; 0 means no limit of its own.
	InFlight int
	// Batch is the most records that one Write takes; 0 and 1 mean one. Sinks that gain by it
	// get what happens to wait, without waiting for more, unless the pipeline configures a batch.
	Batch int
	// Close frees what the sinks share, after all of them are closed. May be nil.
	Close func() error
}

// Single is the Outlet of a sink that has one destination.
func Single(name string, sink Sink) *Outlet {
	return &Outlet{Name: name, New: func(string) (Sink, error) { return sink, nil }}
}
