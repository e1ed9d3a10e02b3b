package suite

import (
	"fmt"
	"time"

	"github.com/acktor/acktor/bench/roles"
)

// drainTime bounds the time to settle what is in flight at the end of a heat.
const drainTime = 30 * time.Second

func slowSink() Scenario {
	const (
		delay  = 50 * time.Millisecond
		atOnce = 1024
	)
	s := Scenario{
		Name:    "slow-sink",
		Summary: "as file-http, but answers take 50 ms and 1024 requests are under way at once",
		Bound:   "the sink: 1024 requests in 50 ms are 20,480 a second; the beginning and the end of the work count too",
		Guess:   18_000,
		Ends:    []roles.End{{Delay: delay}},
		Engine: engine(File, func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    in_flight: {records: %d}
    sinks:
      target:
        http: {url: %q, max_connections: %d}
        in_flight: %d
`, 4*atOnce, rig.URLs[0], atOnce, atOnce))
		}),
		Baselines: []Entry{
			ideal(atOnce / delay.Seconds()),
			loop(roles.NetHTTP, func(*Rig) roles.LoopTask { return roles.LoopTask{Workers: atOnce} }),
		},
	}
	s.timed()
	return s
}

// timed ends the work of all entries when the time is up.
func (s *Scenario) timed() {
	s.Engine.Timed = true
	for i := range s.Baselines {
		s.Baselines[i].Timed = true
	}
}

func failingSink() Scenario {
	const (
		failEvery = 10
		attempts  = 1 / (1 - 1.0/failEvery) // for each record, on average
	)
	to := func(end int) func(rig *Rig) roles.EngineTask {
		return func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    in_flight: {records: 32768}
    sinks:
      target:
        http: {url: %q}
        queue: {records: 16384}
`, rig.URLs[end]))
		}
	}
	healthy := engine(File, to(1))
	healthy.Name, healthy.Ends, healthy.Scale = "healthy", []int{1}, 1/attempts
	s := Scenario{
		Name:    "failing-sink",
		Summary: "as file-http, but one of ten requests is answered 500; healthy is what a sink without failures does, divided by 1.11",
		Bound:   "as file-http, with 1.11 requests a record; retries must wait outside of the requests' slots",
		Guess:   25_000,
		Ends:    []roles.End{{FailEvery: failEvery}, {}},
		// The window holds what waits for its next attempt beside what is under way.
		Engine:    engine(File, to(0)),
		Baselines: []Entry{healthy},
	}
	s.timed()
	return s
}

func deadDestination() Scenario {
	const destinations = 10
	const dead = 2
	ends := make([]roles.End, destinations+dead)
	ends[destinations].Refuse, ends[destinations+1].Hang = true, true
	alive := make([]int, destinations)
	for i := range alive {
		alive[i] = i
	}
	task := func(rig *Rig) roles.EngineTask {
		t := fromFile(rig, `
    sinks:
      targets: {http: {url: '{{ record.data.url }}', egress: {allow: [{cidr: 127.0.0.0/8}]}}}
`)
		t.Grace = time.Second
		return t
	}
	entry := func(ends []int) Entry {
		e := engine(File, task)
		e.Ends, e.Spread, e.UntilTaken = ends, true, true
		return e
	}
	healthy := entry(alive)
	healthy.Name, healthy.Scale = "healthy", float64(destinations-dead)/destinations
	return Scenario{
		Name:    "dead-destination",
		Summary: "records go to ten destinations, of which one refuses and one hangs: what the other eight get, against what eight of ten healthy ones get",
		Bound:   "as file-http, and the JSON of each record is read for its URL; the dead ones must cost nothing",
		Guess:   20_000,
		Ends:    ends,
		MayFail: true,
		Engine:  entry(append(alive[:destinations-dead:destinations-dead], destinations, destinations+1)),
		Baselines: []Entry{
			healthy,
		},
	}
}

func overload() Scenario {
	const delay = 50 * time.Millisecond
	capacity := atOnce / delay.Seconds()
	s := Scenario{
		Name:    "overload",
		Summary: "requests come ten times as fast as the sink can take them; what is not refused must arrive",
		Bound:   "the sink: 64 requests in 50 ms are 1280 a second; memory is bounded by the limits of source and window",
		Ends:    []roles.End{{Delay: delay}},
		MayFail: true,
		Engine: engine(Loaded, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{YAML: fmt.Sprintf(`
pipelines:
  bench:
    source: {http: {address: %q}}
    sinks:
      target: {http: {url: %q}}
`, rig.Address, rig.URLs[0])}
		}),
		Baselines: []Entry{ideal(capacity)},
	}
	s.loaded(roles.LoadTask{Clients: 2048, Rate: 10 * capacity})
	return s
}
