// Package roles has what the child processes of the suite do: the engine, the baselines that it is compared with, the target
// that records go to, and the load that feeds what listens.
//
// The baselines are what one would write by hand for the one purpose: as plain as the job allows, and with what everybody
// knows to do about speed (connections are kept, buffers are used again), but no more.
package roles

import "github.com/acktor/acktor/bench/process"

// All is the list of roles by their names.
func All() map[string]process.Role {
	return map[string]process.Role{
		"engine":          Engine,
		"holder":          Holder,
		"target":          Target,
		"load":            Load,
		"loop":            Loop,
		"reverse":         Reverse,
		"channel":         Channel,
		"channel-callers": ChannelCallers,
		"copy":            Copy,
	}
}
