package config_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func sinkWith(keys string) string {
	return "pipelines:\n  a:\n    source: {generate: }\n    sinks:\n      out:\n        http: " + keys + "\n"
}

func httpConfig(t *testing.T, text string, pairs map[string]string) (httpSink, []string) {
	t.Helper()
	loaded := mustLoad(t, text, pairs)
	out, err := loaded.Pipelines[0].Sinks[0].Outlet.New("x")
	if err != nil {
		t.Fatal(err)
	}
	return out.(*sink).config.(httpSink), loaded.Secrets
}

func TestReferencesAreFilledIn(t *testing.T) {
	pairs := map[string]string{"HOST": "crm.example", "EMPTY": "", "WAIT": "7s", "MAX": "12"}
	got, kept := httpConfig(t, sinkWith(`{url: "https://${HOST}:${PORT:-8443}/$${x}${EMPTY}", method: "${EMPTY:-PUT}",`+
		` connect_timeout: "${WAIT}", max_connections: "${MAX}"}`), pairs)
	if got.URL.String() != "https://crm.example:8443/${x}" || got.Method != "PUT" || got.ConnectTimeout != 7*time.Second || got.MaxConnections != 12 {
		t.Errorf("got %+v", got)
	}
	if !slices.Equal(kept, []string{"crm.example"}) {
		t.Errorf("the redactor is given %q: texts from elsewhere, neither defaults nor numbers", kept)
	}
}

func TestASecretMayStandInAFile(t *testing.T) {
	got, kept := httpConfig(t, sinkWith("{url: https://a, token: file:/run/token}"), nil)
	if got.Token.Reveal() != "from-a-file" || !slices.Equal(kept, []string{"from-a-file"}) {
		t.Errorf("got %q, kept %q", got.Token.Reveal(), kept)
	}
}

func TestASecretOfTheFileItselfIsKeptFromTheLogsToo(t *testing.T) {
	if _, kept := httpConfig(t, sinkWith("{url: https://a, token: hunter2}"), nil); !slices.Equal(kept, []string{"hunter2"}) {
		t.Errorf("kept %q", kept)
	}
}

func TestAMissingVariableIsReportedAtItsPlace(t *testing.T) {
	_, found := load(t, sinkWith(`{url: "https://${HOST}/"}`), nil)
	want := "acktor.yaml:6:30: pipelines.a.sinks.out.http.url: the environment variable HOST is not set; set it, or give a default: ${HOST:-...}"
	if len(found) != 1 || found[0].String() != want {
		t.Errorf("got %s", rendered(t, found))
	}
}

// What came from the environment or a file must not show, whatever is wrong with it and whoever says so.
func TestNoDiagnosticShowsWhatCameFromElsewhere(t *testing.T) {
	const value = `s3cr"et value`
	tests := []string{
		`{url: "${X}"}`, // the connector itself complains and quotes it
		`{url: https://a, connect_timeout: "${X}"}`,
		`{url: https://a, max_connections: "1${X}"}`,
		`{url: https://a, share: "${X}"}`,
		`{url: https://a, success_when: "response.${X}"}`,
		`{url: "https://{{ ${X} }}"}`,
		`{url: https://a, token: "file:${X}"}`,
		`{url: https://a, tls: {insecure: "${X}"}}`,
		`{url: https://a, tls: "${X}"}`,
		`{url: https://a, tls: {cert: "${X}"}}`,
		`{url: https://a}
        queue: {on_full: "${X}"}`,
		`{url: https://a}
        retry: {retryable: ["${X}"]}`,
	}
	for _, keys := range tests {
		_, found := load(t, sinkWith(keys), map[string]string{"X": value})
		if !found.HasErrors() {
			t.Errorf("%s: no error", keys)
		}
		shown, err := json.Marshal(found)
		if err != nil {
			t.Fatal(err)
		}
		text := string(shown) + rendered(t, found) + fmt.Sprintf("%+v", found)
		if strings.Contains(text, "s3cr") {
			t.Errorf("%s: the value shows:\n%s", keys, text)
		}
	}
}
