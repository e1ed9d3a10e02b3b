package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/sqlite"
)

// tenOClock is when everything in a filled store happened.
var tenOClock = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

func gaveUp(class connector.Class, status int) *connector.Outcome {
	why := func(class connector.Class, status int, detail string) *connector.Failure {
		return &connector.Failure{Class: class, Status: status, Detail: detail, Ambiguous: class == connector.Timeout}
	}
	return &connector.Outcome{
		State: connector.Failed, Sink: "crm", Destination: "crm.example:443", Attempts: 20, First: tenOClock, Last: tenOClock.Add(time.Minute),
		Failure: why(class, status, "no capacity\x1b[2J"), DeadLettered: true,
		Trail: []connector.Attempt{
			{N: 19, At: tenOClock, Took: 1234567 * time.Nanosecond, Failure: why(connector.Timeout, 0, "no answer in time"), Wait: time.Minute},
			{N: 20, At: tenOClock.Add(time.Minute), Took: 12 * time.Second, Failure: why(class, status, "no capacity\x1b[2J")},
		},
	}
}

func aLetter(pipeline string, id connector.RecordID, class connector.Class, status int, data string) *store.Letter {
	return &store.Letter{
		Pipeline: pipeline, Sink: "crm", Destination: "crm.example:443", Class: class, At: tenOClock.Add(time.Minute), Outcome: gaveUp(class, status), Replays: 1,
		Record: &connector.Record{ID: id, Key: "tenant-7", Data: []byte(data), Headers: connector.Headers{{Name: "kind", Value: "order"}}},
	}
}

// fill keeps three dead letters, a pending record, and stories.
func fill(t *testing.T, kept store.Store) {
	t.Helper()
	outcome := func(state connector.State, sink string, status int) connector.Outcome {
		return connector.Outcome{State: state, Sink: sink, Attempts: 1, Response: &connector.Response{Status: status}}
	}
	both := outcome(connector.Failed, "", 0)
	both.Branches, both.Failure, both.Response = []connector.Outcome{outcome(connector.Delivered, "erp", 201), *gaveUp(connector.Rejected, 422)}, gaveUp(connector.Rejected, 422).Failure, nil
	dead := &store.Change{
		Letters: []*store.Letter{
			aLetter("orders", "a-1", connector.Unavailable, 503, `{"n": 1}`), aLetter("orders", "a-2", connector.Timeout, 0, "\xff\x00binary"),
			aLetter("import", "line\tone\n/..", connector.Rejected, 422, "{}"),
		},
		Stories: []*store.Story{
			{Pipeline: "orders", ID: "a-1", At: tenOClock.Add(time.Minute), Outcome: gaveUp(connector.Unavailable, 503), Accepted: true},
			{Pipeline: "orders", ID: "both", At: tenOClock, Outcome: &both},
			{Pipeline: "orders", ID: "dropped", At: tenOClock, Outcome: &connector.Outcome{State: connector.Filtered, Reason: "step 1: record.data.total > 0"}},
		},
	}
	trail := gaveUp(connector.Unavailable, 503).Trail[:1]
	pending := &store.Change{Add: []*store.Entry{
		{Pipeline: "orders", Origin: store.Parked, Since: tenOClock, Due: tenOClock.Add(time.Hour), Record: &connector.Record{ID: "p"},
			Progress: store.Progress{Legs: []store.Leg{{Sink: "crm", Destination: "crm.example:443", Attempts: 19, Trail: trail, Failure: trail[0].Failure}}}},
		{Pipeline: "import", Origin: store.Accepted, Since: tenOClock, Record: &connector.Record{ID: "p"}},
	}}
	if err := errors.Join(kept.Keep(t.Context(), dead), kept.Keep(t.Context(), pending)); err != nil {
		t.Fatal(err)
	}
}

// openedIn opens the store of a configuration in dir, which names address as its admin address.
func openedIn(t *testing.T, dir, address string) store.Store {
	t.Helper()
	write(t, dir, "acktor.yaml", `
	admin: {address: "`+address+`"}
	pipelines:
	  orders:
	    source: {generate: {count: 1}}
	    sinks: {crm: {discard: {}}, erp: {discard: {}}}
	`)
	kept, err := sqlite.Open(t.Context(), filepath.Join(dir, "acktor-data"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	return kept
}

// kept returns a folder with a configuration and a filled store that no engine uses.
func kept(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	kept := openedIn(t, dir, "127.0.0.1:1")
	fill(t, kept)
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// served serves a store at an admin address, as an engine that runs in this process.
func served(t *testing.T, kept store.Store) (address string) {
	t.Helper()
	engine, err := acktor.New(acktor.Options{Store: kept})
	if err != nil {
		t.Fatal(err)
	}
	server, err := admin.New(engine, nil, admin.Options{Address: anyPort})
	if err == nil {
		err = server.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := errors.Join(server.Stop(ctx), engine.Stop(ctx)); err != nil {
			t.Error(err)
		}
	})
	return server.Addr().String()
}

// within runs a command in this process, in the folder dir. That is faster than engine, and as good where nothing
// is about signals.
func within(t *testing.T, dir string, args ...string) (code int, out, text string) {
	t.Helper()
	here, err := os.Getwd()
	if err = errors.Join(err, os.Chdir(dir)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chdir(here) }() // golden files are looked for there
	var written, told bytes.Buffer
	code = execute(args, streams{in: strings.NewReader(""), out: &written, err: &told})
	return code, written.String(), told.String()
}

// told are commands that only look, each with the file that holds what it prints.
func told() map[string][]string {
	return map[string][]string{
		"dead-list.txt": {"dead", "list"}, "dead-list.json": {"dead", "list", "--class", "rejected", "--json"},
		"dead-show.txt": {"dead", "show", "1"}, "dead-show-binary.txt": {"dead", "show", "2"}, "dead-show.json": {"dead", "show", "2", "--json"},
		"explain-failed.txt": {"explain", "a-1"}, "explain-failed.json": {"explain", "a-1", "--json"}, "explain-sinks.txt": {"explain", "both"},
		"explain-filtered.txt": {"explain", "dropped"}, "explain-dead.txt": {"explain", "line\tone\n/.."},
	}
}

func TestAStoreWithoutAnEngineTellsOfItsRecords(t *testing.T) {
	dir := kept(t)
	commands := told()
	commands["explain-pending.txt"] = []string{"explain", "p"}
	for name, args := range commands {
		code, out, text := within(t, dir, args...)
		if code != 0 || text != "" {
			t.Errorf("%q: exit %d, err %s", args, code, text)
		}
		golden(t, name, out)
	}
}

func TestAnEngineTellsOfItsRecordsAsItsStoreDoes(t *testing.T) {
	memory := store.NewMemory()
	fill(t, memory)
	address := served(t, memory)
	commands := told()
	commands["explain-pending-running.txt"] = []string{"explain", "p"}
	for name, args := range commands {
		code, out, text := within(t, t.TempDir(), append(args, "--address", address)...)
		if code != 0 || text != "" {
			t.Errorf("%q: exit %d, err %s", args, code, text)
		}
		golden(t, name, out)
	}
}

func TestTheDataOfADeadLetterIsWrittenByteForByte(t *testing.T) {
	if code, out, text := within(t, kept(t), "dead", "show", "2", "--data"); code != 0 || out != "\xff\x00binary" || text != "" {
		t.Errorf("exit %d, out %q, err %s", code, out, text)
	}
}

func TestDeadLettersAreReplayedToTheBacklogOfAStoreWithoutAnEngine(t *testing.T) {
	dir := kept(t)
	for _, step := range []struct {
		args string
		want string
	}{
		{"--all --dry-run", "3 dead letters would be replayed; nothing was changed"},
		{"--pipeline orders --limit 1", "replayed 1 dead letter, 1 left that match; no engine runs: they are delivered when it runs again"},
		{"3 --class rejected", "replayed 1 dead letter; no engine runs: they are delivered when it runs again"},
		{"3", "no dead letter matches"},
		{"--all", "replayed 1 dead letter; no engine runs: they are delivered when it runs again"},
		{"--all", "there are no dead letters"},
	} {
		code, out, text := within(t, dir, append([]string{"dead", "replay"}, strings.Fields(step.args)...)...)
		if code != 0 || out != "" || text != step.want+"\n" {
			t.Errorf("%s: exit %d, out %s, err %s", step.args, code, out, text)
		}
	}
	reopened := openedIn(t, dir, anyPort)
	if n, _, err := reopened.Count(t.Context(), "orders"); n != 3 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestDroppingAsksToBeSure(t *testing.T) {
	dir := kept(t)
	if code, _, text := within(t, dir, "dead", "drop", "--id", "a-1"); code != exitUsage || !strings.Contains(text, "1 dead letter would be dropped for good: add --yes to do it") {
		t.Errorf("exit %d, err %s", code, text)
	}
	code, out, text := within(t, dir, "dead", "drop", "--id", "a-1", "--yes", "--json")
	var got moved
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || text != "" || got != (moved{Matching: 1, Moved: 1}) {
		t.Errorf("exit %d, %v, out %s, err %s", code, err, out, text)
	}
	if _, out, _ := within(t, dir, "dead", "list"); strings.Contains(out, "a-1") || !strings.Contains(out, "a-2") {
		t.Error(out)
	}
}

func TestManyDeadLettersAreReplayedInParts(t *testing.T) {
	memory := &counting{Memory: store.NewMemory()}
	change := &store.Change{}
	for range 1201 {
		change.Letters = append(change.Letters, aLetter("orders", "x", connector.Refused, 0, ""))
	}
	if err := memory.Keep(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	a, err := remoteArchive(served(t, memory))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.close() }()
	c, result, flags := &cli{}, moved{Matching: 1201}, moveFlags{all: true}
	c.err = &bytes.Buffer{}
	filter, err := flags.filter(map[string][]string{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.moveInParts(t.Context(), a, replaying(), filter, 1201, &result); err != nil || result.Moved != 1201 || result.Left != 0 || memory.replays != 3 {
		t.Errorf("%v, %+v, in %d parts", err, result, memory.replays)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.moveInParts(interrupted, a, replaying(), filter, 5, &moved{}); err == nil || err.Error() != "interrupted: replayed 0 of 5 dead letters" {
		t.Error(err)
	}
}

// counting counts the parts.
type counting struct {
	*store.Memory
	replays int
}

func (c *counting) Replay(ctx context.Context, query store.LetterQuery) (int, []string, error) {
	c.replays++
	return c.Memory.Replay(ctx, query)
}

func TestWhoHoldsTheStoreIsAsked(t *testing.T) {
	dir := t.TempDir()
	held := openedIn(t, dir, anyPort)
	fill(t, held)
	for name, c := range map[string]struct {
		address, want string
		code          int
	}{
		"its admin address answers": {served(t, held), "", 0},
		"any port":                  {anyPort, "any free port: its log says which, name it with --address", exitEnvironment},
		"nobody answers":            {"127.0.0.1:1", "its admin address 127.0.0.1:1 does not answer", exitEnvironment},
		"something else answers":    {impostor(t, ""), "something else answers: name the admin address of process", exitEnvironment},
		"another engine answers":    {impostor(t, "1"), "process 1 answers: name the admin address of process", exitEnvironment},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "acktor.yaml", strings.ReplaceAll(small, "enabled: false", `address: "`+c.address+`"`))
			code, out, text := within(t, dir, "dead", "list")
			if code != c.code || !strings.Contains(text, c.want) || code != 0 && !strings.Contains(text, "is in use by another engine") {
				t.Errorf("exit %d, out %s, err %s", code, out, text)
			}
		})
	}
	write(t, dir, "acktor.yaml", small)
	if code, _, text := within(t, dir, "dead", "list"); code != exitEnvironment || !strings.Contains(text, "admin: {enabled: false}") {
		t.Errorf("exit %d, err %s", code, text)
	}
}

// impostor answers as the engine of another process, or as no engine when process is empty.
func impostor(t *testing.T, process string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if process != "" {
			w.Header().Set(admin.ProcessHeader, process)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestWrongUsageOfDeadLettersIsToldWithItsCure(t *testing.T) {
	dir := kept(t)
	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"dead"}, "say what to do: list, show, replay or drop", exitUsage},
		{[]string{"dead", "list", "--class", "unavailabel"}, "want one of connect_timeout, refused", exitUsage},
		{[]string{"dead", "list", "--since", "yesterday"}, "want a time such as", exitUsage},
		{[]string{"dead", "list", "--limit", "5000"}, "want a number from 1 to 1000", exitUsage},
		{[]string{"dead", "show", "first"}, "is not the number of a dead letter", exitUsage},
		{[]string{"dead", "show", "99"}, "there is no such dead letter", exitFailed},
		{[]string{"dead", "replay"}, "say which dead letters are meant", exitUsage},
		{[]string{"dead", "replay", "--all", "--sink", "crm"}, "--all means every dead letter", exitUsage},
		{[]string{"dead", "replay", "--pipeline", ""}, "pipeline is empty", exitUsage},
		{[]string{"dead", "drop", "--yes", "--pipeline", "", "--class", "timeout"}, "pipeline is empty", exitUsage},
		{[]string{"dead", "replay", "x"}, "is not the number of a dead letter", exitUsage},
		{[]string{"dead", "replay", "--all", "--limit", "-1"}, "want 0 or more", exitUsage},
		{[]string{"dead", "list", "-c", "nowhere.yaml"}, "there is no nowhere.yaml: name the configuration with -c FILE, or the admin address", exitUsage},
		{[]string{"dead", "list", "--address", "7717"}, "is not host:port: write for example 127.0.0.1:7717", exitUsage},
		{[]string{"dead", "list", "--address", "127.0.0.1:1"}, "no engine answers at http://127.0.0.1:1", exitEnvironment},
		{[]string{"explain", "nobody"}, "nothing is known of this record", exitFailed},
		{[]string{"explain", ""}, "the id of the record is empty", exitUsage},
		{[]string{"explain"}, "see engine explain --help", exitUsage},
	} {
		code, out, text := within(t, dir, c.args...)
		if code != c.code || out != "" || !strings.Contains(text, c.want) || !strings.HasPrefix(text, "engine: ") {
			t.Errorf("%q: exit %d, out %q, err %q", c.args, code, out, text)
		}
	}
}

func TestNothingIsMadeByLooking(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "acktor.yaml", small)
	for _, args := range [][]string{{"dead", "list"}, {"dead", "replay", "--all"}, {"dead", "drop", "--all", "--yes"}} {
		if code, out, text := within(t, dir, args...); code != 0 || out != "" || text != "there are no dead letters\n" {
			t.Errorf("%q: exit %d, out %s, err %s", args, code, out, text)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "acktor-data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store was made: %v", err)
	}
}

func TestTheShellCompletesFilters(t *testing.T) {
	dir := kept(t)
	for _, c := range []struct{ flag, want string }{{"--class", "unavailable\n"}, {"--pipeline", "orders\n"}, {"--sink", "erp\n"}} {
		for _, verb := range []string{"list", "replay", "drop"} {
			if _, out, _ := within(t, dir, "__complete", "dead", verb, c.flag, ""); !strings.Contains("\n"+out, "\n"+c.want) {
				t.Errorf("%s %s does not offer %q:\n%s", verb, c.flag, c.want, out)
			}
		}
	}
}

func TestTheProgressBarFitsTheTerminal(t *testing.T) {
	for _, c := range []struct {
		columns, done int
		want          string
	}{
		{80, 0, "replayed 0 of 4 [" + strings.Repeat(" ", 40) + "]"},
		{80, 2, "replayed 2 of 4 [" + strings.Repeat("=", 20) + strings.Repeat(" ", 20) + "]"},
		{30, 4, "replayed 4 of 4 [===========]"},
		{10, 1, "replayed 1 of 4"},
	} {
		p := &progress{columns: c.columns, what: "replayed"}
		if got := p.line(c.done, 4); got != c.want || len(got) >= max(c.columns, 16) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
