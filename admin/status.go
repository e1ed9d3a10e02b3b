package admin

import (
	"net/http"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

// unready says why a pipeline does not do its work.
type unready struct {
	Pipeline string `json:"pipeline"`
	State    string `json:"state"`
	Error    string `json:"error,omitempty"`
}

// readiness is the body of /readyz.
type readiness struct {
	Status   string    `json:"status"` // ready, unready, starting or stopping
	NotReady []unready `json:"not_ready"`
}

// ready answers 200 when every pipeline does what it should. One that has ended with all that it had to do is fine too.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	all := s.engine.Pipelines()
	body := readiness{Status: "ready", NotReady: []unready{}}
	for i := range all {
		if !isReady(&all[i]) {
			body.NotReady = append(body.NotReady, unready{all[i].Pipeline, all[i].State, text(all[i].Err)})
		}
	}
	switch {
	case s.stopping.Load():
		body.Status = "stopping"
	case len(all) == 0:
		body.Status = "starting"
	case len(body.NotReady) > 0:
		body.Status = "unready"
	}
	code := http.StatusOK
	if body.Status != "ready" {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, "application/json", body)
}

func isReady(s *acktor.Status) bool {
	switch s.State {
	case "running", "paused", "draining":
		return true
	case "ended":
		return s.Err == nil
	}
	return false
}

// Pipelines is the answer of /v1/pipelines.
type Pipelines struct {
	Pipelines []Pipeline `json:"pipelines"`
}

// Pipeline is how a pipeline stands.
type Pipeline struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Error     string `json:"error,omitempty"`
	Read      int64  `json:"read"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	Filtered  int64  `json:"filtered"`
	InFlight  int64  `json:"in_flight"`
	Pending   int64  `json:"pending"`            // records that the engine answers for by itself
	Refusing  bool   `json:"refusing,omitempty"` // records are refused, because the store cannot keep them
	// Destinations are the first ones by sink and name; there are DestinationCount.
	Destinations     []Destination `json:"destinations"`
	DestinationCount int           `json:"destination_count"`
}

// Destination is how a destination stands. Its counts begin when it was opened.
type Destination struct {
	Sink        string    `json:"sink"`
	Destination string    `json:"destination"`
	State       string    `json:"state"`
	Breaker     string    `json:"breaker"`
	OpenUntil   time.Time `json:"open_until,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
	Delivered   int64     `json:"delivered"`
	Failed      int64     `json:"failed"`
	Attempts    int64     `json:"attempts"`
	Waiting     int64     `json:"waiting"`
	Writing     int64     `json:"writing"`
}

// maxDestinations bounds the destinations of one pipeline in an answer.
const maxDestinations = 1000

func (s *Server) pipelines(w http.ResponseWriter, _ *http.Request) {
	list := []Pipeline{}
	for _, status := range s.engine.Pipelines() {
		list = append(list, newPipeline(&status))
	}
	writeOK(w, Pipelines{list})
}

func newPipeline(s *acktor.Status) Pipeline {
	p := Pipeline{
		Name: s.Pipeline, State: s.State, Error: text(s.Err),
		Read: s.Read, Delivered: s.Delivered, Failed: s.Failed, Filtered: s.Filtered, InFlight: s.InFlight, Pending: s.Pending, Refusing: s.Refusing,
		Destinations: []Destination{}, DestinationCount: len(s.Destinations),
	}
	for i := range s.Destinations[:min(len(s.Destinations), maxDestinations)] {
		d := &s.Destinations[i]
		p.Destinations = append(p.Destinations, Destination{
			Sink: d.Sink, Destination: d.Name, State: d.State, Breaker: d.Breaker, OpenUntil: d.OpenUntil, LastError: lastError(d.LastFailure),
			Delivered: d.Delivered, Failed: d.Failed, Attempts: d.Attempts, Waiting: d.Waiting, Writing: d.Writing,
		})
	}
	return p
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func lastError(failure *connector.Failure) string {
	if failure == nil {
		return ""
	}
	return failure.String()
}
