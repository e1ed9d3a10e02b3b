package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUsageIsToldWithItsCure(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "there.yaml", small)
	for _, c := range []struct {
		args []string
		want string // in one of the lines
	}{
		{[]string{"rnu"}, "see engine --help"},
		{[]string{"run", "--fast"}, "see engine run --help"},
		{[]string{"run", "extra"}, "see engine run --help"},
		{[]string{"run", "--log-level", "loud"}, "want one of debug, info, warn, error"},
		{[]string{"run", "-c", "there.yaml", "--drain-timeout", "-1s"}, "want 0s or more"},
		{[]string{"run"}, "there is no acktor.yaml: name the configuration with -c FILE, or write one with: engine new http-to-http -o acktor.yaml"},
		{[]string{"check", "-c", "nowhere.yaml"}, "there is no nowhere.yaml"},
		{[]string{"connectors", "htpt"}, "there are discard, file, generate, http"},
		{[]string{"new", "nothing"}, "there are file-to-http, generate-to-stdout, http-to-file, http-to-http"},
		{[]string{"new", "http-to-http", "-o", "there.yaml"}, "there.yaml is there already and is left as it is"},
		{[]string{"demo", "--for", "1ms"}, "want 1s or more"},
	} {
		code, out, text := engine(t, dir, c.args...)
		if code != exitUsage || out != "" || !strings.Contains(text, c.want) || !strings.HasPrefix(text, "engine: ") {
			t.Errorf("%q: exit %d, out %q, err %q", c.args, code, out, text)
		}
		if strings.Contains(text, "Usage:") {
			t.Errorf("%q dumps the usage: %s", c.args, text)
		}
	}
}

func TestJSONIsJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "acktor.yaml", small)
	for _, args := range [][]string{
		{"version", "--json"}, {"connectors", "--json"}, {"connectors", "http", "--json"}, {"new", "--json"}, {"schema"},
		{"check", "--json"}, {"run", "--json"},
	} {
		code, out, text := engine(t, dir, args...)
		var value map[string]any
		if err := json.Unmarshal([]byte(out), &value); err != nil || code != 0 || len(value) == 0 {
			t.Errorf("%q: exit %d, %v, out %q, err %q", args, code, err, out, text)
		}
	}
}

func TestConnectorsAreListedAndDescribed(t *testing.T) {
	_, list, _ := engine(t, t.TempDir(), "connectors")
	_, one, _ := engine(t, t.TempDir(), "connectors", "http")
	if !strings.Contains(list, "\nfile ") || !strings.Contains(list, "source, sink") {
		t.Errorf("list:\n%s", list)
	}
	if !strings.Contains(one, "reply_timeout") || !strings.Contains(one, "success_when") {
		t.Errorf("http:\n%s", one)
	}
}

func TestTheShellCompletesWhatThereIs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"new", ""}, []string{"http-to-http\t", "file-to-http\t"}},
		{[]string{"connectors", ""}, []string{"http\t", "stdout\t"}},
		{[]string{"run", "--log-level", ""}, []string{"debug\n", "error\n"}},
		{[]string{"run", "--log-format", ""}, []string{"tint\n", "json\n"}},
		{[]string{""}, []string{"run\t", "check\t", "demo\t", "completion\t"}},
	} {
		_, out, _ := engine(t, t.TempDir(), append([]string{"__complete"}, c.args...)...)
		for _, want := range c.want {
			if !strings.Contains("\n"+out, "\n"+want) {
				t.Errorf("%q does not offer %q:\n%s", c.args, want, out)
			}
		}
	}
	if code, out, _ := engine(t, t.TempDir(), "completion", "bash"); code != 0 || !strings.Contains(out, "__start_engine") {
		t.Errorf("completion bash: exit %d", code)
	}
}

func TestNewWritesAFileThatWasNotThere(t *testing.T) {
	dir := t.TempDir()
	code, out, text := engine(t, dir, "new", "http-to-file")
	if code != 0 || out != "" || text != "wrote acktor.yaml; run it with: engine run\n" {
		t.Errorf("exit %d, out %q, err %q", code, out, text)
	}
	written, err := os.ReadFile(filepath.Join(dir, defaultFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, printed, _ := engine(t, dir, "new", "http-to-file", "-o", "-"); printed != string(written) {
		t.Error("what is printed is not what is written")
	}
}

func TestSecretsAreHiddenAndControlCharactersHarmless(t *testing.T) {
	if got := hidden([]string{"s3cret\n", "no", ""})("token s3cret, no"); got != "token [redacted], no" {
		t.Error(got)
	}
	if got := printable("a\x1b[2Jb\r\nc"); got != "a·[2Jb·\nc" {
		t.Error(got)
	}
}
