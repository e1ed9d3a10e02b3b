package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/acktor/acktor/config"
)

func schemaText(t testing.TB) []byte {
	t.Helper()
	text, err := config.Schema(registry(t))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("acktor.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("acktor.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate holds a YAML text against the schema.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

func TestTheSchemaIsDeterministic(t *testing.T) {
	for range 5 {
		if !bytes.Equal(schemaText(t), schemaText(t)) {
			t.Fatal("two schemas of the same registry differ")
		}
	}
}

func TestTheSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	schema := compiled(t)
	tests := []string{
		referenceForm(t), least, sinkWith(`{url: "https://${H:-h}/", max_connections: "${M:-5}", share: .5, connect_timeout: 1m30s, headers: {A: 1}}`),
		sinkWith("{url: https://a}\n        timeout: ${T:-5s}\n        breaker: {enabled: false}\n        batch:\n        rate_limit: {per_second: 0.5}"),
		strings.Replace(least, "{generate: }", "{http: {address: a, methods: [GET], max_body: 5, labels: {a: b}}}", 1) + "    in_flight: {bytes: 1.5 MiB}\n",
	}
	for _, text := range tests {
		mustLoad(t, text, nil)
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

func TestTheSchemaRejectsMistakesOfForm(t *testing.T) {
	schema := compiled(t)
	tests := []string{
		sinkWith("{url: https://a, methd: POST}"), sinkWith("{}"), sinkWith("{url: https://a}\n        file: {path: a}"), sinkWith("{url: {a: b}}"),
		sinkWith("{url: https://a, max_connections: 0}"), sinkWith("{url: https://a, share: 2}"), sinkWith("{url: https://a, connect_timeout: 2 s}"),
		sinkWith("{url: https://a}\n        queue: {on_full: prak}"), sinkWith("{url: https://a}\n        breaker: {enabled: maybe}"),
		strings.Replace(least, "  a:", "  Bad Name:", 1), strings.Replace(least, "generate: ", "generate: , http: {address: a}", 1),
		least + "    in_flight: {bytes: 1MB8}\n", least + "lgo: {}\n", "log: {level: loud}\n" + least, least + "drain_timeout: 30\n",
	}
	for _, text := range tests {
		if loaded, _ := load(t, text, nil); loaded != nil {
			t.Errorf("Load accepts\n%s", text)
		}
		if err := validate(t, schema, text); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
	}
}

func TestSecretsAreWriteOnlyInTheSchema(t *testing.T) {
	var schema struct {
		Definitions map[string]struct {
			Properties map[string]struct {
				WriteOnly bool `json:"writeOnly"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schemaText(t), &schema); err != nil {
		t.Fatal(err)
	}
	if keys := schema.Definitions["sink.http"].Properties; !keys["token"].WriteOnly || keys["url"].WriteOnly {
		t.Errorf("got %+v", keys)
	}
}

func TestTheReferenceIsMadeFromTheSameFields(t *testing.T) {
	http, _ := registry(t).Lookup("http")
	discard, _ := registry(t).Lookup("discard")
	golden(t, "testdata/connectors.golden", config.Text(http)+"\n"+config.Text(discard))
}

func TestTheMarkdownReferenceHasEveryKeyOnce(t *testing.T) {
	text := config.Markdown(registry(t))
	for _, line := range []string{
		"| `log.level` | string | `info` | The least level that is written. One of debug, info, warn, error. |",
		"| `in_flight.records` | int | `1024` |", "| `sinks` | map of sink | required |", "| `filter` | condition |", "| `retry.initial` | duration | `200ms` |",
		"#### http as a source", "#### http as a sink", "| `tls.key` | secret |  | The private key. |", "#### discard as a sink\n\nIt has no keys.",
	} {
		if strings.Count(text, line) != 1 {
			t.Errorf("not there once: %s", line)
		}
	}
	if strings.Contains(text, "#### discard as a source") {
		t.Error("a side that discard does not have")
	}
}

func TestNoBrokenFileIsLoaded(t *testing.T) {
	names, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if loaded, _ := load(t, string(text), nil); loaded != nil && filepath.Base(name) != "warnings.yaml" {
			t.Errorf("%s is loaded", name)
		}
	}
}
