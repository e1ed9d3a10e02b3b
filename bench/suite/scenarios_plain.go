package suite

import (
	"fmt"

	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

func generateDiscard() Scenario {
	s := Scenario{
		Name:    "generate-discard",
		Summary: "records are made up and thrown away: what the engine itself costs",
		Bound:   "CPU: two mailbox hops, the in-flight table and the allocation of each record; nothing waits for anything",
		Guess:   800_000,
		Engine: engine(Itself, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{Clock: true, Count: true, YAML: fmt.Sprintf(`
pipelines:
  bench:
    source: {generate: {count: %d, size: %d}}
    sinks:
      nowhere: {discard: {}}
`, rig.Records, rig.Size)}
		}),
		Baselines: []Entry{{
			Name: "channel", Program: process.Program{Role: "channel"},
			Task: func(rig *Rig) any { return roles.ChannelTask{Records: rig.Records, Size: rig.Size, Fault: rig.Fault} },
		}},
	}
	s.Engine.Ends = nil
	return s
}

func memoryEmbedded() Scenario {
	s := Scenario{
		Name:    "memory-embedded",
		Summary: "a program embeds the engine: 64 callers call Send and wait, the sink is a function",
		Bound:   "the scheduler: each record wakes its caller, so that goroutine switches cost more than all else",
		Guess:   300_000,
		Engine: engine(Itself, func(rig *Rig) roles.EngineTask {
			return roles.EngineTask{Callers: atOnce, Records: rig.Records, Size: rig.Size}
		}),
		Baselines: []Entry{{
			Name: "channel", Program: process.Program{Role: "channel-callers"},
			Task: func(rig *Rig) any {
				return roles.ChannelTask{Records: rig.Records, Size: rig.Size, Callers: atOnce, Workers: atOnce, Fault: rig.Fault}
			},
		}},
	}
	s.Engine.Ends = nil
	return s
}

func fileFile() Scenario {
	copying := func(name string, allocate bool) Entry {
		return Entry{
			Name: name, Program: process.Program{Role: "copy"}, Feed: File, Output: true,
			Task: func(rig *Rig) any {
				return roles.CopyTask{Input: rig.Input, Output: rig.Output, Allocate: allocate, Fault: rig.Fault}
			},
		}
	}
	s := Scenario{
		Name:    "file-file",
		Summary: "lines of a file are appended to another file",
		Bound:   "CPU and memory bandwidth; with large lines the page cache",
		Guess:   400_000,
		Engine: engine(File, func(rig *Rig) roles.EngineTask {
			return fromFile(rig, fmt.Sprintf(`
    sinks:
      copy: {file: {path: %q}}
`, rig.Output))
		}),
		// The copy that allocates each line is what a record can be compared with; the other one shows the limit.
		Baselines: []Entry{copying("filecopy", true), copying("filecopy_reuse", false)},
	}
	s.Engine.Ends, s.Engine.Output = nil, true
	return s
}
