package suite

import (
	"time"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

// Scenario is one kind of work.
type Scenario struct {
	Name    string
	Summary string // what is done
	Bound   string // what bounds it, for the documentation
	// Off scenarios run only when they are named.
	Off bool
	// For replaces the default length of a heat.
	For time.Duration
	// Guess is records per second, roughly, for the first trial.
	Guess float64
	// Ends are those of the target.
	Ends []roles.End
	// Ordered scenarios demand that each end gets the records of a key in their order.
	Ordered bool
	// MayFail scenarios have records that fail, as they should.
	MayFail bool
	// Sweep names what there are more and more of, from entry to entry; the engine's entry is the first of them, the baselines
	// are the further ones. What a record costs is compared then, and not how many there are in a second.
	Sweep string
	// Once scenarios have no records of a size, and are run once.
	Once   bool
	Engine Entry
	// Variants are other configurations of the engine; their names say what differs. Baselines can be held against them.
	Variants  []Entry
	Baselines []Entry
}

// Entry is a contestant in a scenario.
type Entry struct {
	Name    string // of the baseline; "engine"
	Program process.Program
	Task    func(rig *Rig) any
	Feed    Feed
	Form    ledger.Form // of the records, but for size and URLs
	Load    roles.LoadTask
	// Ends are those that every record is for, by their indexes in the scenario. With Spread, a record is for one of them in turn.
	Ends   []int
	Spread bool
	// Output says that the records end up in Rig.Output.
	Output bool
	// UntilTaken ends the work when every end has all that it will get, and measures by the time of the last record there.
	UntilTaken bool
	// Timed ends the work after the length of the heat, whatever is left to read; what is in flight then is settled, but does not
	// count. It is for work whose last records take long.
	Timed bool
	// Records is their number where that does not depend on the time.
	Records int64
	// Multiple is what the number of records must be a multiple of; 0 is 1.
	Multiple int64
	// Idle says that after a single record nothing is to be done. What that costs is measured.
	Idle bool
	// Scale turns the rate into what the engine is compared with; 0 is 1.
	Scale float64
	// Fault goes wrong in the contestant, to prove that it is noticed.
	Fault roles.Fault
	// Against names the variant of the engine that a baseline is held against; empty: the engine as it is.
	Against string
	// Ideal is a rate that follows from the scenario; nothing is run then.
	Ideal float64
}

// Feed says where a contestant has its records from.
type Feed uint8

// The feeds.
const (
	Itself Feed = iota // it makes them
	File               // Rig.Input
	Loaded             // requests to Rig.Address
)

// Rig is what a contestant is given for one heat.
type Rig struct {
	Size          int
	Records       int64
	Input, Output string
	Store         string   // a directory for the engine's positions
	URLs          []string // of all the target's ends
	Address       string   // to listen on
	Profile       string
	Fault         roles.Fault
}

const engineName = "engine"

// sizes are those of the records that the scenario is run with.
func (s *Scenario) sizes(all []int) []int {
	if s.Once {
		return all[:1]
	}
	return all
}

// contestants are the engine and the baselines that are run.
func (s *Scenario) contestants() []*Entry {
	entries := []*Entry{&s.Engine}
	for i := range s.Variants {
		entries = append(entries, &s.Variants[i])
	}
	for i := range s.Baselines {
		if s.Baselines[i].Ideal == 0 {
			entries = append(entries, &s.Baselines[i])
		}
	}
	return entries
}

// rival is the engine that the baseline is held against.
func (s *Scenario) rival(baseline *Entry) *Entry {
	for i := range s.Variants {
		if s.Variants[i].Name == baseline.Against {
			return &s.Variants[i]
		}
	}
	return &s.Engine
}

// form is the form of an entry's records.
func (e *Entry) form(rig *Rig) ledger.Form {
	form := e.Form
	form.Size = rig.Size
	if e.Spread {
		for _, i := range e.Ends {
			form.URLs = append(form.URLs, rig.URLs[i])
		}
	}
	return form
}

// wanted says which numbers up to records the end at place i of e.Ends must get.
func (e *Entry) wanted(i int, records int64) *ledger.Set {
	if !e.Spread {
		return ledger.Range(records, nil)
	}
	turns := int64(len(e.Ends))
	return ledger.Range(records, func(n int64) bool { return n%turns != int64(i) })
}

func (s *Scenario) dead(end int) bool { return s.Ends[end].Refuse || s.Ends[end].Hang }
