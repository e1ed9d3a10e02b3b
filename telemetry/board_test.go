package telemetry

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
)

func TestBoardCountsEveryOutcomeOnce(t *testing.T) {
	b := NewBoard()
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 100 {
				b.Settled("x", &connector.Outcome{State: connector.Delivered})
				b.Settled("x", &connector.Outcome{State: connector.Filtered})
				b.Settled("x", &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{}})
			}
		})
	}
	running.Wait()
	if b.Delivered.Load() != 400 || b.Filtered.Load() != 400 || b.Failed.Load() != 400 {
		t.Errorf("%d delivered, %d filtered, %d failed", b.Delivered.Load(), b.Filtered.Load(), b.Failed.Load())
	}
}

func TestBoardKeepsTheFirstFailuresAndNoMore(t *testing.T) {
	b := NewBoard()
	for i := range 3 * maxFailures {
		b.Settled(connector.RecordID(fmt.Sprint(i)), &connector.Outcome{State: connector.Failed})
	}
	failures := b.Failures()
	if len(failures) != maxFailures || failures[0].Record != "0" || failures[maxFailures-1].Record != "99" {
		t.Errorf("%d failures, the first of %s", len(failures), failures[0].Record)
	}
	if b.Failed.Load() != 3*maxFailures {
		t.Errorf("%d are counted", b.Failed.Load())
	}
	failures[0].Record = "changed"
	if b.Failures()[0].Record != "0" {
		t.Error("who reads the failures can change them")
	}
}

func TestBoardListsDestinationsUntilTheyLeaveBySinkAndName(t *testing.T) {
	b := NewBoard()
	b.Enter("crm", "b")
	b.Enter("crm", "a")
	leaves := b.Enter("crm", "c")
	b.Enter("audit", "z")
	names := func() (list []string) {
		for _, d := range b.Destinations() {
			list = append(list, d.Sink+"/"+d.Name)
		}
		return list
	}
	if want := []string{"audit/z", "crm/a", "crm/b", "crm/c"}; !slices.Equal(names(), want) {
		t.Errorf("got %v", names())
	}
	b.Leave(leaves)
	b.Leave(leaves)
	if want := []string{"audit/z", "crm/a", "crm/b"}; !slices.Equal(names(), want) {
		t.Errorf("got %v", names())
	}
}

func TestDestinationThatIsRestartedIsListedOnItsOwn(t *testing.T) {
	b := NewBoard()
	before := b.Enter("crm", "a")
	before.Delivered.Add(3)
	after := b.Enter("crm", "a")
	b.Leave(before)
	if list := b.Destinations(); len(list) != 1 || list[0] != after || list[0].Delivered.Load() != 0 {
		t.Errorf("got %v", list)
	}
}

func TestDestinationShowsTheStateLastSet(t *testing.T) {
	d := NewBoard().Enter("crm", "a")
	if d.State() != (DestinationState{}) {
		t.Errorf("a new one shows %+v", d.State())
	}
	d.Set(DestinationState{State: "opening"})
	d.Set(DestinationState{State: "holding", Breaker: "open"})
	if d.State().State != "holding" || d.State().Breaker != "open" {
		t.Errorf("got %+v", d.State())
	}
}
