package suite

import (
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

// AddPeers sets other programs, which the binary at path plays, beside the baselines of the scenarios that they can do.
func AddPeers(scenarios []Scenario, path string) {
	for i := range scenarios {
		s := &scenarios[i]
		switch s.Name {
		case "file-http":
			peer := loop(roles.NetHTTP, plainLoop)
			peer.Name, peer.Program = "watermill", process.Program{Path: path, Role: "watermill-loop"}
			s.Baselines = append(s.Baselines, peer)
		case "http-http":
			peer := reverse(roles.NetHTTP)
			peer.Name, peer.Program = "watermill", process.Program{Path: path, Role: "watermill-reverse"}
			peer.Load = s.Engine.Load
			s.Baselines = append(s.Baselines, peer)
		}
	}
}
