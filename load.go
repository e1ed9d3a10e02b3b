package acktor

import (
	"log/slog"
	"os"
	"strings"

	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
)

// Load reads pipelines from YAML, in the form that the command line takes: see docs/configuration.md. The registry says
// which connectors there are; connector/all has those that come with acktor. The error lists every mistake, each with its place.
func Load(yaml []byte, registry *connector.Registry, log *slog.Logger) ([]Pipeline, error) {
	loaded, diagnostics := config.Load([]config.Source{{Name: "config", Text: yaml}}, registry, config.Options{Logger: log})
	if loaded == nil {
		return nil, &ConfigError{diagnostics}
	}
	return FromConfig(loaded), nil
}

// LoadFile is Load from a file.
func LoadFile(name string, registry *connector.Registry, log *slog.Logger) ([]Pipeline, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	loaded, diagnostics := config.Load([]config.Source{{Name: name, Text: text}}, registry, config.Options{Logger: log})
	if loaded == nil {
		return nil, &ConfigError{diagnostics}
	}
	return FromConfig(loaded), nil
}

// FromConfig turns a checked configuration into pipelines to Add.
func FromConfig(loaded *config.Config) []Pipeline {
	pipelines := make([]Pipeline, len(loaded.Pipelines))
	for i := range loaded.Pipelines {
		spec := &loaded.Pipelines[i]
		spec.Prepare()
		pipelines[i] = Pipeline{Name: string(spec.Name), loaded: spec}
	}
	return pipelines
}

// ConfigError lists the mistakes of a configuration.
type ConfigError struct{ Diagnostics config.Diagnostics }

// Error shows every mistake with its place, the line and a caret.
func (e *ConfigError) Error() string {
	var text strings.Builder
	_ = e.Diagnostics.Render(&text, false) // a Builder takes everything
	return strings.TrimSpace(text.String())
}
