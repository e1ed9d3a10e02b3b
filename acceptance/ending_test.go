package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

const endingDocument = `
pipelines:
  file:
    source:
      file: {path: <path>, format: ndjson}
    sinks:
      peer:
        http: {url: <peer>}
        retry: {initial: 1ms, max: 5ms}
        breaker: {enabled: false}
`

func TestPipelineEndsOnlyWhenEveryRetryIsThrough(t *testing.T) {
	t.Parallel()
	p := newPeer(t, func(w http.ResponseWriter, s seen, before int) {
		if lineNumber(t, s)%10 == 0 && before == 0 {
			w.WriteHeader(500)
		}
	})
	r := start(t, endingDocument, "path", fileOfLines(t), "peer", p.URL)
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	status := r.status()
	if status.State != "ended" || status.Read != linesInFile || status.Delivered != linesInFile || status.Failed != 0 || len(status.Failures) != 0 {
		t.Errorf("at the end the pipeline says %+v", status)
	}
	arrived := make(map[int]bool)
	for _, s := range p.requests() {
		if n := lineNumber(t, s); n%10 != 0 || p.attempts(s.id) == 2 {
			arrived[n] = true
		}
	}
	if got, want := p.total(), linesInFile+linesInFile/10; got != want || len(arrived) != linesInFile {
		t.Errorf("the peer has %d of %d lines from %d requests, want %d requests", len(arrived), linesInFile, got, want)
	}
}

func TestPipelineThatEndsNamesTheRecordsThatFailed(t *testing.T) {
	t.Parallel()
	const bad = 7
	p := newPeer(t, func(w http.ResponseWriter, s seen, before int) {
		switch n := lineNumber(t, s); {
		case n%(linesInFile/bad) == 1:
			w.WriteHeader(422)
		case n%10 == 0 && before == 0:
			w.WriteHeader(503)
		}
	})
	r := start(t, endingDocument, "path", fileOfLines(t), "peer", p.URL)
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused := make(map[connector.RecordID]bool)
	for _, s := range p.requests() {
		if lineNumber(t, s)%(linesInFile/bad) == 1 {
			refused[connector.RecordID(s.id)] = true
		}
	}
	status := r.status()
	if int(status.Failed) != len(refused) || len(refused) < bad || status.Delivered+status.Failed != linesInFile {
		t.Errorf("%d delivered and %d failed, want %d failed", status.Delivered, status.Failed, len(refused))
	}
	for _, failure := range status.Failures {
		if !refused[failure.ID] || failure.Class != "rejected" || failure.Status != 422 || failure.Attempts != 1 {
			t.Errorf("named is %+v", failure)
		}
		delete(refused, failure.ID)
	}
	if len(refused) != 0 {
		t.Errorf("not named are %v", refused)
	}
}

// fileOfLines is a file of linesInFile JSON objects.
func fileOfLines(t *testing.T) (path string) {
	t.Helper()
	var text strings.Builder
	for n := range linesInFile {
		fmt.Fprintf(&text, "{\"n\":%d}\n", n)
	}
	path = filepath.Join(t.TempDir(), "in.ndjson")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func lineNumber(t *testing.T, s seen) int {
	var line struct{ N int }
	if err := json.Unmarshal([]byte(s.body), &line); err != nil {
		t.Errorf("%q: %v", s.body, err)
	}
	return line.N
}
