package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunWritesAPageAPictureAndProfiles(t *testing.T) {
	directory := t.TempDir()
	page, picture := filepath.Join(directory, "page.html"), filepath.Join(directory, "picture.png")
	code, _, text := command(t, "run memory-embedded --check --for 100ms --runs 1 --size 200 --dir "+directory+
		" --html "+page+" --png "+picture+" --profile "+directory)
	if code != exitFine {
		t.Fatalf("%d: %s", code, text)
	}
	for _, name := range []string{page, picture, filepath.Join(directory, "memory-embedded-200.cpu"), filepath.Join(directory, "memory-embedded-200.allocs")} {
		if info, err := os.Stat(name); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if written, err := os.ReadFile(page); err != nil || !strings.Contains(string(written), "memory-embedded") {
		t.Errorf("%v", err)
	}
}
