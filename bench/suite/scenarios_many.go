package suite

import (
	"fmt"
	"strings"

	"github.com/acktor/acktor/bench/roles"
)

// many makes a scenario of its own kind: the cost of a record must not depend on how many of something there are. yaml makes
// the configuration for records and so many of it.
func many(name, what string, count int, yaml func(rig *Rig, count int) string) Scenario {
	entry := func(count int) Entry {
		e := engine(Itself, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{Count: true, Records: rig.Records, YAML: yaml(rig, count)}
		})
		e.Ends, e.Multiple = nil, int64(count)
		return e
	}
	one := entry(1)
	one.Name = "ideal"
	return Scenario{
		Name:      name,
		Summary:   fmt.Sprintf("as generate-discard, with %d %s; ideal is what one does", count, what),
		Bound:     "CPU and memory: what is not at work must cost nothing but its place",
		Off:       true,
		Guess:     300_000,
		Engine:    entry(count),
		Baselines: []Entry{one},
	}
}

func manyPipelines() Scenario {
	return many("many-pipelines", "pipelines", 1000, func(rig *Rig, count int) string {
		var text strings.Builder
		text.WriteString("pipelines:\n")
		for i := range count {
			fmt.Fprintf(&text, "  p%d: {source: {generate: {count: %d, size: %d}}, sinks: {nowhere: {discard: {}}}}\n",
				i, rig.Records/int64(count), rig.Size)
		}
		return text.String()
	})
}

func manyDestinations() Scenario {
	return many("many-destinations", "destinations", 100_000, func(rig *Rig, count int) string {
		return fmt.Sprintf(`
pipelines:
  bench:
    source: {generate: {count: %d, size: %d, keys: %d}}
    sinks:
      nowhere:
        discard: {}
        destination: '{{ record.key }}'
        max_destinations: %d
`, rig.Records, rig.Size, count, count)
	})
}
