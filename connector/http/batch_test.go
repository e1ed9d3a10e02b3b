package http

import (
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

func batched(format string) func(*SinkConfig) {
	return func(c *SinkConfig) { c.BatchFormat = format }
}

func batchResults(text string) func(*SinkConfig) {
	return func(c *SinkConfig) { c.BatchResults = expression.Must[expression.ResponseValue](text) }
}

func numbered(n int) []*connector.Record {
	records := make([]*connector.Record, n)
	for i := range records {
		records[i] = record(fmt.Sprint(i), fmt.Sprintf(`{"n": %d}`, i))
	}
	return records
}

// classes lists the classes of results, 0 for delivered.
func classes(results []connector.Result) []connector.Class {
	list := make([]connector.Class, len(results))
	for i, result := range results {
		if result.Err != nil {
			list[i] = connector.Classify(result.Err).Class
		}
	}
	return list
}

func wantClasses(t *testing.T, results []connector.Result, want ...connector.Class) {
	t.Helper()
	if got := classes(results); !slices.Equal(got, want) {
		t.Errorf("classes are %v, want %v", got, want)
	}
}

func TestBatchGoesOutInItsForm(t *testing.T) {
	for _, c := range []struct{ format, contentType, body string }{
		{"json_array", "application/json", "[{\"n\": 0},{\"n\": \n1}]"},
		{"ndjson", "application/x-ndjson", "{\"n\": 0}\n{\"n\":1}\n"},
		{"cloudevents", "application/cloudevents-batch+json", `[{"specversion":"1.0","id":"0",`},
	} {
		peer := newPeer(t, nil)
		s := openSink(t, peer.URL, batched(c.format))
		records := []*connector.Record{record("0", `{"n": 0}`), record("bad", `{"n":`), record("1", "{\"n\": \n1}")}
		results := s.Write(t.Context(), records)
		if c.format != "cloudevents" { // where any data may stand
			wantClasses(t, results, 0, connector.Invalid, 0)
		}
		seen := peer.requests()
		if len(seen) != 1 || !strings.HasPrefix(seen[0].body, c.body) || seen[0].header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: the peer saw %+v", c.format, seen)
		}
	}
}

func TestBatchIsMadeOfTemplatesToo(t *testing.T) {
	peer := newPeer(t, nil)
	s := openSink(t, peer.URL, batched("json_array"), func(c *SinkConfig) { c.Body = template(`{"id": "{{ record.id }}"}`) })
	wantClasses(t, s.Write(t.Context(), numbered(2)), 0, 0)
	if seen := peer.requests(); len(seen) != 1 || seen[0].body != `[{"id": "0"},{"id": "1"}]` {
		t.Errorf("the peer saw %+v", seen)
	}
}

func TestOutletOfBatchesTakesMany(t *testing.T) {
	if got := outletOf(t, sinkConfig("http://x/", batched("ndjson"))).Batch; got != batchLimit {
		t.Errorf("Batch is %d", got)
	}
}

func TestKeyOfABatchDependsOnItsRecords(t *testing.T) {
	one, two := numbered(2), []*connector.Record{record("01", "")}
	if batchKey(one) != batchKey(numbered(2)) || batchKey(one) == batchKey(numbered(3)) || batchKey(two) != "01" {
		t.Error("keys are not what the records are")
	}
}

func TestEndpointJudgesEachRecord(t *testing.T) {
	const list = "response.json.items"
	for _, c := range []struct {
		status  int
		results string
		body    string
		want    []connector.Class
	}{
		{200, list, `{"items": [true, false, true]}`, []connector.Class{0, connector.Business, 0}},
		{207, list, `{"items": [201, 422, 503]}`, []connector.Class{0, connector.Rejected, connector.Unavailable}},
		{200, list, `{"items": [{"delivered": true}, {"delivered": false, "class": "throttled"}, {"status": 429, "detail": "slow"}]}`,
			[]connector.Class{0, connector.Throttled, connector.Throttled}},
		{200, list, `{"items": [{"status": 200, "class": "business"}, {"status": 200}, {"class": "rejected"}]}`,
			[]connector.Class{connector.Business, 0, connector.Rejected}},
		{400, list, `{"items": [true, true, false]}`, []connector.Class{0, 0, connector.Business}},
		{200, `map(response.json.items, {{status: #.index.status}})`, `{"items": [{"index": {"status": 200}}, {"index": {"status": 409}}, {"index": {"status": 200}}]}`,
			[]connector.Class{0, connector.Rejected, 0}},
		{200, list, `{"items": [null, {}, {"class": "nonsense"}]}`, []connector.Class{connector.Parse, connector.Parse, connector.Parse}},
		{200, list, `{"items": [true, true]}`, []connector.Class{connector.Parse, connector.Parse, connector.Parse}},
		{200, list, `{"items": true}`, []connector.Class{connector.Parse, connector.Parse, connector.Parse}},
		{200, list, `no JSON`, []connector.Class{connector.Parse, connector.Parse, connector.Parse}},
		{503, list, `no JSON`, []connector.Class{connector.Unavailable, connector.Unavailable, connector.Unavailable}},
	} {
		peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		s := openSink(t, peer.URL, batched("json_array"), batchResults(c.results))
		wantClasses(t, s.Write(t.Context(), numbered(3)), c.want...)
		if got := len(peer.requests()); got != 1 {
			t.Errorf("%s: the peer saw %d requests", c.body, got)
		}
	}
}

// picky answers with status to a batch that holds a poisoned record, and keeps the others.
type picky struct {
	*peer
	mu    sync.Mutex
	taken []int
}

func newPicky(t *testing.T, status int) *picky {
	p := &picky{}
	p.peer = newPeer(t, nil)
	p.Config.Handler = nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		var batch []struct {
			N      int
			Poison bool
		}
		_ = json.NewDecoder(r.Body).Decode(&batch)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen = append(p.seen, request{body: fmt.Sprint(len(batch))})
		var taken []int
		for _, element := range batch {
			if element.Poison {
				w.WriteHeader(status)
				return
			}
			taken = append(taken, element.N)
		}
		p.taken = append(p.taken, taken...)
	})
	return p
}

func TestBatchThatIsRefusedIsDividedUntilTheFaultStandsAlone(t *testing.T) {
	for _, status := range []int{400, 409, 413, 422} {
		peer := newPicky(t, status)
		s := openSink(t, peer.URL, batched("json_array"))
		records := numbered(16)
		records[5].Data = []byte(`{"poison": true}`)
		want := make([]connector.Class, 16)
		want[5] = connector.Rejected
		wantClasses(t, s.Write(t.Context(), records), want...)
		if len(peer.taken) != 15 || !slices.IsSorted(peer.taken) || len(peer.requests()) != 9 {
			t.Errorf("status %d: %d requests, taken %v", status, len(peer.requests()), peer.taken)
		}
	}
}

func TestBatchThatIsRefusedForAnotherReasonIsNotDivided(t *testing.T) {
	for _, status := range []int{401, 403, 404, 429, 503} {
		peer := newPicky(t, status)
		records := numbered(4)
		records[0].Data = []byte(`{"poison": true}`)
		s := openSink(t, peer.URL, batched("json_array"))
		s.Write(t.Context(), records)
		s.Write(t.Context(), records)
		if got := len(peer.requests()); got != 2 {
			t.Errorf("status %d: %d requests, want 2", status, got)
		}
	}
}

func TestRecordThatBreaksThePeerDoesNotTakeTheOthersWithItForEver(t *testing.T) {
	peer := newPicky(t, 500)
	s := openSink(t, peer.URL, batched("json_array"))
	records := numbered(8)
	records[3].Data = []byte(`{"poison": true}`)
	for attempt := 1; len(records) > 1; attempt++ {
		if attempt > 4 {
			t.Fatalf("%d records are left after 4 attempts", len(records))
		}
		var rest []*connector.Record
		for i, result := range s.Write(t.Context(), records) {
			if result.Err != nil {
				wantFailure(t, result, connector.Unavailable, true)
				rest = append(rest, records[i])
			}
		}
		records = rest
	}
	if len(peer.taken) != 7 || records[0].ID != "3" {
		t.Errorf("taken %v, left %v", peer.taken, records[0].ID)
	}
}

func TestRecordsThatGoElsewhereGoInAnotherBatch(t *testing.T) {
	peer := newPeer(t, nil)
	s := openSink(t, peer.URL+"/{{ record.key }}", batched("json_array"), headers("X-Tenant", "{{ record.headers.tenant }}"))
	records := numbered(6)
	for i, r := range records {
		r.Key = []string{"a", "b"}[i%2]
		r.Headers.Add("tenant", []string{"x", "x", "y"}[i%3])
	}
	wantClasses(t, s.Write(t.Context(), records), 0, 0, 0, 0, 0, 0)
	var got []string
	for _, r := range peer.requests() {
		got = append(got, r.url+" "+r.header.Get("X-Tenant")+" "+r.body)
	}
	slices.Sort(got)
	want := []string{`/a x [{"n": 0},{"n": 4}]`, `/a y [{"n": 2}]`, `/b x [{"n": 1},{"n": 3}]`, `/b y [{"n": 5}]`}
	if !slices.Equal(got, want) {
		t.Errorf("the peer saw %q, want %q", got, want)
	}
}

func TestBatchLeavesOutWhatWasDelivered(t *testing.T) {
	peer := newPicky(t, 422)
	s := openSink(t, peer.URL, batched("json_array"), func(c *SinkConfig) {
		c.OutcomeCache = &SinkOutcomeCache{TTL: 1 << 40, Entries: 10, Bytes: 1 << 20}
	})
	records := numbered(3)
	wantClasses(t, s.Write(t.Context(), records[:2]), 0, 0)
	wantClasses(t, s.Write(t.Context(), records), 0, 0, 0)
	if !slices.Equal(peer.taken, []int{0, 1, 2}) {
		t.Errorf("taken %v", peer.taken)
	}
}

func FuzzBothWaysToCheckJSONAgree(f *testing.F) {
	for _, text := range []string{"", "{}", "[1, 2.5e-3, null, true]", `{"a": "\u00e4\ud800", "b": "\x7f"}`, "\"\x01\"", "\"\xff\"", "01", "-", "1.", "[", "{\"a\" 1}", " {} x", "nul", "\ufeff1"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := gjson.ValidBytes(text), json.Valid(text); got != want {
			t.Errorf("%q is valid: %t, by the standard library %t", text, got, want)
		}
	})
}
