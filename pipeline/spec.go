package pipeline

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/steps"
)

// Spec is a whole pipeline, ready to run once it is prepared and valid.
type Spec struct {
	Name       Name
	InFlight   Window
	Source     connector.Source
	SourceKind string // the connector's name, for display
	Steps      steps.Chain
	Sinks      []Sink
	FanOut     FanOut // empty: All
	DeadLetter *Sink  // nil: the engine's store, where there is one
	// NoDeadLetter says that failed records are reported to the source alone.
	NoDeadLetter bool
	Backlog      Backlog
	Restart      Restart
}

// Prepare fills in what follows from the rest: the fan-out, the bounds of the backlog, what a full queue does, the endless patience of a dead letter.
func (s *Spec) Prepare() {
	if s.FanOut == "" {
		s.FanOut = All
	}
	if s.Backlog == (Backlog{}) {
		s.Backlog = field.Defaults[Backlog]()
	}
	for i := range s.Sinks {
		s.Sinks[i].prepare()
	}
	if letters := s.DeadLetter; letters != nil {
		if letters.Name == "" {
			letters.Name = "dead_letter"
		}
		// A record whose dead letter is not written is not settled: it waits as long as it takes.
		letters.Options.Queue.OnFull = Hold
		letters.Options.Retry.MaxAttempts, letters.Options.Retry.MaxElapsed = 0, 0
	}
}

func (s *Sink) prepare() {
	if s.Options.Queue.OnFull != "" || s.Outlet == nil {
		return
	}
	s.Options.Queue.OnFull = Fail
	if s.Fixed() {
		s.Options.Queue.OnFull = Hold
	}
}

// Fixed reports whether the sink has one destination, Outlet.Name.
func (s *Sink) Fixed() bool {
	return s.Options.Destination.IsZero() && s.Outlet.Destination == nil
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate reports the first thing that is wrong, by the name of its field or key.
func (s *Spec) Validate() error {
	switch {
	case !validName.MatchString(string(s.Name)):
		return fmt.Errorf("pipeline name %q: want lower-case letters, digits, - and _, at most 63", s.Name)
	case s.Source == nil:
		return fmt.Errorf("pipeline %s: Source is nil", s.Name)
	case len(s.Sinks) == 0:
		return fmt.Errorf("pipeline %s: there is no sink", s.Name)
	case !slices.Contains([]FanOut{All, Any, First, RoundRobin}, s.FanOut):
		return fmt.Errorf("pipeline %s: fan_out %q: want all, any, first or round_robin", s.Name, s.FanOut)
	}
	if err := errors.Join(field.Validate(&s.InFlight), field.Validate(&s.Backlog), field.Validate(&s.Restart)); err != nil {
		return fmt.Errorf("pipeline %s: %w", s.Name, err)
	}
	sinks := s.Sinks
	if s.DeadLetter != nil {
		sinks = append(slices.Clone(sinks), *s.DeadLetter)
	}
	names := make(map[string]bool)
	for i := range sinks {
		if err := sinks[i].validate(); err != nil {
			return fmt.Errorf("pipeline %s: sink %q: %w", s.Name, sinks[i].Name, err)
		}
		if names[sinks[i].Name] {
			return fmt.Errorf("pipeline %s: two sinks are named %q", s.Name, sinks[i].Name)
		}
		names[sinks[i].Name] = true
	}
	return nil
}

func (s *Sink) validate() error {
	switch {
	case !validName.MatchString(s.Name):
		return errors.New("the name: want lower-case letters, digits, - and _, at most 63")
	case s.Outlet == nil || s.Outlet.New == nil:
		return errors.New("its Outlet makes no sinks")
	}
	return field.Validate(&s.Options)
}
