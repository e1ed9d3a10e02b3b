package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
)

func env(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := pairs[name]
		return value, ok
	}
}

func rendered(t testing.TB, found config.Diagnostics) string {
	t.Helper()
	var b bytes.Buffer
	if err := found.Render(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// load reads one text with the environment of pairs.
func load(t testing.TB, text string, pairs map[string]string) (*config.Config, config.Diagnostics) {
	t.Helper()
	return config.Load([]config.Source{{Name: "acktor.yaml", Text: []byte(text)}}, registry(t), config.Options{
		LookupEnv: env(pairs),
		ReadFile: func(name string) ([]byte, error) {
			if name != "/run/token" {
				return nil, errors.New("no such file")
			}
			return []byte("from-a-file\n"), nil
		},
	})
}

// mustLoad fails the test on any diagnostic.
func mustLoad(t testing.TB, text string, pairs map[string]string) *config.Config {
	t.Helper()
	loaded, found := load(t, text, pairs)
	if len(found) > 0 {
		t.Fatal(rendered(t, found))
	}
	return loaded
}

func referenceForm(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheReferenceFormIsAccepted(t *testing.T) {
	loaded := mustLoad(t, referenceForm(t), nil)
	if len(loaded.Pipelines) != 1 {
		t.Fatalf("%d pipelines", len(loaded.Pipelines))
	}
	orders := loaded.Pipelines[0]
	if orders.Name != "orders" || orders.SourceKind != "http" || orders.Source == nil || len(orders.Steps) != 2 ||
		orders.FanOut != pipeline.All || orders.InFlight != (pipeline.Window{Records: 1024, Bytes: 64 << 20}) {
		t.Errorf("the pipeline: %+v", orders)
	}
	crm := orders.Sinks[0]
	if crm.Name != "crm" || crm.Kind != "http" || crm.Outlet == nil || crm.Options.InFlight != 64 ||
		crm.Options.Retry.MaxElapsed != 15*time.Minute || crm.Options.RateLimit.Burst != 20 || crm.Options.Batch.Records != 100 {
		t.Errorf("the sink: %+v", crm)
	}
	if orders.DeadLetter == nil || orders.DeadLetter.Kind != "file" {
		t.Errorf("the dead letter: %+v", orders.DeadLetter)
	}
}

const least = `
pipelines:
  a:
    source: {generate: }
    sinks: {out: {discard: }}
`

func TestWhatIsAbsentHasItsDefault(t *testing.T) {
	loaded := mustLoad(t, least, nil)
	want := config.Settings{
		Log: config.Log{Level: "info", Format: "auto"}, Admin: config.Admin{Enabled: true, Address: "127.0.0.1:7717"},
		Store: config.Store{Path: "./acktor-data", Ledger: ledger.DefaultOptions()}, DrainTimeout: 30 * time.Second,
	}
	if loaded.Settings != want {
		t.Errorf("got %+v", loaded.Settings)
	}
	spec := loaded.Pipelines[0]
	if spec.FanOut != pipeline.All || spec.InFlight.Records != 1024 || spec.Restart.MaxFailures != 10 || spec.DeadLetter != nil {
		t.Errorf("got %+v", spec)
	}
	options := spec.Sinks[0].Options
	if options.InFlight != 64 || !options.Breaker.Enabled || options.RateLimit != nil || options.Batch != nil {
		t.Errorf("got %+v", options)
	}
}

func TestNullIsAsIfTheKeyWereAbsent(t *testing.T) {
	loaded := mustLoad(t, least+"    steps:\n    dead_letter: ~\n    in_flight: {records: null, bytes: 1MiB}\nlog:\n", nil)
	if got := loaded.Pipelines[0].InFlight; got != (pipeline.Window{Records: 1024, Bytes: 1 << 20}) {
		t.Errorf("got %+v", got)
	}
}

func TestPipelinesAndSinksKeepTheOrderOfTheFile(t *testing.T) {
	var text strings.Builder
	text.WriteString("pipelines:\n")
	want := ""
	for i := range 12 {
		fmt.Fprintf(&text, "  p%d:\n    source: {generate: }\n    sinks:\n", (i*7)%12)
		want += fmt.Sprintf("p%d:", (i*7)%12)
		for j := range 12 {
			fmt.Fprintf(&text, "      s%d: {discard: }\n", (j*5)%12)
			want += fmt.Sprintf("s%d,", (j*5)%12)
		}
	}
	got := ""
	for _, spec := range mustLoad(t, text.String(), nil).Pipelines {
		got += string(spec.Name) + ":"
		for _, sink := range spec.Sinks {
			got += sink.Name + ","
		}
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAFullQueueHoldsOneDestinationAndFailsMany(t *testing.T) {
	tests := map[string]pipeline.OnFull{
		"{discard: }":                                                       pipeline.Hold,
		"{discard: , destination: always}":                                  pipeline.Hold,
		"{discard: , destination: '{{ record.key }}'}":                      pipeline.Fail,
		"{http: {url: https://a}}":                                          pipeline.Hold,
		"{http: {url: 'https://{{ record.key }}'}}":                         pipeline.Fail,
		"{http: {url: 'https://{{ record.key }}'}, destination: x}":         pipeline.Hold,
		"{http: {url: 'https://{{ record.key }}'}, queue: {on_full: fail}}": pipeline.Fail,
		"{discard: , destination: '{{ record.key }}', queue: {records: 9}}": pipeline.Fail,
	}
	for sink, want := range tests {
		loaded := mustLoad(t, "pipelines: {a: {source: {generate: }, sinks: {out: "+sink+"}}}", nil)
		if got := loaded.Pipelines[0].Sinks[0].Options.Queue.OnFull; got != want {
			t.Errorf("%s: %s, want %s", sink, got, want)
		}
	}
}

func TestSeveralFilesAreMerged(t *testing.T) {
	sources := []config.Source{
		{Name: "a.yaml", Text: []byte("log: {level: debug}\n" + least)},
		{Name: "b.yaml", Text: []byte("store: {path: /x}\n" + strings.Replace(least, "  a:", "  b:", 1))},
		{Name: "c.yaml", Text: nil},
	}
	loaded, found := config.Load(sources, registry(t), config.Options{})
	if len(found) > 0 {
		t.Fatal(rendered(t, found))
	}
	if len(loaded.Pipelines) != 2 || loaded.Pipelines[1].Name != "b" || loaded.Log.Level != "debug" || loaded.Store.Path != "/x" {
		t.Errorf("got %+v", loaded)
	}
}

func TestWhatTwoFilesDefineIsAnErrorThatNamesBothPlaces(t *testing.T) {
	sources := []config.Source{
		{Name: "a.yaml", Text: []byte("log: {level: debug}" + least)}, {Name: "b.yaml", Text: []byte("log: {level: info}" + least)},
	}
	_, found := config.Load(sources, registry(t), config.Options{})
	var got []string
	for _, d := range found {
		got = append(got, d.String())
	}
	want := []string{
		"b.yaml:1:1: log: given twice, first at a.yaml:1:1; keep one of them",
		`b.yaml:3:3: pipelines.a: the pipeline "a" is defined twice, first at a.yaml:3:3; rename one of them`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestNoFileAtAllIsAnError(t *testing.T) {
	if loaded, found := config.Load(nil, registry(t), config.Options{}); loaded != nil || !found.HasErrors() {
		t.Errorf("got %v, %v", loaded, found)
	}
}

func TestWarningsAloneComeWithAConfiguration(t *testing.T) {
	text, err := os.ReadFile("testdata/broken/warnings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loaded, found := load(t, string(text), nil)
	if loaded == nil || found.HasErrors() || len(found) == 0 {
		t.Errorf("got %v, %v", loaded, found)
	}
}

func TestConnectorsAreToldWhereTheyAre(t *testing.T) {
	var log bytes.Buffer
	loaded, _ := config.Load([]config.Source{{Name: "a", Text: []byte(least)}}, registry(t),
		config.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	out, err := loaded.Pipelines[0].Sinks[0].Outlet.New("x")
	if err != nil {
		t.Fatal(err)
	}
	env := out.(*sink).env
	env.Logger().Info("hello")
	if env.Pipeline != "a" || env.Connector != "out" || !strings.Contains(log.String(), "pipeline=a connector=out") {
		t.Errorf("env %+v, log %s", env, log.String())
	}
}

func TestOutletsAreClosedWhenSomethingElseIsWrong(t *testing.T) {
	closed := 0
	all, err := connector.NewRegistry(connector.Definition{
		Name:   "counted",
		Source: connector.DefineSource(func(nothing, connector.Env) (connector.Source, error) { return idle{}, nil }),
		Sink: connector.DefineSink(func(nothing, connector.Env) (*connector.Outlet, error) {
			return &connector.Outlet{Close: func() error { closed++; return nil }}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	text := "pipelines: {a: {source: {counted: }, sinks: {x: {counted: }, y: {counted: }}, dead_letter: {counted: }, extra: 1}}"
	if loaded, _ := config.Load([]config.Source{{Name: "a", Text: []byte(text)}}, all, config.Options{}); loaded != nil || closed != 3 {
		t.Errorf("closed %d of 3", closed)
	}
	loaded, _ := config.Load([]config.Source{{Name: "a", Text: []byte(strings.Replace(text, ", extra: 1", "", 1))}}, all, config.Options{})
	if err := loaded.Close(); err != nil || closed != 6 {
		t.Errorf("closed %d of 6, %v", closed, err)
	}
}

func TestDiagnosticsAreJSON(t *testing.T) {
	_, found := load(t, "pipelines: {a: {source: {generate: {count: x}}, sinks: {out: {discard: }}}}", nil)
	got, err := json.Marshal(found)
	want := `[{"file":"acktor.yaml","line":1,"column":44,"path":"pipelines.a.source.generate.count",` +
		`"message":"pipelines.a.source.generate.count: \"x\" is not a whole number such as 10","severity":"error"}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}
