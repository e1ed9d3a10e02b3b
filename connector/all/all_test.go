package all

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/connectortest"
	"github.com/acktor/acktor/field"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sources and sinks hold a harness for every connector in the registry.
var (
	sources = map[string]func(*connector.SourceDefinition) connectortest.SourceHarness{
		"file":     fileSource,
		"generate": generateSource,
		"http":     httpSource,
		"stdin":    stdinSource,
	}
	sinks = map[string]func(*connector.SinkDefinition) connectortest.SinkHarness{
		"discard": discardSink,
		"file":    fileSink,
		"http":    httpSink,
		"stdout":  stdoutSink,
	}
)

func TestEverySourceKeepsTheContract(t *testing.T) {
	for _, definition := range Registry().All() {
		if definition.Source == nil {
			continue
		}
		harness, ok := sources[definition.Name]
		if !ok {
			t.Errorf("source %s has no harness", definition.Name)
			continue
		}
		t.Run(definition.Name, func(t *testing.T) { connectortest.Source(t, harness(definition.Source)) })
	}
}

func TestEverySinkKeepsTheContract(t *testing.T) {
	for _, definition := range Registry().All() {
		if definition.Sink == nil {
			continue
		}
		harness, ok := sinks[definition.Name]
		if !ok {
			t.Errorf("sink %s has no harness", definition.Name)
			continue
		}
		t.Run(definition.Name, func(t *testing.T) { connectortest.Sink(t, harness(definition.Sink)) })
	}
}

func TestEveryConnectorIsDescribed(t *testing.T) {
	for _, definition := range Registry().All() {
		if definition.Name == "" || definition.Summary == "" || definition.Source == nil && definition.Sink == nil {
			t.Errorf("%+v lacks a name, a summary, or both a source and a sink", definition)
		}
		if definition.Source != nil {
			field.Describe(definition.Source.Config()) // panics when the tags are wrong
		}
		if definition.Sink != nil {
			field.Describe(definition.Sink.Config())
		}
	}
}

// newSource makes a source of definition, with what change makes of the defaults of its configuration C.
func newSource[C any](t *testing.T, definition *connector.SourceDefinition, change func(*C)) connector.Source {
	t.Helper()
	config := definition.Config()
	field.SetDefaults(config)
	change(config.(*C))
	source, err := definition.New(config, connector.Env{Pipeline: "test", Connector: "source"})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// newOutlet makes an outlet of definition, with what change makes of the defaults of its configuration C.
func newOutlet[C any](t *testing.T, definition *connector.SinkDefinition, change func(*C)) *connector.Outlet {
	t.Helper()
	config := definition.Config()
	field.SetDefaults(config)
	change(config.(*C))
	outlet, err := definition.New(config, connector.Env{Pipeline: "test", Connector: "sink"})
	if err != nil {
		t.Fatal(err)
	}
	return outlet
}
