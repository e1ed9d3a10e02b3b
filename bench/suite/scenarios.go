package suite

import (
	"fmt"

	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

// All is the list of scenarios.
func All() []Scenario {
	return []Scenario{
		generateDiscard(),
		fileHTTP(),
		httpHTTP(),
		fileFile(),
		httpAccepted(),
		httpBatch(),
		slowSink(),
		failingSink(),
		deadDestination(),
		orderByKey(),
		fanOut(),
		memoryEmbedded(),
		overload(),
		idle(),
		soak(),
		manyPipelines(),
		manyDestinations(),
		idleDestinations(),
	}
}

// atOnce is how many requests are under way at once, or clients ask, where a scenario does not say otherwise. It is the default
// in_flight of a sink.
const atOnce = 64

// engine makes the entry of the engine from its configuration.
func engine(feed Feed, task func(rig *Rig) roles.EngineTask) Entry {
	return Entry{
		Name: engineName, Program: process.Program{Role: "engine"}, Feed: feed, Ends: []int{0},
		Task: func(rig *Rig) any {
			t := task(rig)
			t.Profile, t.Fault = rig.Profile, rig.Fault
			if t.Grace == 0 {
				t.Grace = drainTime
			}
			return t
		},
	}
}

// loop makes the entry of the loop that one would write by hand.
func loop(implementation string, task func(rig *Rig) roles.LoopTask) Entry {
	return Entry{
		Name: implementation, Program: process.Program{Role: "loop"}, Feed: File, Ends: []int{0},
		Task: func(rig *Rig) any {
			t := task(rig)
			t.HTTP, t.Input, t.Fault = implementation, rig.Input, rig.Fault
			if t.Workers == 0 {
				t.Workers = atOnce
			}
			if t.URLs == nil {
				t.URLs = rig.URLs[:1]
			}
			return t
		},
	}
}

// reverse makes the entry of the reverse loop that one would write by hand.
func reverse(implementation string) Entry {
	return Entry{
		Name: implementation, Program: process.Program{Role: "reverse"}, Feed: Loaded, Ends: []int{0},
		Task: func(rig *Rig) any {
			return roles.ReverseTask{HTTP: implementation, Address: rig.Address, URL: rig.URLs[0], Connections: 256, Fault: rig.Fault}
		},
	}
}

// ideal makes a baseline that is known without a measurement.
func ideal(rate float64) Entry { return Entry{Name: "ideal", Ideal: rate} }

// fileSource is a configuration that reads rig.Input; the rest of it, beginning with the sinks, follows.
func fileSource(rig *Rig, rest string) string {
	return fmt.Sprintf("pipelines:\n  bench:\n    source: {file: {path: %q}}\n%s", rig.Input, rest)
}

// fromFile makes the task of an engine that reads rig.Input.
func fromFile(rig *Rig, rest string) roles.EngineTask {
	return roles.EngineTask{YAML: fileSource(rig, rest), Clock: true, Store: rig.Store}
}
