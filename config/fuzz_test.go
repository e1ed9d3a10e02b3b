package config_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/acktor/acktor/config"
)

func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(names, "testdata/reference.yaml") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{
		"a: &a [*a]", "? x\n: y", "<<: [{a: 1}, *b]", "- - -", "a: !!str", "\ufeffpipelines:", "a: \"\\xZZ ${A}\"", "pipelines: {a: *a}",
		"pipelines:\n  a: &a\n    source: {generate: }\n    sinks: {b: {discard: }}\n  c: *a", "log: {level: '${A:-info}'}", "a: |\n  ${\n", "*a : b", "&a : b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		loaded, found := config.Load([]config.Source{{Name: "a", Text: text}}, registry(t), config.Options{
			LookupEnv: env(map[string]string{"A": "a"}),
			ReadFile:  func(string) ([]byte, error) { return []byte("secret\n"), nil },
		})
		if (loaded == nil) != found.HasErrors() {
			t.Errorf("loaded: %t, found: %v", loaded != nil, found)
		}
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Errorf("no place or no message: %+v", d)
			}
		}
		if err := found.Render(io.Discard, true); err != nil {
			t.Error(err)
		}
	})
}
