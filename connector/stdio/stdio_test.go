package stdio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
	"github.com/acktor/acktor/field"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var plenty = connector.Credit{Records: 1000, Bytes: 1 << 20}

func setup(t *testing.T, reader io.Reader) connector.Source {
	t.Helper()
	source, err := NewSource(reader, field.Defaults[SourceConfig]())
	if err == nil {
		err = source.Open(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func want(t *testing.T, source connector.Source, lines ...string) []*connector.Record {
	t.Helper()
	var all []*connector.Record
	var got []string
	for len(all) < len(lines) {
		records, err := source.Read(t.Context(), plenty)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		for _, record := range records {
			got = append(got, string(record.Data))
		}
		all = append(all, records...)
	}
	if fmt.Sprint(got) != fmt.Sprint(lines) {
		t.Fatalf("read %q, want %q", got, lines)
	}
	return all
}

func TestStdinEndsAfterItsLastLine(t *testing.T) {
	source := setup(t, strings.NewReader("one\ntwo\nthree"))
	want(t, source, "one", "two", "three")
	for range 2 {
		if _, err := source.Read(t.Context(), plenty); err != connector.ErrEndOfSource {
			t.Errorf("%v, want the end", err)
		}
	}
}

func TestStdinHandsOverAgainWhatIsNotSettled(t *testing.T) {
	source := setup(t, strings.NewReader("1\n2\n3\n4\n"))
	records, err := source.Read(t.Context(), connector.Credit{Records: 3, Bytes: 1 << 20})
	if err != nil || len(records) != 3 {
		t.Fatal(records, err)
	}
	settle := func(record *connector.Record) {
		if err := source.Settle(t.Context(), []connector.Settled{{Record: record}}); err != nil {
			t.Fatal(err)
		}
	}
	settle(records[1])
	if err := errors.Join(source.Close(t.Context()), source.Open(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	settle(records[2])
	again := want(t, source, "1", "4")
	if again[0].ID != records[0].ID {
		t.Errorf("id %s, the first time %s", again[0].ID, records[0].ID)
	}
	settle(again[0])
	settle(again[0])
}

func TestStdinLosesNothingWhenAReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		source := setup(t, reader)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := source.Read(ctx, plenty); err != context.DeadlineExceeded {
			t.Fatalf("%v, want the deadline", err)
		}
		if err := errors.Join(source.Close(t.Context()), source.Open(t.Context(), nil)); err != nil {
			t.Fatal(err)
		}
		go func() {
			io.WriteString(writer, "late\n") //nolint:errcheck // a pipe
			writer.Close()                   //nolint:errcheck // a pipe
		}()
		want(t, source, "late")
		if _, err := source.Read(t.Context(), plenty); err != connector.ErrEndOfSource {
			t.Errorf("%v, want the end", err)
		}
	})
}

func TestStdinStopsAtALineThatIsTooLong(t *testing.T) {
	source, err := NewSource(strings.NewReader("ok\nmuch too long\n"), SourceConfig{Format: lines.Lines, MaxLine: 5})
	if err != nil {
		t.Fatal(err)
	}
	want(t, source, "ok")
	_, err = source.Read(t.Context(), plenty)
	if _, permanent := errors.AsType[*connector.PermanentError](err); !permanent {
		t.Errorf("%v, want a PermanentError", err)
	}
}

func records(data ...string) []*connector.Record {
	all := make([]*connector.Record, len(data))
	for i := range data {
		all[i] = &connector.Record{ID: "1", Data: []byte(data[i])}
	}
	return all
}

func TestStdoutWritesEachBatchAtOnce(t *testing.T) {
	var text bytes.Buffer
	writes := 0
	sink := NewSink(writerFunc(func(p []byte) (int, error) { writes++; return text.Write(p) }), SinkConfig{Format: lines.Lines})
	results := sink.Write(t.Context(), records("one", "two\nlines", "three"))
	if results[0].Err != nil || connector.Classify(results[1].Err).Class != connector.Invalid || results[2].Err != nil {
		t.Errorf("results %+v, want the second alone to be invalid", results)
	}
	if text.String() != "one\nthree\n" || writes != 1 {
		t.Errorf("%q in %d writes", text.String(), writes)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestStdoutThatFailsIsUnavailable(t *testing.T) {
	sink := NewSink(writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }), SinkConfig{Format: lines.Lines})
	results := sink.Write(t.Context(), records("a", "b"))
	attempt := connector.Classify(results[1].Err)
	if len(results) != 2 || attempt.Class != connector.Unavailable || !attempt.Ambiguous {
		t.Errorf("%+v", attempt)
	}
}

func TestStdoutThatNobodyReadsDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		sink := NewSink(writer, SinkConfig{Format: lines.Lines})
		for i, ambiguous := range []bool{true, false} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			results := sink.Write(ctx, records(fmt.Sprint(i)))
			cancel()
			attempt := connector.Classify(results[0].Err)
			if attempt.Class != connector.Timeout || attempt.Ambiguous != ambiguous {
				t.Errorf("write %d: %+v, want a timeout, ambiguous %t", i, attempt, ambiguous)
			}
		}
		read := make(chan string)
		go func() { text, _ := io.ReadAll(reader); read <- string(text) }()
		if results := sink.Write(t.Context(), records("last")); results != nil {
			t.Errorf("%+v", results)
		}
		writer.Close() //nolint:errcheck // a pipe
		if text := <-read; text != "0\nlast\n" {
			t.Errorf("read %q", text)
		}
	})
}
