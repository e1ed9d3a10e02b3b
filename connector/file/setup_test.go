package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var plenty = connector.Credit{Records: 1000, Bytes: 1 << 20}

// sourceBench is a source over a file in a directory of its own.
type sourceBench struct {
	*testing.T
	path   string
	config SourceConfig
	connector.Source
}

func setupSource(t *testing.T, content string) *sourceBench {
	t.Helper()
	b := &sourceBench{T: t, path: filepath.Join(t.TempDir(), "in.log"), config: field.Defaults[SourceConfig]()}
	b.config.Path = b.path
	b.write(b.path, content)
	return b
}

// open makes a new source, as after a restart of the process.
func (b *sourceBench) open(from ...connector.Position) {
	b.Helper()
	source, err := NewSource(b.config, connector.Env{})
	if err == nil {
		err = source.Open(b.Context(), from)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Source = source
	b.Cleanup(func() { source.Close(b.Context()) }) //nolint:errcheck // closed twice at most
}

// take reads until it has count records.
func (b *sourceBench) take(count int) []*connector.Record {
	b.Helper()
	var all []*connector.Record
	for len(all) < count {
		records, err := b.Read(b.Context(), connector.Credit{Records: count - len(all), Bytes: 1 << 20})
		if err != nil {
			b.Fatalf("after %q: %v", texts(all), err)
		}
		all = append(all, records...)
	}
	return all
}

func (b *sourceBench) want(lines ...string) []*connector.Record {
	b.Helper()
	records := b.take(len(lines))
	if got := texts(records); fmt.Sprint(got) != fmt.Sprint(lines) {
		b.Fatalf("read %q, want %q", got, lines)
	}
	return records
}

func (b *sourceBench) wantEnd() {
	b.Helper()
	if records, err := b.Read(b.Context(), plenty); err != connector.ErrEndOfSource || len(records) > 0 {
		b.Fatalf("read %q, %v; want the end of the source", texts(records), err)
	}
}

func (b *sourceBench) write(path, content string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *sourceBench) add(path, content string) {
	b.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString(content)
		file.Close() //nolint:errcheck // the write counts
	}
	if err != nil {
		b.Fatal(err)
	}
}

func (b *sourceBench) rename(from, to string) {
	b.Helper()
	if err := os.Rename(from, to); err != nil {
		b.Fatal(err)
	}
}

func texts(records []*connector.Record) []string {
	all := []string{}
	for _, record := range records {
		all = append(all, string(record.Data))
	}
	return all
}

func template(t testing.TB, text string) (template expression.Template) {
	t.Helper()
	if err := template.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return template
}

func records(data ...string) []*connector.Record {
	all := make([]*connector.Record, len(data))
	for i := range data {
		all[i] = &connector.Record{ID: connector.RecordID(fmt.Sprint(i)), Data: []byte(data[i])}
	}
	return all
}

func content(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func linesOf(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
