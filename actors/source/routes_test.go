package source

import (
	"testing"
	"time"

	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/pipeline"
)

func TestDestinationGetsItsCreditAndItsShareOfTheWindow(t *testing.T) {
	now := at(100)
	for _, c := range []struct {
		name       string
		onFull     pipeline.OnFull
		used, free int
		troubled   bool
		heard      time.Duration // ago
		want       admission
	}{
		{"a holding one gets all", pipeline.Hold, 1000, 0, true, time.Hour, admitted},
		{"there is credit and room", pipeline.Fail, 9, 100, false, 0, admitted},
		{"the first one is always let in", pipeline.Fail, 0, 0, true, time.Hour, admitted},
		{"no credit", pipeline.Fail, 10, 100, false, 0, refusedIt},
		{"more than is left free, and it moves", pipeline.Fail, 5, 5, false, 10 * time.Millisecond, heldBack},
		{"more than is left free, and its breaker is open", pipeline.Fail, 5, 5, true, 10 * time.Millisecond, refusedIt},
		{"more than is left free, and it is silent", pipeline.Fail, 5, 5, false, silence, refusedIt},
	} {
		sink := &pipeline.Sink{}
		sink.Options.Queue.OnFull = c.onFull
		r := &route{sink: &sinkRoutes{sink: sink, credit: 10}, used: c.used, troubled: c.troubled, heard: now.Add(-c.heard)}
		if got := r.admits(c.free, now); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCreditIsWhatIsWrittenAndWhatWaits(t *testing.T) {
	for _, c := range []struct {
		inFlight, batch, sinkInFlight, sinkBatch int
		want                                     int
	}{
		{4, 0, 0, 0, 4 + 7},
		{4, 0, 0, 5, 20 + 7}, // the sink takes 5 in a write
		{4, 0, 2, 5, 10 + 7}, // ... and two writes at the same time
		{4, 3, 2, 5, 6 + 7},  // the pipeline's batch wins
		{4, 0, 9, 0, 4 + 7},
	} {
		sink := newSink("crm")
		sink.Options.InFlight, sink.Options.Queue.Records = c.inFlight, 7
		sink.Outlet.InFlight, sink.Outlet.Batch = c.sinkInFlight, c.sinkBatch
		if c.batch > 0 {
			sink.Options.Batch = &pipeline.Batch{Records: c.batch}
		}
		if got := newSinkRoutes(0, &sink, nil).credit; got != c.want {
			t.Errorf("%+v: the credit is %d", c, got)
		}
	}
}

func TestDestinationsHaveARouteEachUpToTheirNumber(t *testing.T) {
	sink := newSink("crm")
	sink.Options.Destination = expression.Must[expression.Template]("{{ record.key }}")
	sink.Options.MaxDestinations = 2
	s := newSinkRoutes(0, &sink, nil)
	a, b := s.route("a"), s.route("b")
	if a == nil || b == nil || a == b || s.route("a") != a {
		t.Fatal("the routes are not one for each")
	}
	if s.route("c") != nil {
		t.Error("there is a third one")
	}
	a.assign(at(1))
	a.answered(at(2))
	if !s.makeRoom(nil) || s.route("c") == nil {
		t.Error("an idle one makes no room")
	}
	if s.makeRoom(nil) {
		t.Error("one that was never idle makes room")
	}
}

func TestIdleDestinationsAreReleasedLongestIdleFirstTroubledOnesLast(t *testing.T) {
	sink := newSink("crm")
	sink.Options.Destination = expression.Must[expression.Template]("{{ record.key }}")
	s := newSinkRoutes(0, &sink, nil)
	for i, name := range []string{"a", "b", "c", "d"} {
		r := s.route(name)
		r.troubled = name == "a"
		r.assign(at(i))
		r.answered(at(i))
	}
	s.route("c").assign(at(9)) // busy again
	s.makeRoom(nil)
	if s.byName["b"] != nil {
		t.Error("not the longest idle one that is well went first")
	}
	s.releaseIdle(at(9), nil)
	if s.byName["a"] == nil || s.byName["c"] == nil || s.byName["d"] != nil {
		t.Errorf("left are %v", s.byName)
	}
	if !s.makeRoom(nil) || s.byName["a"] != nil {
		t.Error("a troubled one does not go when there is no other")
	}
}
