package messages

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Resolve asks the supervisor of a sink's destinations for the actor of one. Asking twice does no harm.
type Resolve struct {
	Sink        int // the sink's index in the pipeline
	Destination string
	Source      *actor.PID
}

// Resolved answers Resolve, and is sent again when the destination's actor was restarted. Err is set when the
// sink of the destination cannot be made.
type Resolved struct {
	Sink        int
	Destination string
	PID         *actor.PID
	Restarted   bool // the actor has lost its memory
	Err         error
}

// Release tells the supervisor that the source has nothing in flight at a destination and lets it go.
type Release struct {
	Destination string
	PID         *actor.PID
}

// Restarted tells the parent that a sink actor lost its memory.
type Restarted struct{ PID *actor.PID }

// Health tells a source whether a destination is troubled: its breaker is not closed.
type Health struct {
	Sink        int
	Destination string
	PID         *actor.PID
	Troubled    bool
}

// Drain asks an actor to finish what it has and stop. The zero Deadline means that it may take as long as it takes.
type Drain struct{ Deadline time.Time }

// Pause asks a source to read no more; Resume to read again.
type (
	Pause  struct{}
	Resume struct{}
)

// SourceState tells the pipeline how its source fares.
type SourceState struct {
	State SourceCondition
	Err   error // why it is failing or failed
}

// SourceCondition is what SourceState tells.
type SourceCondition uint8

// The conditions of a source.
const (
	SourceOpened  SourceCondition = iota + 1 // it is open and read from
	SourceFailing                            // it could not be opened or read; another try follows soon
	SourceFailed                             // that happened too often in a row; another try follows on the slow clock
)

// SourceEnded tells the pipeline that a source has settled everything and is closed. Err is set when records
// were given up at the deadline.
type SourceEnded struct{ Err error }
