package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ce "github.com/cloudevents/sdk-go/v2/event"
	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

// eventText draws Strings of CloudEvents.
func eventText(min int) *rapid.Generator[string] {
	return rapid.StringN(min, 20, -1).Filter(validText)
}

// eventRecord draws records that stand for CloudEvents, as a source would make them.
func eventRecord() *rapid.Generator[*connector.Record] {
	return rapid.Custom(func(t *rapid.T) *connector.Record {
		id := eventText(1).Draw(t, "id")
		record := &connector.Record{ID: connector.RecordID(id)}
		record.Headers = connector.Headers{
			{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-id", Value: id},
			{Name: "ce-type", Value: eventText(1).Draw(t, "type")},
			{Name: "ce-source", Value: rapid.SampledFrom([]string{"/", "urn:x:y", "https://h/p?q#f", "ä b"}).Draw(t, "source")},
		}
		if rapid.Bool().Draw(t, "timed") {
			record.Time = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "time"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")).UTC()
			record.Headers.Add("ce-time", record.Time.Format(time.RFC3339Nano))
		}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`x[a-z0-9]{0,8}`), 0, 3, rapid.ID).Draw(t, "extensions")
		for _, name := range names {
			record.Headers.Add("ce-"+name, eventText(0).Draw(t, "value"))
		}
		contentType := rapid.SampledFrom([]string{"", "application/json", "text/json; charset=utf-8", "application/x+json", "text/plain", "image/png"}).Draw(t, "content type")
		if contentType != "" {
			record.Headers.Add("content-type", contentType)
		}
		record.Data = rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 20),
			rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
			rapid.SampledFrom([][]byte{nil, []byte(`{"a": [1.0, 1e99, "\u0000"], "a": null}`), []byte(`"text"`), []byte(`null`), []byte("12"), []byte("{"), []byte("\"\xff\"")}),
		).Draw(t, "data")
		return record
	})
}

func sameEvent(t *rapid.T, got event, want *connector.Record) {
	t.Helper()
	byName := func(a, b connector.Header) int { return strings.Compare(a.Name, b.Name) }
	gotHeaders, wantHeaders := slices.Clone(got.headers), slices.Clone(want.Headers)
	slices.SortFunc(gotHeaders, byName)
	slices.SortFunc(wantHeaders, byName)
	if got.id != string(want.ID) || !got.time.Equal(want.Time) || !slices.Equal(gotHeaders, wantHeaders) {
		t.Fatalf("got %q %v %q, want %q %v %q", got.id, got.time, gotHeaders, want.ID, want.Time, wantHeaders)
	}
	data := want.Data
	if json.Valid(data) && jsonContent(want.Headers.Get("content-type")) {
		data = bytes.Trim(data, " \t\r\n") // around JSON it means nothing
	}
	if !bytes.Equal(got.data, data) || (got.data == nil) != (want.Data == nil) {
		t.Fatalf("data %q, want %q", got.data, data)
	}
}

func TestRecordSurvivesTheStructuredMode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := eventRecord().Draw(t, "record")
		body, err := encodeStructured(record)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeStructured(body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		sameEvent(t, got, record)
	})
}

func TestRecordsSurviveTheBatchMode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(eventRecord(), 0, 4).Draw(t, "records")
		body, err := encodeBatch(records)
		if err != nil {
			t.Fatal(err)
		}
		events, err := decodeBatch(body, 4)
		if err != nil || len(events) != len(records) {
			t.Fatalf("%s: %d events, %v", body, len(events), err)
		}
		for i := range events {
			sameEvent(t, events[i], records[i])
		}
	})
}

func TestRecordSurvivesTheBinaryMode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := eventRecord().Draw(t, "record")
		headers, err := binaryHeaders(record)
		if err != nil {
			t.Fatal(err)
		}
		for _, header := range headers {
			if header.Name != "content-type" && strings.ContainsFunc(header.Value, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Fatalf("%q cannot be a header", header.Value)
			}
		}
		got, err := decodeBinary(headers, record.Data)
		if err != nil {
			t.Fatalf("%q: %v", headers, err)
		}
		sameEvent(t, got, record)
	})
}

// The SDK of the CloudEvents project must read what is written here.
func TestStructuredEventIsReadByOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := eventRecord().Filter(func(record *connector.Record) bool {
			return record.Headers.Get("content-type") != "application/x+json" // which the SDK does not take for JSON
		}).Draw(t, "record")
		body, err := encodeStructured(record)
		if err != nil {
			t.Fatal(err)
		}
		var read ce.Event
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if strings.TrimSpace(read.ID()) == "" || strings.TrimSpace(read.Type()) == "" {
			return // the SDK wants more than the specification does
		}
		if err := read.Validate(); err != nil || read.ID() != string(record.ID) || read.Type() != record.Headers.Get("ce-type") {
			t.Fatalf("%s: read as %v (%v)", body, read, err)
		}
	})
}

func TestPlainRecordBecomesAnEvent(t *testing.T) {
	record := &connector.Record{
		ID: "7", Key: "k", Data: []byte("hé"), Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600)),
		Headers: connector.Headers{{Name: "content-type", Value: "text/plain"}, {Name: "x-b", Value: "no attribute"}, {Name: "ce-id", Value: "not a claim"}},
	}
	body, err := encodeStructured(record)
	want := `{"specversion":"1.0","id":"7","type":"acktor.record","source":"urn:acktor","time":"2026-01-02T02:04:05.000006Z",` +
		`"partitionkey":"k","datacontenttype":"text/plain","data":"hé"}`
	if err != nil || string(body) != want {
		t.Errorf("%s\nwant %s (%v)", body, want, err)
	}
	headers, err := binaryHeaders(record)
	if err != nil || headers.Get("ce-type") != "acktor.record" || headers.Get("ce-id") != "7" || headers.Get("content-type") != "text/plain" || headers.Has("x-b") {
		t.Errorf("%v (%v)", headers, err)
	}
}

func TestEventWithoutAllAttributesIsCompleted(t *testing.T) {
	record := &connector.Record{ID: "9", Headers: connector.Headers{{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-id", Value: "8"}, {Name: "ce-type", Value: "t"}}}
	body, err := encodeStructured(record)
	if want := `{"specversion":"1.0","id":"9","type":"t","source":"urn:acktor"}`; err != nil || string(body) != want {
		t.Errorf("%s, want %s (%v)", body, want, err)
	}
}

func TestRecordThatCannotBeAnEventIsAnError(t *testing.T) {
	for _, headers := range []connector.Headers{
		{{Name: "ce-specversion", Value: "0.3"}},
		{{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-a_b", Value: ""}},
		{{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-subject", Value: "a\r\nb"}},
		{{Name: "content-type", Value: "no/media/type"}},
	} {
		_, err := encodeBatch([]*connector.Record{{ID: "1", Headers: headers}})
		if _, breach := errors.AsType[*eventError](err); !breach {
			t.Errorf("%v: %v", headers, err)
		}
		if _, err := binaryHeaders(&connector.Record{ID: "1", Headers: headers}); err == nil {
			t.Errorf("%v: no error", headers)
		}
	}
}

const required = `"specversion":"1.0","id":"1","type":"t","source":"/s"`

func TestBrokenEventNamesTheAttribute(t *testing.T) {
	for body, attribute := range map[string]string{
		`{"id":"1","type":"t","source":"/s"}`:                      "specversion",
		`{"specversion":"0.3","id":"1","type":"t","source":"/s"}`:  "specversion",
		`{"specversion":"1.0","type":"t","source":"/s"}`:           "id",
		`{"specversion":"1.0","id":"","type":"t","source":"/s"}`:   "id",
		`{"specversion":"1.0","id":"1","source":"/s"}`:             "type",
		`{"specversion":"1.0","id":"1","type":null,"source":"/s"}`: "type",
		`{"specversion":"1.0","id":"1","type":"t"}`:                "source",
		`{"specversion":"1.0","id":"1","type":"t","source":":"}`:   "source",
		`{` + required + `,"id":"2"}`:                              "id",
		`{` + required + `,"time":"yesterday"}`:                    "time",
		`{` + required + `,"subject":""}`:                          "subject",
		`{` + required + `,"subject":"a\r\nX-Evil: 1"}`:            "subject",
		`{` + required + `,"dataschema":"relative"}`:               "dataschema",
		`{` + required + `,"datacontenttype":"a/b/c"}`:             "datacontenttype",
		`{` + required + `,"Upper":"x"}`:                           "Upper",
		`{` + required + `,"a-b":"x"}`:                             "a-b",
		`{` + required + `,"":"x"}`:                                "",
		`{` + required + `,"n":1.5}`:                               "n",
		`{` + required + `,"n":2147483648}`:                        "n",
		`{` + required + `,"n":{}}`:                                "n",
		`{` + required + `,"data":1,"data":2}`:                     "data",
		`{` + required + `,"data":1,"data_base64":"AA=="}`:         "data_base64",
		`{` + required + `,"data_base64":"?"}`:                     "data_base64",
		`{` + required + `,"data_base64":1}`:                       "data_base64",
		`{` + required + `,"datacontenttype":"text/x","data":{}}`:  "data",
		`{` + required + `}{}`:                                     "",
		`{` + required:                                             "",
		`[{` + required + `}]`:                                     "",
		`{` + required + `,"s":"` + "\xff" + `"}`:                  "",
		``: "",
	} {
		_, err := decodeStructured([]byte(body))
		breach, ok := errors.AsType[*eventError](err)
		if !ok || breach.Attribute != attribute {
			t.Errorf("%s: %v, want one that names %q", body, err, attribute)
		}
	}
}

func TestBrokenBinaryEventNamesTheAttribute(t *testing.T) {
	for _, c := range []struct {
		attribute string
		extra     connector.Headers
	}{
		{"", nil},
		{"subject", connector.Headers{{Name: "ce-subject", Value: "50%"}}},
		{"subject", connector.Headers{{Name: "ce-subject", Value: "%zz"}}},
		{"subject", connector.Headers{{Name: "ce-subject", Value: "a%0D%0Ab"}}},
		{"subject", connector.Headers{{Name: "ce-subject", Value: "%FF"}}},
		{"id", connector.Headers{{Name: "ce-id", Value: "2"}}},
		{"a-b", connector.Headers{{Name: "ce-a-b", Value: "2"}}},
		{"data", connector.Headers{{Name: "ce-data", Value: "2"}}},
		{"datacontenttype", connector.Headers{{Name: "ce-datacontenttype", Value: "text/plain"}}},
	} {
		headers := append(connector.Headers{
			{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-id", Value: "1"},
			{Name: "ce-type", Value: "t"}, {Name: "ce-source", Value: "/s"},
		}, c.extra...)
		_, err := decodeBinary(headers, nil)
		breach, _ := errors.AsType[*eventError](err)
		if (c.attribute == "") != (err == nil) || breach != nil && breach.Attribute != c.attribute {
			t.Errorf("%v: %v, want one that names %q", c.extra, err, c.attribute)
		}
	}
}

func TestHeaderValuesAreDecodedOnce(t *testing.T) {
	for value, want := range map[string]string{
		"Euro%20%E2%82%AC%20%F0%9F%98%80": "Euro € 😀",
		"%2520":                           "%20",
		`"quoted \"text\" %21"`:           `quoted "text" !`,
		`"`:                               `"`,
		"":                                "",
	} {
		if got, err := decodeHeader(value); err != nil || got != want {
			t.Errorf("%q: %q, want %q (%v)", value, got, want, err)
		}
	}
}

func TestBatchIsBounded(t *testing.T) {
	body := `[{` + required + `},{` + required + `},{` + required + `}]`
	if _, err := decodeBatch([]byte(body), 2); !errors.Is(err, errTooManyEvents) {
		t.Errorf("error %v", err)
	}
	if events, err := decodeBatch([]byte(body), 3); err != nil || len(events) != 3 {
		t.Errorf("%d events, %v", len(events), err)
	}
	_, err := decodeBatch([]byte(`[{`+required+`},{}]`), 3)
	if breach, ok := errors.AsType[*eventError](err); !ok || !strings.Contains(breach.Text, "event 2") {
		t.Errorf("error %v", err)
	}
}

func TestExtensionsOfAllTypesAreRead(t *testing.T) {
	e, err := decodeStructured([]byte(`{` + required + `,"b":true,"n":-0,"i":-2147483648,"absent":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.headers[4:]); got != "[{ce-b true} {ce-n 0} {ce-i -2147483648}]" {
		t.Errorf("headers %s", got)
	}
}

func FuzzStructured(f *testing.F) {
	f.Add([]byte(`{` + required + `,"data":{"a":1}}`))
	f.Add([]byte(`{` + required + `,"datacontenttype":"text/plain","data":"\u00e9"}`))
	f.Add([]byte(`{` + required + `,"data_base64":"AAEC","time":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"specversion":"1.0",}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if e, err := decodeStructured(body); err == nil {
			encodesBack(t, e)
		}
	})
}

func FuzzBatch(f *testing.F) {
	f.Add([]byte(`[]`))
	f.Add([]byte(`[{` + required + `},{` + required + `,"data":null}]`))
	f.Add([]byte(`[{` + required + `},]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := decodeBatch(body, 10)
		if len(events) > 10 {
			t.Fatalf("%d events", len(events))
		}
		for i := range events {
			if err == nil {
				encodesBack(t, events[i])
			}
		}
	})
}

func FuzzBinary(f *testing.F) {
	f.Add("subject", "a%20b", "text/plain", []byte("x"))
	f.Add("time", "2026-01-01T00:00:00Z", "", []byte(nil))
	f.Add("x", `"q\"%`, "application/json", []byte(`{}`))
	f.Fuzz(func(t *testing.T, name, value, contentType string, data []byte) {
		headers := connector.Headers{
			{Name: "ce-specversion", Value: "1.0"}, {Name: "ce-id", Value: "1"}, {Name: "ce-type", Value: "t"},
			{Name: "ce-source", Value: "/s"}, {Name: "ce-" + name, Value: value}, {Name: "content-type", Value: contentType},
		}
		if e, err := decodeBinary(headers, data); err == nil {
			encodesBack(t, e)
		}
	})
}

// encodesBack checks that what was read can be written, and read again to the same.
func encodesBack(t *testing.T, e event) {
	t.Helper()
	body, err := encodeStructured(&connector.Record{ID: connector.RecordID(e.id), Headers: e.headers, Data: e.data})
	if err != nil {
		t.Fatal(err)
	}
	again, err := decodeStructured(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	data := e.data
	if json.Valid(data) && jsonContent(e.headers.Get("content-type")) {
		data = bytes.Trim(data, " \t\r\n")
	}
	if again.id != e.id || !bytes.Equal(again.data, data) {
		t.Fatalf("%s: read as %+v, was %+v", body, again, e)
	}
}

func TestAttributeThatIsThereTwiceIsFoundAmongMany(t *testing.T) {
	for _, count := range []int{1, fewAttributes, 10 * fewAttributes} {
		var extensions strings.Builder
		for i := range count {
			fmt.Fprintf(&extensions, `,"x%d":"1"`, i)
		}
		body := `{` + required + extensions.String()
		if _, err := decodeStructured([]byte(body + `}`)); err != nil {
			t.Errorf("%d: %v", count, err)
		}
		_, err := decodeStructured([]byte(body + `,"x0":"2"}`))
		if breach, ok := errors.AsType[*eventError](err); !ok || breach.Attribute != "x0" {
			t.Errorf("%d: %v", count, err)
		}
	}
}
