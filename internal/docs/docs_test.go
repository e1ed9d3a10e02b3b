package docs

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector/all"
)

var update = flag.Bool("update", false, "rewrite docs/reference.md")

const (
	root          = "../.."
	referencePath = root + "/docs/reference.md"
	generatedMark = "<!-- Written by go generate from the definitions of the keys: change their struct tags. -->\n\n"
)

func TestReferenceIsCurrent(t *testing.T) {
	want := generatedMark + config.Markdown(all.Registry())
	if *update {
		if err := os.WriteFile(referencePath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != want {
		t.Error("docs/reference.md does not match the definitions; run: go generate ./internal/docs")
	}
}

// page is one Markdown file.
type page struct {
	path string // from the root
	text string
}

// pages returns the README, the change log and everything in docs and examples.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for _, name := range append([]string{"README.md", "CHANGELOG.md"}, files(t, ".md", "docs", "examples")...) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{name, string(text)})
	}
	return all
}

// files returns the files below folders whose names end in suffix.
func files(t *testing.T, suffix string, folders ...string) []string {
	t.Helper()
	var found []string
	for _, folder := range folders {
		err := fs.WalkDir(os.DirFS(root), folder, func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, suffix) {
				found = append(found, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no file in %q ends in %s", folders, suffix)
	}
	return found
}

// block is what stands in a page between fences.
type block struct {
	language string
	before   string // the line before the fence that is not blank
	text     string
	line     int // of the fence, from 1
}

func (p page) blocks() []block {
	var found []block
	var open *block
	before := ""
	for i, line := range strings.Split(p.text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence, before: before, line: i + 1}
		case isFence:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
		if strings.TrimSpace(line) != "" {
			before = line
		}
	}
	return found
}

// isWhole reports whether a block of YAML is a configuration and not a part of one.
func isWhole(yaml string) bool { return regexp.MustCompile(`(?m)^pipelines:`).MatchString(yaml) }

func TestEveryConfigurationPassesTheCheck(t *testing.T) {
	checked := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.language == "yaml" && isWhole(b.text) {
				check(t, p.path, b.line, b.text)
				checked++
			}
		}
	}
	for _, name := range files(t, ".yaml", "examples") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		check(t, name, 0, string(text))
	}
	if checked == 0 {
		t.Error("no page holds a configuration")
	}
}

// check loads a configuration in a world where every environment variable and every file of a secret is there. A
// warning is a mistake too.
func check(t *testing.T, name string, line int, text string) {
	t.Helper()
	loaded, diagnostics := config.Load([]config.Source{{Name: name, Text: []byte(text)}}, all.Registry(), config.Options{
		LookupEnv: func(string) (string, bool) { return "https://example.invalid", true },
		ReadFile:  func(string) ([]byte, error) { return []byte("secret"), nil },
	})
	for _, d := range diagnostics {
		t.Errorf("in the block at line %d: %s", line, d)
	}
	if loaded != nil {
		if err := loaded.Close(); err != nil {
			t.Error(err)
		}
	}
}

// origin names the file that a piece of Go is taken from.
var origin = regexp.MustCompile(`^<!-- from (\S+) -->$`)

func TestEveryPieceOfGoStandsInAFileThatCompiles(t *testing.T) {
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.language != "go" {
				continue
			}
			from := origin.FindStringSubmatch(b.before)
			if from == nil {
				t.Errorf("%s:%d: write <!-- from FILE --> before the block, and take it from there", p.path, b.line)
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, from[1]))
			if err != nil {
				t.Errorf("%s:%d: %v", p.path, b.line, err)
				continue
			}
			if !strings.Contains(outdented(string(text)), outdented(b.text)) {
				t.Errorf("%s:%d: the block does not stand in %s", p.path, b.line, from[1])
			}
		}
	}
}

// outdented takes the indentation away, so that what stands in a function can be shown without it.
func outdented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|<img [^>]*src="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for _, p := range all {
		anchors[p.path] = p.anchors()
	}
	for _, p := range all {
		for _, found := range link.FindAllStringSubmatch(p.text, -1) {
			target := found[1] + found[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name, anchor, _ := strings.Cut(target, "#")
			whole := path.Join(path.Dir(p.path), name)
			if name == "" {
				whole = p.path
			}
			if _, err := os.Stat(filepath.Join(root, whole)); err != nil {
				t.Errorf("%s: %s leads nowhere", p.path, target)
			}
			if known, isPage := anchors[whole]; isPage && anchor != "" && !known[anchor] {
				t.Errorf("%s: %s has no such heading", p.path, target)
			}
		}
	}
}

// anchors returns the names that headings are linked by.
func (p page) anchors() map[string]bool {
	names := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(p.text, -1) {
		name := regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(strings.ToLower(found[1]), "")
		names[strings.ReplaceAll(strings.TrimSpace(name), " ", "-")] = true
	}
	return names
}
