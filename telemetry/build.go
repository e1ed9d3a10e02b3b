package telemetry

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

const modulePath = "github.com/acktor/acktor"

// build names the running engine.
type build struct{ version, revision, goVersion string }

// readBuild finds the engine's version whether it is the program itself or a library in one. The
// revision is known for the program only.
func readBuild() build {
	b := build{version: "unknown", revision: "unknown", goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Path == modulePath {
		b.version = cmp.Or(info.Main.Version, b.version)
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				b.revision = setting.Value
			}
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == modulePath {
			b.version = dep.Version
		}
	}
	return b
}
