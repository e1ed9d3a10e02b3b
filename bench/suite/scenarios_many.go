package suite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/acktor/acktor/bench/roles"
)

// many makes a sweep: the cost of a record must not depend on how many of something there are. yaml makes the configuration
// for rig.Records and so many of it.
func many(name, what string, counts []int, yaml func(rig *Rig, count int) string) Scenario {
	entry := func(count int) Entry {
		e := engine(Itself, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{Count: true, Records: rig.Records, YAML: yaml(rig, count)}
		})
		e.Name, e.Ends, e.Multiple = strconv.Itoa(count), nil, int64(count)
		return e
	}
	s := Scenario{
		Name:    name,
		Summary: fmt.Sprintf("as generate-discard, with 1 to %d %s: what a record costs, against what it costs with one", counts[len(counts)-1], what),
		Bound:   "CPU and memory: what is not at work must cost nothing but its place",
		Off:     true,
		Sweep:   what,
		Guess:   300_000,
		Engine:  entry(1),
	}
	for _, count := range counts {
		s.Baselines = append(s.Baselines, entry(count))
	}
	return s
}

func manyPipelines() Scenario {
	return many("many-pipelines", "pipelines", []int{10, 100, 1000}, func(rig *Rig, count int) string {
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
	return many("many-destinations", "destinations", []int{10, 100, 1000, 10_000, 100_000}, func(rig *Rig, count int) string {
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
