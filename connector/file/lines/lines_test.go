package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

// split feeds text to a splitter in blocks of the given size, and takes the records out as credit allows.
func split(t rapid.TB, s *Splitter, text string, block int, credit connector.Credit) []*connector.Record {
	t.Helper()
	stamp := &Stamp{Prefix: "p-", Partition: "here", Token: "token"}
	var all []*connector.Record
	take := func(atEnd bool) {
		for {
			records, err := s.Records(credit, atEnd, stamp)
			if err != nil {
				t.Fatal(err)
			}
			if len(records) == 0 {
				return
			}
			if len(records) > credit.Records {
				t.Fatalf("%d records for a credit of %d", len(records), credit.Records)
			}
			all = append(all, records...)
		}
	}
	for len(text) > 0 {
		n := copy(s.Space(), text[:min(block, len(text))])
		s.Fill(n)
		text = text[n:]
		take(false)
	}
	take(true)
	return all
}

func data(records []*connector.Record) []string {
	all := []string{}
	for _, record := range records {
		all = append(all, string(record.Data))
	}
	return all
}

func TestLinesAreCutLikeThis(t *testing.T) {
	for _, c := range []struct {
		format Format
		text   string
		want   []string
	}{
		{Lines, "", []string{}},
		{Lines, "a\nb\n", []string{"a", "b"}},
		{Lines, "a\nb", []string{"a", "b"}},
		{Lines, "a\r\nb\r\n", []string{"a", "b"}},
		{Lines, "\n\nx\n", []string{"", "", "x"}},
		{NDJSON, "\n{}\n \r\n\n[]\n\n", []string{"{}", "[]"}},
		{NDJSON, "not json\n", []string{"not json"}},
		{Lines, "a\rb\n", []string{"a\rb"}},
	} {
		for _, block := range []int{1, 2, 1000} {
			got := data(split(t, NewSplitter(c.format, 100), c.text, block, connector.Credit{Records: 2, Bytes: 1 << 20}))
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s %q in blocks of %d: %q, want %q", c.format, c.text, block, got, c.want)
			}
		}
	}
}

func TestAnyTextIsCutAsStringsSplitDoesAndPositionsLeadOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'b', '\n'}), 0, 2000, -1).Draw(t, "text")
		block := rapid.IntRange(1, 300).Draw(t, "block")
		credit := connector.Credit{Records: rapid.IntRange(1, 20).Draw(t, "records"), Bytes: rapid.IntRange(1, 5000).Draw(t, "bytes")}
		records := split(t, NewSplitter(Lines, 3000), text, block, credit)
		want := strings.Split(text, "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		if fmt.Sprint(data(records)) != fmt.Sprint(want) {
			t.Fatalf("got %q, want %q", data(records), want)
		}
		for i, record := range records {
			begin := len(strings.Join(want[:i], "\n")) + min(i, 1)
			offset := int64(min(begin+len(want[i])+1, len(text)))
			if record.Position != (connector.Position{Partition: "here", Offset: offset, Token: "token"}) {
				t.Fatalf("record %d: position %+v, want offset %d", i, record.Position, offset)
			}
			if want := connector.RecordID(fmt.Sprintf("p-%d", begin)); record.ID != want {
				t.Fatalf("record %d: id %q, want %q", i, record.ID, want)
			}
		}
	})
}

func TestABatchKeepsToTheCreditInBytesUnlessOneRecordIsLarger(t *testing.T) {
	s := NewSplitter(Lines, 1000)
	s.Fill(copy(s.Space(), strings.Repeat("0123456789\n", 100)))
	stamp := &Stamp{Prefix: "p-"}
	one, err := s.Records(connector.Credit{Records: 10, Bytes: 1}, false, stamp)
	if err != nil || len(one) != 1 {
		t.Fatalf("%d records, %v; want the one that is too large", len(one), err)
	}
	few, err := s.Records(connector.Credit{Records: 100, Bytes: 5*one[0].Size() + 50}, false, stamp)
	if err != nil || len(few) != 5 {
		t.Fatalf("%d records, %v; want 5", len(few), err)
	}
	if !few[0].Position.IsZero() {
		t.Errorf("position %+v without a partition", few[0].Position)
	}
}

func TestALineThatIsTooLongIsAnErrorAfterTheRecordsBeforeIt(t *testing.T) {
	for _, text := range []string{"ok\n" + strings.Repeat("x", 11) + "\nlater\n", "ok\n" + strings.Repeat("x", 12)} {
		s := NewSplitter(Lines, 10)
		s.Fill(copy(s.Space(), text))
		records, err := s.Records(connector.Credit{Records: 10, Bytes: 1000}, false, &Stamp{})
		if err != nil || len(records) != 1 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		_, err = s.Records(connector.Credit{Records: 10, Bytes: 1000}, false, &Stamp{})
		oversize, ok := errors.AsType[*OversizeError](err)
		if !ok || oversize.Offset != 3 {
			t.Errorf("%q: %v, want an OversizeError at byte 3", text, err)
		}
	}
}

func TestRecordsOwnTheirMemory(t *testing.T) {
	s := NewSplitter(Lines, 100)
	s.Fill(copy(s.Space(), "first\nsecond\n"))
	records, _ := s.Records(connector.Credit{Records: 10, Bytes: 1000}, false, &Stamp{Prefix: "p-"})
	s.Fill(copy(s.Space(), "XXXXXXXXXXXXXXXXX\n"))
	_ = append(records[0].Data, "overwritten"...)
	if got := data(records); got[0] != "first" || got[1] != "second" {
		t.Errorf("the data became %q", got)
	}
}

// A destination that is down keeps a few records of many batches waiting. They must not keep the batches in memory.
func TestARecordThatWaitsKeepsItsNeighboursInMemoryAtMost(t *testing.T) {
	const batches, size = 50, 1000
	s := NewSplitter(Lines, size)
	text := strings.Repeat(strings.Repeat("x", size-1)+"\n", maxBatch)
	var waiting []*connector.Record
	before := heap()
	for range batches {
		for taken := 0; taken < maxBatch; {
			s.Fill(copy(s.Space(), text[int(s.Filled()%int64(len(text))):]))
			records, err := s.Records(connector.Credit{Records: maxBatch, Bytes: 1 << 30}, false, &Stamp{Prefix: "p-"})
			if err != nil {
				t.Fatal(err)
			}
			if taken == 0 {
				waiting = append(waiting, records[len(records)/2])
			}
			taken += len(records)
		}
	}
	// 4 KiB of data, 8 records with their ids, and what the splitter itself holds.
	if held, most := heap()-before, uint64(batches*(groupBytes+8*250)+2*firstBlock); held > most {
		t.Errorf("%d records that wait hold %d bytes, want %d at most", len(waiting), held, most)
	}
	runtime.KeepAlive(waiting)
	runtime.KeepAlive(s)
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestFormatsWriteOneLine(t *testing.T) {
	for _, c := range []struct {
		format Format
		data   string
		want   string // empty: refused as invalid
	}{
		{Lines, "plain", "plain\n"},
		{Lines, "", "\n"},
		{Lines, "ends\n", "ends\n"},
		{Lines, "two\nlines", ""},
		{NDJSON, `{"a": 1}`, "{\"a\": 1}\n"},
		{NDJSON, "{\n \"a\": 1\r\n}", "{\"a\":1}\n"},
		{NDJSON, "no", ""},
		{NDJSON, "", ""},
		{Envelope, `{"a": "<"}`, `{"id":"1","data":{"a":"<"}}` + "\n"},
		{Envelope, "a\nb", `{"id":"1","text":"a\nb"}` + "\n"},
		{Envelope, "\xff", `{"id":"1","data_base64":"/w=="}` + "\n"},
	} {
		line, err := c.format.Append([]byte("before|"), &connector.Record{ID: "1", Data: []byte(c.data)})
		if string(line) != "before|"+c.want {
			t.Errorf("%s %q: wrote %q, want %q", c.format, c.data, line, c.want)
		}
		if c.want == "" && connector.Classify(err).Class != connector.Invalid {
			t.Errorf("%s %q: error %v, want class invalid", c.format, c.data, err)
		}
	}
}

func TestAnEnvelopeHoldsTheWholeRecord(t *testing.T) {
	record := &connector.Record{ID: "1", Key: "k", Data: []byte("{}"), Headers: connector.Headers{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}}
	line, err := Envelope.Append(nil, record)
	var e envelope
	if err != nil || json.Unmarshal(line, &e) != nil || bytes.Count(line, []byte{'\n'}) != 1 {
		t.Fatalf("%q, %v", line, err)
	}
	if e.Key != "k" || fmt.Sprint(e.Headers) != fmt.Sprint(record.Headers) {
		t.Errorf("%+v", e)
	}
}
