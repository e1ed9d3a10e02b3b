package connector

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Definition announces a connector. A connector offers a source, a sink or both.
type Definition struct {
	Name    string // the key in the configuration: "http"
	Summary string // one line
	Source  *SourceDefinition
	Sink    *SinkDefinition
}

// SourceDefinition makes sources. Use DefineSource.
type SourceDefinition struct {
	// Config returns a pointer to a new zero configuration struct; see package field for its tags.
	Config func() any
	// New makes a source from what Config returned, filled in. It does not connect. A *ConfigError names
	// the key that is wrong.
	New func(config any, env Env) (Source, error)
}

// SinkDefinition makes sinks. Use DefineSink.
type SinkDefinition struct {
	Config func() any
	New    func(config any, env Env) (*Outlet, error)
}

// Env is what a connector may use of the engine around it.
type Env struct {
	// Log is never nil in New when the engine calls it; it carries the pipeline's and connector's name.
	Log *slog.Logger
	// Pipeline is the name of the pipeline, Connector that of the sink in it, or "source".
	Pipeline, Connector string
}

// Logger returns Log, or a logger that discards when there is none.
func (e Env) Logger() *slog.Logger {
	if e.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return e.Log
}

// DefineSource makes a SourceDefinition from a constructor over the configuration struct C.
func DefineSource[C any](build func(config C, env Env) (Source, error)) *SourceDefinition {
	return &SourceDefinition{
		Config: func() any { return new(C) },
		New:    func(config any, env Env) (Source, error) { return build(*config.(*C), env) },
	}
}

// DefineSink makes a SinkDefinition from a constructor over the configuration struct C.
func DefineSink[C any](build func(config C, env Env) (*Outlet, error)) *SinkDefinition {
	return &SinkDefinition{
		Config: func() any { return new(C) },
		New:    func(config any, env Env) (*Outlet, error) { return build(*config.(*C), env) },
	}
}

// ConfigError is a mistake in a connector's configuration that a type cannot express.
type ConfigError struct {
	Key  string // the key at fault, with dots where it is nested: "tls.cert"
	Text string // what was found
	Cure string // what would be right; may be empty
}

// Error names the key, what was found and what would be right.
func (e *ConfigError) Error() string {
	text := e.Text
	if e.Key != "" {
		text = e.Key + ": " + text
	}
	if e.Cure != "" {
		text += "; " + e.Cure
	}
	return text
}

// Registry is the list of connectors that an engine knows.
type Registry struct{ definitions []Definition }

// NewRegistry makes a registry. Names must differ.
func NewRegistry(definitions ...Definition) (*Registry, error) {
	sorted := slices.SortedFunc(slices.Values(definitions), func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Name == sorted[i-1].Name {
			return nil, fmt.Errorf("connector: %q is defined twice", sorted[i].Name)
		}
	}
	return &Registry{definitions: sorted}, nil
}

// All returns the definitions, sorted by name.
func (r *Registry) All() []Definition {
	if r == nil {
		return nil
	}
	return slices.Clone(r.definitions)
}

// Lookup finds a definition by name.
func (r *Registry) Lookup(name string) (Definition, bool) {
	for _, definition := range r.All() {
		if definition.Name == name {
			return definition, true
		}
	}
	return Definition{}, false
}
