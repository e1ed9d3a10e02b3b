package pipeline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
)

type source struct{}

func (source) Open(context.Context, []connector.Position) error  { return nil }
func (source) Settle(context.Context, []connector.Settled) error { return nil }
func (source) Close(context.Context) error                       { return nil }
func (source) Read(context.Context, connector.Credit) ([]*connector.Record, error) {
	return nil, connector.ErrEndOfSource
}

// valid returns a prepared spec in which nothing is wrong.
func valid() *pipeline.Spec {
	s := &pipeline.Spec{
		Name: "orders", Source: source{}, InFlight: field.Defaults[pipeline.Window](), Restart: field.Defaults[pipeline.Restart](),
		Sinks: []pipeline.Sink{sink("crm")},
	}
	s.Prepare()
	return s
}

func sink(name string) pipeline.Sink {
	return pipeline.Sink{Name: name, Outlet: connector.Single(name, nil), Options: field.Defaults[pipeline.Options]()}
}

func TestSpecThatIsWrongIsRefusedByTheNameOfTheField(t *testing.T) {
	letters := valid().Sinks[0]
	for _, c := range []struct {
		name  string
		spoil func(*pipeline.Spec)
		want  []string
	}{
		{"nothing", func(*pipeline.Spec) {}, nil},
		{"no name", func(s *pipeline.Spec) { s.Name = "" }, []string{"name"}},
		{"capitals", func(s *pipeline.Spec) { s.Name = "Orders" }, []string{"Orders", "lower-case"}},
		{"a slash", func(s *pipeline.Spec) { s.Name = "a/b" }, []string{"a/b"}},
		{"too long", func(s *pipeline.Spec) { s.Name = pipeline.Name(strings.Repeat("a", 64)) }, []string{"63"}},
		{"no source", func(s *pipeline.Spec) { s.Source = nil }, []string{"orders", "Source"}},
		{"no sink", func(s *pipeline.Spec) { s.Sinks = nil }, []string{"orders", "no sink"}},
		{"fan-out", func(s *pipeline.Spec) { s.FanOut = "most" }, []string{"fan_out", "most", "round_robin"}},
		{"window", func(s *pipeline.Spec) { s.InFlight.Records = -1 }, []string{"orders", "records"}},
		{"restart", func(s *pipeline.Spec) { s.Restart.MaxFailures = 0 }, []string{"max_failures"}},
		{"sink's name", func(s *pipeline.Spec) { s.Sinks[0].Name = "_" }, []string{"sink", "name"}},
		{"no outlet", func(s *pipeline.Spec) { s.Sinks[0].Outlet = nil }, []string{"crm", "Outlet"}},
		{"an empty outlet", func(s *pipeline.Spec) { s.Sinks[0].Outlet = &connector.Outlet{} }, []string{"crm", "Outlet"}},
		{"sink's option", func(s *pipeline.Spec) { s.Sinks[0].Options.InFlight = 0 }, []string{"crm", "in_flight"}},
		{"nested option", func(s *pipeline.Spec) { s.Sinks[0].Options.RateLimit = &delivery.RateLimit{} }, []string{"rate_limit.per_second"}},
		{"unknown on_full", func(s *pipeline.Spec) { s.Sinks[0].Options.Queue.OnFull = "drop" }, []string{"on_full", "drop"}},
		{"two of a name", func(s *pipeline.Spec) { s.Sinks = append(s.Sinks, s.Sinks[0]) }, []string{"two", "crm"}},
		{"dead letter of a sink's name", func(s *pipeline.Spec) { s.DeadLetter = &letters }, []string{"two", "crm"}},
		{"dead letter without outlet", func(s *pipeline.Spec) { s.DeadLetter = &pipeline.Sink{Name: "dead"} }, []string{"dead", "Outlet"}},
	} {
		s := valid()
		c.spoil(s)
		err := s.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v", c.name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.name, err, part)
			}
		}
	}
}

func TestPreparedSpecHasWhatFollowsFromTheRest(t *testing.T) {
	many, split, chosen, unmade := sink("many"), sink("split"), sink("chosen"), pipeline.Sink{Name: "unmade"}
	many.Options.Destination = expression.Must[expression.Template]("{{ record.key }}")
	split.Outlet.Destination = func(*connector.Record) (string, error) { return "", nil }
	chosen.Options.Queue.OnFull = pipeline.Fail
	letters := sink("")
	s := &pipeline.Spec{Sinks: []pipeline.Sink{sink("one"), many, split, chosen, unmade}, DeadLetter: &letters}
	s.Prepare()
	if s.FanOut != pipeline.All {
		t.Errorf("the fan-out is %q", s.FanOut)
	}
	for i, want := range []pipeline.OnFull{pipeline.Hold, pipeline.Fail, pipeline.Fail, pipeline.Fail, ""} {
		if got := s.Sinks[i].Options.Queue.OnFull; got != want {
			t.Errorf("%s: on_full is %q, want %q", s.Sinks[i].Name, got, want)
		}
	}
	retry := letters.Options.Retry
	if letters.Name != "dead_letter" || letters.Options.Queue.OnFull != pipeline.Hold || retry.MaxAttempts != 0 || retry.MaxElapsed != 0 {
		t.Errorf("the dead letter is %q: %+v, %+v", letters.Name, letters.Options.Queue, retry)
	}
	s.FanOut = pipeline.Any
	if s.Prepare(); s.FanOut != pipeline.Any {
		t.Error("what was chosen is changed")
	}
}
