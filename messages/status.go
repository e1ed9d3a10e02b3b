package messages

import (
	"time"

	"github.com/acktor/acktor/connector"
)

// Status is what happens on the way. It goes only to those who subscribed.
type Status interface{ status() }

// Where says which sink and destination a Status is about.
type Where struct {
	Pipeline    string
	Sink        string
	Destination string
}

// The Status of one record at one sink.
type (
	// Queued: the destination has the record.
	Queued struct {
		Where
		Record connector.RecordID
		At     time.Time
	}
	// AttemptStarted: attempt N began.
	AttemptStarted struct {
		Where
		Record connector.RecordID
		N      int
		At     time.Time
	}
	// AttemptFailed: attempt N failed; the next is due at Next, or there is none when Next is zero.
	AttemptFailed struct {
		Where
		Record  connector.RecordID
		N       int
		Failure connector.Failure
		At      time.Time
		Next    time.Time
	}
)

// The Status of one destination.
type (
	// BreakerOpened: the destination is left alone until Until.
	BreakerOpened struct {
		Where
		Failed, Requests int
		Class            connector.Class // of the last failure
		Waiting          int
		At, Until        time.Time
	}
	// Resumed: the breaker closed again.
	Resumed struct {
		Where
		Waiting int
		At      time.Time
	}
)

// The Status of a pipeline.
type (
	// PipelineChanged: the pipeline is in another state.
	PipelineChanged struct {
		Pipeline string
		State    string
		Err      error
		At       time.Time
	}
	// Settled: a record has its final outcome.
	Settled struct {
		Pipeline string
		Record   *connector.Record
		Outcome  *connector.Outcome
		At       time.Time
	}
	// ActorRestarted: an actor panicked and was started anew after Delay.
	ActorRestarted struct {
		Pipeline string
		Actor    string
		Reason   string
		Delay    time.Duration
		At       time.Time
	}
)

func (*Queued) status()          {}
func (*AttemptStarted) status()  {}
func (*AttemptFailed) status()   {}
func (*BreakerOpened) status()   {}
func (*Resumed) status()         {}
func (*PipelineChanged) status() {}
func (*Settled) status()         {}
func (*ActorRestarted) status()  {}
