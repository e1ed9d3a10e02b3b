package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

func TestCheckReportsEveryMistakeAtOnce(t *testing.T) {
	code, out, text := engine(t, "testdata", "check", "-c", "broken.yaml")
	if code != exitUsage || out != "" {
		t.Errorf("exit %d, out %q", code, out)
	}
	golden(t, "broken.txt", text)
}

func TestCheckReportsMistakesAsJSON(t *testing.T) {
	code, out, text := engine(t, "testdata", "check", "-c", "broken.yaml", "--json")
	if code != exitUsage || text != "" {
		t.Errorf("exit %d, err %q", code, text)
	}
	golden(t, "broken.json", out)
}

func TestRunReportsMistakesAsCheckDoes(t *testing.T) {
	_, _, checked := engine(t, "testdata", "check", "-c", "broken.yaml")
	code, out, text := engine(t, "testdata", "run", "-c", "broken.yaml")
	if code != exitUsage || out != "" || text != checked {
		t.Errorf("exit %d, out %q, err:\n%s", code, out, text)
	}
}

const small = `
	admin: {enabled: false}
	pipelines:
	  small:
	    source: {generate: {count: 3}}
	    sinks: {nothing: {discard: {}}}
	`

func TestCheckCountsThePipelines(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "acktor.yaml", small)
	if code, out, text := engine(t, dir, "check"); code != 0 || out != "ok: 1 pipeline\n" || text != "" {
		t.Errorf("exit %d, out %q, err %q", code, out, text)
	}
	code, out, _ := engine(t, dir, "check", "--json")
	var result checked
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatal(err)
	}
	if code != 0 || !result.OK || result.Pipelines != 1 || result.Diagnostics == nil {
		t.Errorf("exit %d, %s", code, out)
	}
}

func TestTheConfigurationMayComeFromStandardInput(t *testing.T) {
	p := startWith(t, t.TempDir(), strings.NewReader(strings.ReplaceAll(small, "\t", "")), "run", "-c", "-")
	if code := p.exit(t); code != 0 || !strings.Contains(p.err.String(), "small: 3 read, 3 delivered, 0 failed, 0 filtered") {
		t.Errorf("exit %d, err %s", code, p.err)
	}
}

func TestSeveralFilesAreOneConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", small)
	write(t, dir, "b.yaml", strings.ReplaceAll(strings.ReplaceAll(small, "small", "other"), "admin: {enabled: false}", ""))
	if code, out, text := engine(t, dir, "check", "-c", "a.yaml", "-c", "b.yaml"); code != 0 || out != "ok: 2 pipelines\n" {
		t.Errorf("exit %d, out %q, err %q", code, out, text)
	}
}
