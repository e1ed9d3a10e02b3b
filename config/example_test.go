package config_test

import (
	"fmt"
	"os"

	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
)

func ExampleLoad() {
	registry, err := connector.NewRegistry(connector.Definition{
		Name: "ticker", Source: connector.DefineSource(func(generateSource, connector.Env) (connector.Source, error) { return idle{}, nil }),
	}, connector.Definition{
		Name: "nowhere", Sink: connector.DefineSink(func(nothing, connector.Env) (*connector.Outlet, error) {
			return connector.Single("nowhere", &sink{}), nil
		}),
	})
	if err != nil {
		panic(err)
	}
	text := []byte(`pipelines:
  ticks:
    source:
      ticker: {cuont: 5}
    sinks:
      out: {nowhere: }
`)
	_, diagnostics := config.Load([]config.Source{{Name: "acktor.yaml", Text: text}}, registry, config.Options{})
	if err := diagnostics.Render(os.Stdout, false); err != nil {
		panic(err)
	}
	fmt.Println(diagnostics.HasErrors())
	// Output:
	// acktor.yaml:4:16: unknown key "cuont" in pipelines.ticks.source.ticker; did you mean "count"?
	//           ticker: {cuont: 5}
	//                    ^^^^^
	// true
}
