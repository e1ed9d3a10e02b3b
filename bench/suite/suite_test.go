package suite_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
	"github.com/acktor/acktor/bench/suite"
)

func TestMain(m *testing.M) {
	process.Play(roles.All())
	os.Setenv("GORACE", "atexit_sleep_ms=0") //nolint:errcheck // else each child takes a second to exit under the race detector
	os.Exit(m.Run())
}

func named(t *testing.T, name string) suite.Scenario {
	t.Helper()
	for _, s := range suite.All() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no scenario %s", name)
	return suite.Scenario{}
}

// check runs scenarios briefly and returns what they gave.
func check(t *testing.T, scenarios ...suite.Scenario) ([]suite.Result, error) {
	t.Helper()
	var results []suite.Result
	done := 0
	err := suite.Run(t.Context(), suite.Options{
		Scenarios: scenarios, Sizes: []int{200}, Runs: 1, For: 100 * time.Millisecond, Directory: t.TempDir(), Check: true,
		Row: func(result suite.Result) { results = append(results, result) },
		Progress: func(finished, all int, _ string) {
			if finished < done || finished > all {
				t.Errorf("progress from %d to %d of %d", done, finished, all)
			}
			done = finished
		},
	})
	return results, err
}

func TestAScenarioAccountsForEveryRecord(t *testing.T) {
	results, err := check(t, named(t, "file-http"), named(t, "http-http"))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if result.Engine.Records == 0 || result.Engine.Outcomes != result.Engine.Records || result.Engine.Lost != 0 || !result.OK {
			t.Errorf("%s: %+v", result.Scenario.Name, result.Engine)
		}
		for _, row := range result.Rows() {
			if row.EngineRPS <= 0 || row.BaselineRPS <= 0 || row.Ratio <= 0 || row.P50 <= 0 || row.P99 < row.P50 || row.RSS < 1 ||
				row.CPUPer100k <= 0 || row.AllocsPerRecord <= 0 || row.Connections < 1 {
				t.Errorf("%+v", row)
			}
		}
	}
}

// TestARecordThatIsLostRepeatedOrInventedTurnsTheRunRed breaks every part of a measurement: each contestant of a scenario is at
// fault in its own way.
func TestARecordThatIsLostRepeatedOrInventedTurnsTheRunRed(t *testing.T) {
	faults := []roles.Fault{roles.Lose, roles.Repeat, roles.Invent}
	for i, name := range []string{"file-http", "http-http", "file-file", "generate-discard", "memory-embedded", "idle-destinations"} {
		t.Run(name, func(t *testing.T) {
			s := named(t, name)
			s.Engine.Fault = faults[i%3]
			for j := range s.Variants {
				s.Variants[j].Fault = faults[(i+j+2)%3]
			}
			for j := range s.Baselines {
				s.Baselines[j].Fault = faults[(i+j+1)%3]
			}
			if s.Engine.Records > 0 {
				s.Engine.Records = 1000
			}
			wantRed(t, &s)
		})
	}
	for _, fault := range faults {
		t.Run("target, "+string(fault), func(t *testing.T) {
			s := named(t, "file-http")
			s.Ends[0].Fault, s.Baselines = fault, nil
			wantRed(t, &s)
		})
		t.Run("load, "+string(fault), func(t *testing.T) {
			s := named(t, "http-http")
			s.Engine.Load.Fault, s.Variants, s.Baselines = fault, nil, nil
			wantRed(t, &s)
		})
	}
}

// wantRed runs a scenario all of whose contestants are at fault.
func wantRed(t *testing.T, s *suite.Scenario) {
	t.Helper()
	results, err := check(t, *s)
	failure, ok := errors.AsType[*suite.Failure](err)
	if !ok {
		t.Fatalf("%v, want a failure", err)
	}
	if results[0].OK {
		t.Error("the result says that all is well")
	}
	for _, name := range append([]string{"engine"}, names(s)...) {
		if !slices.ContainsFunc(failure.Problems, func(problem string) bool { return strings.Contains(problem, ", "+name+",") }) {
			t.Errorf("nothing was noticed in %s, only %q", name, failure.Problems)
		}
	}
}

func names(s *suite.Scenario) []string {
	var all []string
	for i := range s.Variants {
		all = append(all, s.Variants[i].Name)
	}
	for i := range s.Baselines {
		all = append(all, s.Baselines[i].Name)
	}
	return all
}

func TestAScenarioWhoseContestantFailsIsAnError(t *testing.T) {
	s := named(t, "file-http")
	s.Engine.Task = func(*suite.Rig) any { return roles.EngineTask{YAML: "pipelines: {p: {source: {fil: {}}}}"} }
	_, err := check(t, s)
	if _, isFailure := errors.AsType[*suite.Failure](err); err == nil || isFailure || !strings.Contains(err.Error(), "file-http, 200 bytes, engine") {
		t.Errorf("%v", err)
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTheKeysOfARowStay guards what other programs read.
func TestTheKeysOfARowStay(t *testing.T) {
	latency := measure.NewHistogram()
	latency.Record(2*time.Millisecond, 100)
	s := suite.Scenario{Name: "file-http"}
	result := suite.Result{
		Scenario: &s, Size: 200, Runs: 5, OK: true,
		Engine: suite.Figures{
			Name: "engine", Rate: 50_000, Latency: latency, CPUPer100k: 1.2345, PeakRSS: 40 << 20, AllocsPerRecord: 12.5, Connections: 64,
			Verdict: suite.Verdict{Records: 100, Outcomes: 100},
		},
		Baselines: []suite.Compared{
			{Figures: suite.Figures{Name: "nethttp", Rate: 25_000, CPUPer100k: 2.5, PeakRSS: 16 << 20}, Ratio: 2},
			{Figures: suite.Figures{Name: "ideal", Rate: 100_000}, Ratio: 0.5},
		},
	}
	var got strings.Builder
	for _, row := range result.Rows() {
		if err := json.NewEncoder(&got).Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	golden := filepath.Join("testdata", "rows.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("%v; got\n%swant\n%s", err, got.String(), want)
	}
}

func TestScenariosHaveNamesSummariesBoundsAndKnownBaselines(t *testing.T) {
	known := []string{"nethttp", "fasthttp", "channel", "filecopy", "filecopy_reuse", "ideal", "healthy", "local", "grpc", "watermill", "memory"}
	seen := map[string]bool{}
	for _, s := range suite.All() {
		if s.Name == "" || s.Summary == "" || s.Bound == "" || seen[s.Name] {
			t.Errorf("scenario %+v", s)
		}
		seen[s.Name] = true
		for _, baseline := range s.Baselines {
			if s.Sweep == "" && !slices.Contains(known, baseline.Name) {
				t.Errorf("%s: baseline %q", s.Name, baseline.Name)
			}
			if (baseline.Ideal > 0) == (baseline.Task != nil) {
				t.Errorf("%s: baseline %s is neither or both ideal and run", s.Name, baseline.Name)
			}
		}
	}
	for _, name := range []string{
		"generate-discard", "file-http", "http-http", "http-accepted", "file-file", "http-batch", "slow-sink", "failing-sink", "dead-destination",
		"order-by-key", "fan-out", "memory-embedded", "overload", "soak",
	} {
		if !seen[name] {
			t.Errorf("there is no scenario %s", name)
		}
	}
}

func ExampleFailure() {
	fmt.Println(&suite.Failure{Problems: []string{"file-http 200 B, engine, run 1 of 5: 1 records are lost"}})
	// Output:
	// records are not accounted for:
	//   file-http 200 B, engine, run 1 of 5: 1 records are lost
}
