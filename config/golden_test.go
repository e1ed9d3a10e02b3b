package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, got, want)
	}
}

func TestEveryMistakeIsReportedAtItsPlace(t *testing.T) {
	names, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, found := config.Load([]config.Source{{Name: filepath.Base(name), Text: text}}, registry(t), config.Options{
				LookupEnv: env(map[string]string{"KIND": "record.key"}),
				ReadFile:  func(string) ([]byte, error) { return nil, errors.New("no such file") },
			})
			golden(t, strings.TrimSuffix(name, ".yaml")+".golden", rendered(t, found))
		})
	}
}
