package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Export     string // the file with its exported types
}

const root = "../.."

// list asks go list for packages.
func list(t *testing.T, arguments ...string) []listed {
	t.Helper()
	watchFolders(t)
	arguments = append([]string{"list", "-tags=acceptance", "-json=ImportPath,Dir,GoFiles,Imports,Export"}, arguments...)
	command := exec.CommandContext(t.Context(), "go", append(arguments, "./...")...)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// watchFolders reads every folder of the module, because go test reuses a result until something
// changes that the test itself has read, and what go list reads does not count.
func watchFolders(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // another test's file, gone again
		case err == nil && entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// relative returns an import path as the rules write it, and false when it is not of this module.
func relative(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func TestEveryImportGoesDownwards(t *testing.T) {
	for _, p := range list(t) {
		path, _ := relative(p.ImportPath)
		for _, complaint := range complaints(path, p.Imports) {
			t.Error(complaint)
		}
	}
}

// complaints says what is wrong with the imports of the package at path.
func complaints(path string, imports []string) []string {
	r, ok := ruleFor(path)
	if !ok {
		return []string{path + " is in no layer: add it to the table in internal/layers/rules_test.go, " +
			"as low as what it imports allows, and say in docs/adr/0002-layers.md what the layer is for"}
	}
	var found []string
	for _, imported := range imports {
		if complaint := complain(path, r, imported); complaint != "" {
			found = append(found, fmt.Sprintf("%s (layer %d) imports %s: %s", path, r.layer, imported, complaint))
		}
	}
	return found
}

// complain says why the package at path, which is under r, may not import imported, or "".
func complain(path string, r rule, imported string) string {
	inner, ok := relative(imported)
	if !ok {
		return complainForeign(path, r, imported)
	}
	below, ok := ruleFor(inner)
	switch {
	case !ok:
		return "" // its own complaint says so
	case below.layer == r.layer && strings.HasPrefix(inner, path+"/"):
		return "" // a part of its own
	case below.layer >= r.layer:
		return fmt.Sprintf("that is layer %d, and imports go downwards", below.layer)
	case r.only != nil && !matchesAny(r.only, inner):
		return fmt.Sprintf("of this module it may import only %q", r.only)
	case matchesAny(r.never, inner):
		return fmt.Sprintf("it may import none of %q", r.never)
	}
	return ""
}

func complainForeign(path string, r rule, imported string) string {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	if r.bare {
		return "it may import nothing foreign but the standard library"
	}
	var nearest dependency
	for _, d := range dependencies() {
		if (imported == d.path || strings.HasPrefix(imported, d.path+"/")) && len(d.path) > len(nearest.path) {
			nearest = d
		}
	}
	if nearest.path != "" && !matchesAny(nearest.importers, path) {
		return fmt.Sprintf("that belongs in %q", nearest.importers)
	}
	return ""
}

func TestRulesRefuseWhatTheyShould(t *testing.T) {
	const protoactor = "github.com/asynkron/protoactor-go"
	cases := []struct {
		path, imported string
		fine           bool
	}{
		{"connector/http", module + "/connector", true},
		{"connector/http", module + "/expression", true},
		{"connector/http", module + "/connector/http/wire", true},
		{"connector/http", module + "/connector/file", false},
		{"connector/http", module + "/delivery", false},
		{"connector/http", module + "/messages", false},
		{"connector/http", module + "/telemetry", false},
		{"connector/http", protoactor + "/actor", false},
		{"connector", module + "/connector/http", false},
		{"connector", "github.com/google/uuid", false},
		{"connector/all", module + "/connector/http", true},
		{"connector/all", module + "/steps", false},
		{"delivery", protoactor + "/actor", false},
		{"delivery", "github.com/sony/gobreaker/v2", true},
		{"actors/source", protoactor + "/actor", true},
		{"actors/source", protoactor + "/remote", false},
		{"actors/source", module + "/actors/sink", false},
		{"actors/sink", module + "/actors/source", false},
		{"actors/sink", module + "/config", false},
		{"actors/sink", module + "/connector/http", false},
		{"actors/supervisor", module + "/actors/sink", true},
		{"cluster", protoactor + "/remote", true},
		{".", protoactor + "/actor", true},
		{".", protoactor + "/cluster", false},
		{".", module + "/connector/memory", true},
		{".", module + "/connector/all", false},
		{".", module + "/admin", false},
		{"admin", module, true},
		{"admin", module + "/actors/sink", false},
		{"cmd/engine", module + "/connector/all", true},
		{"cmd/engine", "github.com/goccy/go-yaml", false},
		{"messages", "slices", true},
		{"somewhere/new", "slices", false},
	}
	for _, c := range cases {
		if found := complaints(c.path, []string{c.imported}); (len(found) == 0) != c.fine {
			t.Errorf("%s imports %s: complaints %q", c.path, c.imported, found)
		}
	}
}
