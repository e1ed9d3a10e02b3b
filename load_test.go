package acktor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/discard"
	"github.com/acktor/acktor/connector/generate"
)

// registry knows two connectors that need nothing.
func registry(t testing.TB) *connector.Registry {
	registry, err := connector.NewRegistry(generate.Definition(), discard.Definition())
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

const demo = `
pipelines:
  demo:
    source:
      generate: {count: 3}
    sinks:
      nowhere:
        discard: {}
`

func TestPipelinesAreLoadedFromYAML(t *testing.T) {
	pipelines, err := acktor.Load([]byte(demo), registry(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := acktor.New(acktor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pipelines {
		if err := engine.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := engine.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if s := engine.Pipelines()[0]; s.Pipeline != "demo" || s.Delivered != 3 {
		t.Errorf("got %+v", s)
	}
	if err := engine.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeInYAMLIsShownAtItsPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acktor.yaml")
	text := strings.Replace(strings.Replace(demo, "count", "cuont", 1), "discard", "discrad", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func() ([]acktor.Pipeline, error){
		"config": func() ([]acktor.Pipeline, error) { return acktor.Load([]byte(text), registry(t), nil) },
		file:     func() ([]acktor.Pipeline, error) { return acktor.LoadFile(file, registry(t), nil) },
	} {
		pipelines, err := load()
		wrong, ok := errors.AsType[*acktor.ConfigError](err)
		if !ok || pipelines != nil {
			t.Fatalf("%s: got %v, %v", name, pipelines, err)
		}
		for _, part := range []string{name + ":5:", name + ":8:", "cuont", "discrad", "^"} {
			if !strings.Contains(wrong.Error(), part) {
				t.Errorf("the error does not say %q:\n%v", part, wrong)
			}
		}
	}
}

func TestFileThatIsNotThereIsNoMistakeInIt(t *testing.T) {
	_, err := acktor.LoadFile(filepath.Join(t.TempDir(), "none.yaml"), registry(t), nil)
	if _, config := errors.AsType[*acktor.ConfigError](err); config || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
