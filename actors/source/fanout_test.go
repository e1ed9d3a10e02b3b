package source

import (
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
)

func TestAggregateOutcome(t *testing.T) {
	const d, r, f = "delivered", "rejected", "timeout"
	for _, c := range []struct {
		mode  pipeline.FanOut
		legs  []string
		want  string
		sink  string // that decided
		alone bool   // no branches
	}{
		{pipeline.All, []string{d}, d, "0", true},
		{pipeline.All, []string{r}, r, "0", true},
		{pipeline.All, []string{d, d}, d, "0", false},
		{pipeline.All, []string{d, r, f}, r, "1", false}, // the first failure
		{pipeline.Any, []string{r, d, f}, d, "1", false},
		{pipeline.Any, []string{r, f}, f, "1", false}, // the last failure
		{pipeline.First, []string{d}, d, "0", true},
		{pipeline.First, []string{r, f, d}, d, "2", false},
		{pipeline.First, []string{r, f}, f, "1", false},
		{pipeline.RoundRobin, []string{r}, r, "0", true},
	} {
		var legs []leg
		for i, what := range c.legs {
			legs = append(legs, leg{outcome: madeUp(i, what)})
		}
		got := aggregate(c.mode, legs)
		if what(got) != c.want || got.Sink != c.sink {
			t.Errorf("%s %v: got %s of %s, want %s of %s", c.mode, c.legs, what(got), got.Sink, c.want, c.sink)
		}
		if c.alone != (got.Branches == nil) || !c.alone && len(got.Branches) != len(c.legs) {
			t.Errorf("%s %v: %d branches", c.mode, c.legs, len(got.Branches))
		}
		if got.Attempts != 2*len(c.legs) || !got.First.Equal(at(0)) || !got.Last.Equal(at(len(c.legs))) {
			t.Errorf("%s %v: %d attempts from %v to %v", c.mode, c.legs, got.Attempts, got.First, got.Last)
		}
	}
}

func TestAggregateOfLegsThatWereNeverTriedHasNoTimes(t *testing.T) {
	never := &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{Class: connector.Throttled}}
	got := aggregate(pipeline.All, []leg{{outcome: never}, {outcome: madeUp(1, "delivered")}})
	if got.State != connector.Failed || !got.First.Equal(at(1)) || !got.Last.Equal(at(2)) {
		t.Errorf("got %+v", got)
	}
}

// madeUp is the outcome of leg i after two attempts, that began at i and i+1.
func madeUp(i int, what string) *connector.Outcome {
	o := &connector.Outcome{
		State: connector.Delivered, Sink: string(rune('0' + i)), Attempts: 2, First: at(i), Last: at(i + 1),
	}
	if what != "delivered" {
		o.State, o.Failure = connector.Failed, &connector.Failure{}
		if err := o.Failure.Class.UnmarshalText([]byte(what)); err != nil {
			panic(err)
		}
	}
	return o
}

func what(o *connector.Outcome) string {
	if o.Failure != nil {
		return o.Failure.Class.String()
	}
	return o.State.String()
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
