// Package all is the list of the connectors that come with the engine. A new one is a folder of its own and
// one line here; the test of this package then asks for a harness, and holds it against the contract.
package all

import (
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/discard"
	"github.com/acktor/acktor/connector/file"
	"github.com/acktor/acktor/connector/generate"
	"github.com/acktor/acktor/connector/http"
	"github.com/acktor/acktor/connector/stdio"
)

// Registry returns a new registry of all connectors.
func Registry() *connector.Registry {
	registry, err := connector.NewRegistry(
		discard.Definition(),
		file.Definition(),
		generate.Definition(),
		http.Definition(),
		stdio.Stdin(),
		stdio.Stdout(),
	)
	if err != nil {
		panic(err) // two of the lines above have the same name
	}
	return registry
}
