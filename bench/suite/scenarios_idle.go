package suite

import (
	"fmt"
	"time"

	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

func idle() Scenario {
	s := Scenario{
		Name:    "idle",
		Summary: "http-http with the default settings, after one record, with nothing to do",
		Bound:   "timers: whatever wakes up without a reason costs CPU",
		Once:    true,
		Ends:    make([]roles.End, 1),
		Engine: engine(Loaded, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{YAML: fmt.Sprintf(`
pipelines:
  bench:
    source: {http: {address: %q}}
    sinks:
      target: {http: {url: %q}}
`, rig.Address, rig.URLs[0])}
		}),
	}
	s.Engine.Idle = true
	s.loaded(roles.LoadTask{Clients: 1, Requests: 1})
	return s
}

// What an idle destination may cost.
const idleDestinationBytes = 4 << 10

func idleDestinations() Scenario {
	const count = 100_000
	return Scenario{
		Name:    "idle-destinations",
		Summary: "one record to each of 100,000 destinations, and then nothing: what one costs while it is held, and when it was passivated",
		Bound:   "memory: an actor and its mailbox, a breaker, a queue and the counters of each destination",
		Off:     true,
		Once:    true,
		Engine: Entry{
			Name: engineName, Program: process.Program{Role: "holder"}, Records: count,
			Task: func(rig *Rig) any {
				return roles.HolderTask{
					Destinations: rig.Records, IdleAfter: idleAfter(rig.Records), Limit: idleDestinationBytes, Profile: rig.Profile, Fault: rig.Fault,
				}
			},
		},
	}
}

// idleAfter leaves enough time to open so many destinations before the first of them is passivated.
func idleAfter(destinations int64) time.Duration {
	return max(time.Second, time.Duration(destinations)*200*time.Microsecond)
}
