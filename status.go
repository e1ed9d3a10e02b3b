package acktor

import (
	"time"

	"github.com/acktor/acktor/actors/supervisor"
	"github.com/acktor/acktor/connector"
)

// Status is how a pipeline stands, at one moment.
type Status struct {
	Pipeline string
	State    string // starting, running, paused, failing, failed, draining, ended
	Err      error  // why it is failing or failed, or with which error it ended

	Read, Delivered, Failed, Filtered, InFlight int64
	// Pending is how many records the engine answers for by itself, with Options.Store: accepted, parked or replayed ones.
	Pending int64
	// Refusing says that records are refused, because the store cannot keep them.
	Refusing bool

	Destinations []Destination
	// Failures are the first failed records, at most 100.
	Failures []connector.Report
}

// Destination is how one destination stands. Its counts begin when it was opened.
type Destination struct {
	Sink, Name                  string
	State                       string // opening, delivering, holding, draining
	Breaker                     string // closed, open, half-open
	OpenUntil                   time.Time
	LastFailure                 *connector.Failure // of the last attempt or opening that failed; nil when none has
	Delivered, Failed, Attempts int64
	Waiting, Writing            int64
}

// Pipelines returns how the pipelines stand, in the order in which they were added.
func (e *Engine) Pipelines() []Status {
	pipelines := e.list()
	all := make([]Status, len(pipelines))
	for i, p := range pipelines {
		all[i] = status(p)
	}
	return all
}

func status(p *supervisor.Pipeline) Status {
	board := p.Board
	s := Status{
		Pipeline: string(p.Spec.Name), State: p.State().String(), Err: p.Err(),
		Read: board.Read.Load(), Delivered: board.Delivered.Load(), Failed: board.Failed.Load(),
		Filtered: board.Filtered.Load(), InFlight: board.InFlight.Load(),
	}
	pending, _ := p.Backlog()
	s.Pending, s.Refusing = int64(pending), p.Refusing()
	for _, d := range board.Destinations() {
		state := d.State()
		s.Destinations = append(s.Destinations, Destination{
			Sink: d.Sink, Name: d.Name, State: state.State, Breaker: state.Breaker, OpenUntil: state.OpenUntil,
			LastFailure: d.LastFailure.Load(), Delivered: d.Delivered.Load(), Failed: d.Failed.Load(),
			Attempts: d.Attempts.Load(), Waiting: d.Waiting.Load(), Writing: d.Writing.Load(),
		})
	}
	for _, f := range board.Failures() {
		s.Failures = append(s.Failures, f.Outcome.Report(f.Record))
	}
	return s
}
