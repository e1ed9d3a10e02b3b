package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
	"github.com/acktor/acktor/bench/suite"
)

func TestMain(m *testing.M) {
	process.Play(roles.All())
	os.Setenv("GORACE", "atexit_sleep_ms=0") //nolint:errcheck // else each child takes a second to exit under the race detector
	os.Exit(m.Run())
}

// command runs a command line.
func command(t *testing.T, line string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), strings.Fields(line), console{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestListNamesEveryScenario(t *testing.T) {
	code, out, _ := command(t, "list")
	for _, s := range suite.All() {
		if code != exitFine || !strings.Contains(out, s.Name+" ") {
			t.Errorf("%d, %s is not in\n%s", code, s.Name, out)
		}
	}
}

func TestRunWithJSONPrintsAnObjectPerBaseline(t *testing.T) {
	code, out, text := command(t, "run generate-discard --for 100ms --runs 1 --size 200 --json --dir "+t.TempDir())
	if code != exitFine || text != "" {
		t.Fatalf("%d: %s", code, text)
	}
	var row suite.Row
	if err := json.Unmarshal([]byte(out), &row); err != nil {
		t.Fatal(err)
	}
	if row.Scenario != "generate-discard" || row.Size != 200 || row.Baseline != "channel" || row.Lost != 0 || row.Records != row.Outcomes {
		t.Errorf("%+v", row)
	}
}

func TestMistakesInTheCommandAreUsageErrors(t *testing.T) {
	for _, line := range []string{"run file-htp", "run --runs 0", "run --for 1ms", "run --size 3", "run --size x", "run --nothing"} {
		if code, _, text := command(t, line); code != exitUsage || text == "" {
			t.Errorf("%s: %d, %q", line, code, text)
		}
	}
}

func TestALostRecordIsExitCode1(t *testing.T) {
	scenarios, err := find(suite.All(), []string{"file-http"})
	if err != nil {
		t.Fatal(err)
	}
	scenarios[0].Ends[0].Fault = roles.Lose
	var stdout, stderr bytes.Buffer
	c := console{out: &stdout, err: &stderr}
	s := settings{sizes: []int{200}, runs: 1, length: 100_000_000, check: true, dir: t.TempDir()}
	code := c.exit(c.run(t.Context(), &s, scenarios))
	if code != exitFailed || !strings.Contains(stderr.String(), "records are lost") || !strings.Contains(stdout.String(), "FAILED") {
		t.Errorf("%d\n%s%s", code, stdout.String(), stderr.String())
	}
}
