package all

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/connectortest"
	"github.com/acktor/acktor/connector/discard"
	"github.com/acktor/acktor/connector/file"
	"github.com/acktor/acktor/connector/generate"
	"github.com/acktor/acktor/connector/stdio"
)

// The harnesses of the connectors that need no network.

func lines(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "{\"n\":%d}\n", i)
	}
	return text.String()
}

// contentOf returns the lines of the file at path.
func contentOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fileSource(definition *connector.SourceDefinition) connectortest.SourceHarness {
	return connectortest.SourceHarness{Resumes: true, New: func(t *testing.T, count int) *connectortest.SourceFixture {
		path := filepath.Join(t.TempDir(), "in.ndjson")
		must(t, os.WriteFile(path, []byte(lines(count)), 0o600))
		return &connectortest.SourceFixture{
			Source: newSource(t, definition, func(c *file.SourceConfig) { c.Path = path }),
			Break: func() func() {
				must(t, os.Rename(path, path+".away"))
				return func() { must(t, os.Rename(path+".away", path)) }
			},
		}
	}}
}

func fileSink(definition *connector.SinkDefinition) connectortest.SinkHarness {
	return connectortest.SinkHarness{New: func(t *testing.T) *connectortest.SinkFixture {
		directory := filepath.Join(t.TempDir(), "out")
		path := filepath.Join(directory, "a", "{{ record.headers.tenant }}.ndjson")
		return &connectortest.SinkFixture{
			Outlet:   newOutlet(t, definition, func(c *file.SinkConfig) { must(t, c.Path.UnmarshalText([]byte(path))) }),
			Received: func() []string { return contentOf(t, filepath.Join(directory, "a", "a.ndjson")) },
			Break: func() func() {
				must(t, os.WriteFile(directory, nil, 0o600)) // a file where the directory should be
				return func() { must(t, os.Remove(directory)) }
			},
		}
	}}
}

func generateSource(definition *connector.SourceDefinition) connectortest.SourceHarness {
	return connectortest.SourceHarness{Resumes: true, New: func(t *testing.T, count int) *connectortest.SourceFixture {
		return &connectortest.SourceFixture{
			Source: newSource(t, definition, func(c *generate.SourceConfig) { c.Count = int64(count) }),
		}
	}}
}

func stdinSource(definition *connector.SourceDefinition) connectortest.SourceHarness {
	return connectortest.SourceHarness{Redelivers: true, New: func(t *testing.T, count int) *connectortest.SourceFixture {
		reader, writer, err := os.Pipe()
		must(t, err)
		stdin := os.Stdin
		os.Stdin = reader
		source := newSource(t, definition, func(*stdio.SourceConfig) {})
		os.Stdin = stdin
		end := func() { writer.Close() } //nolint:errcheck // closed twice at most
		t.Cleanup(func() {
			end()
			io.Copy(io.Discard, reader) //nolint:errcheck // lets a blocked read end before
			reader.Close()              //nolint:errcheck // a pipe
		})
		return &connectortest.SourceFixture{
			Source: source,
			Opened: func() { _, err := io.WriteString(writer, lines(count)); must(t, err) },
			End:    end,
		}
	}}
}

func stdoutSink(definition *connector.SinkDefinition) connectortest.SinkHarness {
	return connectortest.SinkHarness{New: func(t *testing.T) *connectortest.SinkFixture {
		path := filepath.Join(t.TempDir(), "stdout")
		output, err := os.Create(path)
		must(t, err)
		t.Cleanup(func() { output.Close() }) //nolint:errcheck // every write was checked
		stdout := os.Stdout
		os.Stdout = output
		outlet := newOutlet(t, definition, func(*stdio.SinkConfig) {})
		os.Stdout = stdout
		return &connectortest.SinkFixture{Outlet: outlet, Received: func() []string { return contentOf(t, path) }}
	}}
}

func discardSink(definition *connector.SinkDefinition) connectortest.SinkHarness {
	return connectortest.SinkHarness{New: func(t *testing.T) *connectortest.SinkFixture {
		return &connectortest.SinkFixture{Outlet: newOutlet(t, definition, func(*discard.SinkConfig) {})}
	}}
}
