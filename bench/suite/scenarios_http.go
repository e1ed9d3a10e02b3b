package suite

import (
	"fmt"
	nethttp "net/http"
	"time"

	"github.com/acktor/acktor/bench/roles"
)

func plainLoop(*Rig) roles.LoopTask { return roles.LoopTask{} }

func fileHTTP() Scenario {
	return Scenario{
		Name:    "file-http",
		Summary: "lines of a file are posted, one a request, 64 at once",
		Bound:   "CPU: the system calls and the HTTP of one request and one answer, on both sides of the socket",
		Guess:   30_000,
		Ends:    make([]roles.End, 1),
		Engine: engine(File, func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    sinks:
      target: {http: {url: %q}}
`, rig.URLs[0]))
		}),
		Baselines: []Entry{loop(roles.NetHTTP, plainLoop), loop(roles.FastHTTP, plainLoop)},
	}
}

func httpHTTP() Scenario {
	entry := func(server string) Entry {
		return engine(Loaded, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{YAML: fmt.Sprintf(`
pipelines:
  bench:
    source: {http: {address: %q%s}}
    sinks:
      target: {http: {url: %q}}
`, rig.Address, server, rig.URLs[0])}
		})
	}
	standard := entry(", server: standard")
	standard.Name = "server: standard"
	s := Scenario{
		Name:      "http-http",
		Summary:   "requests of 64 clients are posted on, and answered when that was answered",
		Bound:     "CPU: the HTTP of two requests and two answers; at 64 clients latency is clients divided by rate",
		Ends:      make([]roles.End, 1),
		Engine:    entry(""),
		Variants:  []Entry{standard},
		Baselines: []Entry{reverse(roles.NetHTTP), reverse(roles.FastHTTP)},
	}
	s.loaded(roles.LoadTask{Clients: atOnce})
	return s
}

// httpAccepted is how many records are made durable before they are delivered.
func httpAccepted() Scenario {
	entry := func(durable bool) Entry {
		return engine(Loaded, func(rig *Rig) roles.EngineTask {
			task := roles.EngineTask{YAML: fmt.Sprintf(`
pipelines:
  bench:
    source: {http: {address: %q, reply: accepted}}
    sinks:
      target: {http: {url: %q, batch_format: ndjson}}
`, rig.Address, rig.URLs[0])}
			if durable {
				task.Store = rig.Store
			}
			return task
		})
	}
	memory := entry(false)
	memory.Name = "memory"
	s := Scenario{
		Name:      "http-accepted",
		Summary:   "requests of 64 clients are answered once their record is durable, and posted on in batches; memory does not make them durable",
		Bound:     "the disk's syncs, which records share, and the CPU of two changes of the store for each record",
		Ends:      make([]roles.End, 1),
		Engine:    entry(true),
		Baselines: []Entry{memory},
	}
	s.loaded(roles.LoadTask{Clients: atOnce, Success: nethttp.StatusAccepted})
	s.Engine.UntilTaken, s.Baselines[0].UntilTaken = true, true
	return s
}

// loaded gives the same load to all entries.
func (s *Scenario) loaded(load roles.LoadTask) {
	for _, entry := range s.contestants() {
		entry.Load = load
	}
}

func httpBatch() Scenario {
	const size = 100
	batches := func(*Rig) roles.LoopTask { return roles.LoopTask{Batch: size} }
	return Scenario{
		Name:    "http-batch",
		Summary: "lines of a file are posted in batches of 100, as JSON arrays",
		Bound:   "CPU: reading lines, checking that they are JSON, and copying them into bodies",
		Guess:   300_000,
		Ends:    make([]roles.End, 1),
		// As many records are in flight as the loop has: 64 batches.
		Engine: engine(File, func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    in_flight: {records: 8192}
    sinks:
      target:
        http: {url: %q, batch_format: json_array}
        batch: {records: %d}
        queue: {records: 8192}
`, rig.URLs[0], size))
		}),
		Baselines: []Entry{loop(roles.NetHTTP, batches), loop(roles.FastHTTP, batches)},
	}
}

func orderByKey() Scenario {
	byKey := func(*Rig) roles.LoopTask { return roles.LoopTask{ByKey: true} }
	s := Scenario{
		Name:    "order-by-key",
		Summary: "as file-http, with 1000 keys, the records of a key in their order",
		Bound:   "as file-http, and the JSON of each record is read for its key",
		Guess:   25_000,
		Ends:    make([]roles.End, 1),
		Ordered: true,
		Engine: engine(File, func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    sinks:
      target:
        http: {url: %q}
        order_by: record.data.key
`, rig.URLs[0]))
		}),
		Baselines: []Entry{loop(roles.NetHTTP, byKey), loop(roles.FastHTTP, byKey)},
	}
	s.Engine.Form.Keys = 1000
	for i := range s.Baselines {
		s.Baselines[i].Form.Keys = 1000
	}
	return s
}

func fanOut() Scenario {
	const sinks = 3
	to := func(rig *Rig, count int) roles.EngineTask {
		text := "    sinks:\n"
		for i, url := range rig.URLs[:count] {
			text += fmt.Sprintf("      target%d: {http: {url: %q}}\n", i, url)
		}
		return fromFile(rig, text)
	}
	byHand := loop(roles.NetHTTP, func(rig *Rig) roles.LoopTask { return roles.LoopTask{URLs: rig.URLs, Workers: sinks * atOnce} })
	byHand.Ends = []int{0, 1, 2}
	alone := engine(File, func(rig *Rig) roles.EngineTask { return to(rig, 1) })
	alone.Name, alone.Scale = "ideal", 1.0/sinks
	s := Scenario{
		Name:      "fan-out",
		Summary:   "lines of a file are posted to three sinks each; ideal is a third of what one sink does",
		Bound:     "as file-http, three times",
		Guess:     12_000,
		Ends:      make([]roles.End, sinks),
		Engine:    engine(File, func(rig *Rig) roles.EngineTask { return to(rig, sinks) }),
		Baselines: []Entry{byHand, alone},
	}
	s.Engine.Ends = []int{0, 1, 2}
	return s
}

func soak() Scenario {
	s := httpHTTP()
	s.Name, s.Off, s.For = "soak", true, 10*time.Minute
	s.Summary = "http-http for long, at a steady 5,000 requests a second"
	s.Bound = "nothing: memory must not grow, and the latency must stay"
	s.Variants, s.Baselines = nil, []Entry{ideal(soakRate)}
	s.loaded(roles.LoadTask{Clients: 512, Rate: soakRate})
	return s
}

const soakRate = 5000
