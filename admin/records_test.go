package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// began is when everything in a filled store happened.
var began = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

const (
	body   = "the body of a record"
	reply  = "the body of a response"
	header = "the value of a header"
)

func failure(class connector.Class, status int) *connector.Failure {
	return &connector.Failure{Class: class, Retryable: class.Retryable(), Status: status, Detail: "no capacity"}
}

func failed(sink string, class connector.Class, status int) *connector.Outcome {
	return &connector.Outcome{
		State: connector.Failed, Sink: sink, Destination: "crm.example:443", Attempts: 2, First: began, Last: began.Add(time.Second),
		Failure: failure(class, status), DeadLettered: true,
		Response: &connector.Response{Status: status, Body: []byte(reply), Headers: connector.Headers{{Name: "set-cookie", Value: reply}}},
		Trail: []connector.Attempt{
			{N: 1, At: began, Took: 12 * time.Millisecond, Failure: failure(connector.Timeout, 0), Wait: time.Second},
			{N: 2, At: began.Add(time.Second), Took: 5 * time.Millisecond, Failure: failure(class, status)},
		},
	}
}

func letter(pipeline, sink string, id connector.RecordID, class connector.Class, after time.Duration) *store.Letter {
	return &store.Letter{
		Pipeline: pipeline, Sink: sink, Destination: "crm.example:443", Class: class, At: began.Add(after), Outcome: failed(sink, class, 503),
		Record: &connector.Record{ID: id, Key: "k", Data: []byte(body), Headers: connector.Headers{{Name: "x-h", Value: header}, {Name: "authorization", Value: reply}}, Time: began},
	}
}

// filled returns a store with dead letters 1 to 4, pending entries and stories.
func filled(t *testing.T) *store.Memory {
	t.Helper()
	kept := store.NewMemory()
	leg := store.Leg{
		Sink: "crm", Destination: "crm.example:443", Attempts: 1, First: began, Last: began, Failure: failure(connector.Refused, 0),
		Trail: []connector.Attempt{{N: 1, At: began, Took: time.Millisecond, Failure: failure(connector.Refused, 0), Wait: time.Minute}},
	}
	dead := &store.Change{
		Letters: []*store.Letter{
			letter("orders", "crm", "a/1 %", connector.Unavailable, 0), letter("orders", "erp", "b", connector.Rejected, time.Minute),
			letter("import", "crm", "c", connector.Unavailable, 2*time.Minute), letter("import", "crm", "d", connector.Timeout, 3*time.Minute),
		},
		Stories: []*store.Story{
			{Pipeline: "orders", ID: "a/1 %", Key: "k", At: began, Outcome: failed("crm", connector.Unavailable, 503), Accepted: true},
			{Pipeline: "orders", ID: "e", At: began.Add(time.Minute), Outcome: &connector.Outcome{
				State: connector.Delivered, Sink: "crm", Attempts: 1, Response: &connector.Response{Status: 201, Body: []byte(reply)}}},
			{Pipeline: "import", ID: "f", At: began.Add(2 * time.Minute), Outcome: &connector.Outcome{State: connector.Filtered, Reason: "step 1"}},
		},
	}
	pending := &store.Change{
		Add: []*store.Entry{
			{Pipeline: "orders", Origin: store.Parked, Since: began, Due: began.Add(time.Minute), Progress: store.Progress{Legs: []store.Leg{leg}},
				Record: &connector.Record{ID: "p", Data: []byte(body)}},
			{Pipeline: "import", Origin: store.Accepted, Since: began, Record: &connector.Record{ID: "p", Data: []byte(body)}},
		},
	}
	if err := errors.Join(kept.Keep(t.Context(), dead), kept.Keep(t.Context(), pending)); err != nil {
		t.Fatal(err)
	}
	return kept
}

func withStore(t *testing.T, kept store.Store) *bundle {
	t.Helper()
	return setupWith(t, nil, acktor.Options{Store: kept})
}

// get asks for path and decodes the answer, which has to be a good one.
func get[T any](t *testing.T, b *bundle, method, path string) (value T) {
	t.Helper()
	got := b.ask(t, method, path, "")
	if got.code != 200 || got.kind != "application/json" {
		t.Fatalf("%s %s: %+v", method, path, got)
	}
	if err := json.Unmarshal([]byte(got.text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestDeadLettersAreListedTheNewestFirstInPages(t *testing.T) {
	b := withStore(t, filled(t))
	var seqs []int64
	path := "/v1/dead?limit=3"
	for page := 0; path != "" && page < 9; page++ {
		list := get[admin.Letters](t, b, "GET", path)
		for i := range list.Letters {
			seqs = append(seqs, list.Letters[i].Seq)
		}
		if path = ""; list.Next != "" {
			path = "/v1/dead?limit=3&cursor=" + list.Next
		}
		if list.Total != 4 {
			t.Errorf("total %d", list.Total)
		}
	}
	if len(seqs) != 4 || !slices.IsSortedFunc(seqs, func(a, b int64) int { return int(b - a) }) {
		t.Error(seqs)
	}
}

func TestDeadLettersAreFound(t *testing.T) {
	b := withStore(t, filled(t))
	for query, want := range map[string]string{
		"": "dcba/1 %", "pipeline=orders": "ba/1 %", "sink=crm": "dca/1 %", "class=unavailable": "ca/1 %", "id=a%2F1+%25": "a/1 %",
		"since=2026-01-31T10:01:00Z": "dcb", "until=2026-01-31T10:01:00Z": "a/1 %", "since=2026-01-31T11:02:00%2B01:00&pipeline=import": "dc",
		"since=1h": "", "until=1h": "dcba/1 %", "seq=2&seq=3": "cb", "pipeline=nothing": "",
	} {
		var ids string
		for _, one := range get[admin.Letters](t, b, "GET", "/v1/dead?"+query).Letters {
			ids += one.ID
		}
		if ids != want {
			t.Errorf("%s: %s, want %s", query, ids, want)
		}
	}
}

func TestOnlyASingleDeadLetterShowsItsRecord(t *testing.T) {
	b := withStore(t, filled(t))
	got := b.ask(t, "GET", "/v1/dead/1", "").text
	for _, want := range []string{
		`"text":"` + body + `"`, `"bytes":20`, header, "[redacted]", `"class":"unavailable","status":503,"detail":"no capacity"`,
		`{"n":1,"at":"2026-01-31T10:00:00Z","took_ns":12000000,"class":"timeout","detail":"no capacity","retryable":true,"wait_ns":1000000000}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	for _, path := range []string{"/v1/dead", "/v1/dead/1", "/v1/records", "/v1/records/a%2F1%20%25", "/v1/records/p"} {
		text := b.ask(t, "GET", path, "").text
		if strings.Contains(text, reply) || path != "/v1/dead/1" && (strings.Contains(text, body) || strings.Contains(text, header)) {
			t.Errorf("%s shows too much: %s", path, text)
		}
	}
}

func TestDataThatIsNoTextIsShownInBase64(t *testing.T) {
	kept := store.NewMemory()
	binary := letter("orders", "crm", "a", connector.Rejected, 0)
	binary.Record.Data = []byte{0xff, 0}
	if err := kept.Keep(t.Context(), &store.Change{Letters: []*store.Letter{binary}}); err != nil {
		t.Fatal(err)
	}
	got := get[admin.Letter](t, withStore(t, kept), "GET", "/v1/dead/1")
	if got.Record.Text != "" || string(got.Record.Data()) != "\xff\x00" || got.Record.Bytes != 2 {
		t.Errorf("%+v", got.Record)
	}
}

func TestDeadLettersAreReplayedInParts(t *testing.T) {
	kept := filled(t)
	b := withStore(t, kept)
	for _, want := range []admin.Moved{{Moved: 2, Left: 1}, {Moved: 1}, {}} {
		if got := get[admin.Moved](t, b, "POST", "/v1/dead/replay?sink=crm&limit=2"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	pending := get[admin.Record](t, b, "GET", "/v1/records/c").Pending
	if len(pending) != 1 || pending[0].Origin != "replayed" || pending[0].Replays != 1 || pending[0].Sinks[0].Sink != "crm" {
		t.Errorf("%+v", pending)
	}
}

func TestDeadLettersAreDropped(t *testing.T) {
	b := withStore(t, filled(t))
	if got := get[admin.Moved](t, b, "POST", "/v1/dead/drop?class=unavailable"); got != (admin.Moved{Moved: 2}) {
		t.Errorf("%+v", got)
	}
	if got := get[admin.Moved](t, b, "POST", "/v1/dead/drop?all=true"); got != (admin.Moved{Moved: 2}) {
		t.Errorf("%+v", got)
	}
	if got := b.ask(t, "GET", "/v1/dead/1", ""); got.code != 404 || !strings.Contains(got.text, "there is no such dead letter") {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotUnderstoodMovesNothing(t *testing.T) {
	kept := filled(t)
	b := withStore(t, kept)
	for query, want := range map[string]string{
		"": "give one of pipeline, sink", "limit=3": "give one of pipeline, sink", "pipline=orders": `there is no parameter \"pipline\"`,
		"pipeline=": "pipeline is empty", "pipeline=a&pipeline=b": "given 2 times", "class=unavailabel": "want one of connect_timeout, refused",
		"since=yesterday": "want a time such as", "since=-5m": "want a time such as", "seq=x": "want the number", "limit=0&all=true": "want a number from 1 to 10000",
		"limit=10001&all=true": "want a number", "all=yes": "want true", "all=true&cursor=3": "there is no parameter",
	} {
		for _, verb := range []string{"replay", "drop"} {
			if got := b.ask(t, "POST", "/v1/dead/"+verb+"?"+query, ""); got.code != 400 || got.kind != "application/problem+json" || !strings.Contains(got.text, want) {
				t.Errorf("%s %s: %+v", verb, query, got)
			}
		}
	}
	for _, query := range []string{"?cursor=x", "?limit=1001", "?state=failed"} {
		if got := b.ask(t, "GET", "/v1/dead"+query, ""); got.code != 400 {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if n, err := kept.CountLetters(t.Context(), store.LetterQuery{}); n != 4 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
}

func TestPagesOfOtherSitesMoveNothing(t *testing.T) {
	b := withStore(t, filled(t))
	for _, c := range []struct {
		method, path, header, value string
		code                        int
	}{
		{"POST", "/v1/dead/drop?seq=99", "Origin", "https://evil.example", 403},
		{"POST", "/v1/dead/drop?seq=99", "Origin", "null", 403},
		{"POST", "/v1/dead/drop?seq=99", "Origin", "file://localhost", 403},
		{"POST", "/v1/dead/drop?seq=99", "Origin", "http://localhost.evil.example", 403},
		{"POST", "/v1/dead/replay?seq=99", "Sec-Fetch-Site", "cross-site", 403},
		{"GET", "/v1/records/a/events", "Origin", "https://evil.example", 403},
		{"POST", "/v1/dead/drop?seq=99", "Origin", "http://127.0.0.1:7717", 200},
		{"POST", "/v1/dead/drop?seq=99", "Origin", "http://[::1]:3000", 200},
		{"POST", "/v1/dead/drop?seq=99", "Sec-Fetch-Site", "same-origin", 200},
	} {
		if got := b.ask(t, c.method, c.path, "", c.header, c.value); got.code != c.code {
			t.Errorf("%s %s %s: %d, want %d", c.path, c.header, c.value, got.code, c.code)
		}
	}
	if got := b.ask(t, "POST", "/v1/dead/drop?all=true", "evil.example"); got.code != 421 {
		t.Errorf("%+v", got)
	}
	if got := b.ask(t, "GET", "/v1/dead/drop?all=true", ""); got.code != 405 || got.allow != "POST" {
		t.Errorf("%+v", got)
	}
}

func TestARecordIsExplained(t *testing.T) {
	b := withStore(t, filled(t))
	got := get[admin.Record](t, b, "GET", "/v1/records/"+url.PathEscape("a/1 %"))
	if got.ID != "a/1 %" || len(got.Pending) != 0 || len(got.Stories) != 1 || len(got.Dead) != 1 || !got.Stories[0].Accepted ||
		len(got.Stories[0].Outcome.Trail) != 2 || got.Dead[0].Seq != 1 || got.Dead[0].Outcome == nil {
		t.Errorf("%+v", got)
	}
	got = get[admin.Record](t, b, "GET", "/v1/records/p")
	if len(got.Pending) != 2 || got.Pending[0].Origin != "parked" || !got.Pending[0].Due.Equal(began.Add(time.Minute)) ||
		got.Pending[0].Sinks[0].Class != "refused" || got.Pending[0].Sinks[0].Trail[0].Wait != time.Minute || !got.Pending[1].Due.IsZero() {
		t.Errorf("%+v", got)
	}
	if got := b.ask(t, "GET", "/v1/records/nobody", ""); got.code != 404 || !strings.Contains(got.text, "only a share is kept") {
		t.Errorf("%+v", got)
	}
	if got := get[admin.Record](t, b, "GET", "/v1/records/e").Stories[0].Outcome; got.State != "delivered" || got.Status != 201 || got.Class != "" {
		t.Errorf("%+v", got)
	}
}

func TestOutcomesAreListed(t *testing.T) {
	b := withStore(t, filled(t))
	for query, want := range map[string]string{
		"": "fea/1 %", "state=failed": "a/1 %", "state=filtered": "f", "class=unavailable": "a/1 %", "pipeline=orders": "ea/1 %", "id=e": "e", "limit=1": "f",
		"since=2026-01-31T10:01:00Z&until=2026-01-31T10:02:00Z": "e",
	} {
		var ids string
		for _, one := range get[admin.Stories](t, b, "GET", "/v1/records?"+query).Stories {
			ids += one.ID
		}
		if ids != want {
			t.Errorf("%s: %s, want %s", query, ids, want)
		}
	}
	for _, query := range []string{"state=accepted", "state=lost", "sink=crm", "cursor=0"} {
		if got := b.ask(t, "GET", "/v1/records?"+query, ""); got.code != 400 {
			t.Errorf("%s: %+v", query, got)
		}
	}
}

func TestAnEngineWithoutAStoreSaysSo(t *testing.T) {
	b := setup(t, nil)
	for path, method := range map[string]string{
		"/v1/records": "GET", "/v1/records/a": "GET", "/v1/records/a/events": "GET", "/v1/dead": "GET", "/v1/dead/1": "GET",
		"/v1/dead/replay?all=true": "POST", "/v1/dead/drop?all=true": "POST",
	} {
		if got := b.ask(t, method, path, ""); got.code != 501 || !strings.Contains(got.text, "has no store") {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// brokenStore is a Memory whose letters cannot be had.
type brokenStore struct {
	*store.Memory
	err error
}

func (s *brokenStore) List(context.Context, store.LetterQuery) ([]*store.Letter, string, error) {
	return nil, "", s.err
}

func (s *brokenStore) Replay(context.Context, store.LetterQuery) (int, []string, error) {
	return 7, nil, s.err
}

func TestErrorsOfTheStoreAreToldWithoutItsSecrets(t *testing.T) {
	kept := &brokenStore{Memory: store.NewMemory()}
	b := withStore(t, kept)
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{errors.New("connect postgres://me:hunter2@db"), 500, "the log says why"},
		{&store.FullError{Path: "/data", Err: errors.New("disk")}, 507, "/data has no room left"},
		{&store.DamagedError{Path: "/data", Reason: "torn"}, 503, "restore it from a backup"},
		{store.ErrClosed, 503, "about to end"},
	} {
		kept.err = c.err
		for path, method := range map[string]string{"/v1/dead": "GET", "/v1/records/a": "GET", "/v1/dead/replay?all=true": "POST"} {
			got := b.ask(t, method, path, "")
			if got.code != c.code || !strings.Contains(got.text, c.want) || strings.Contains(got.text, "hunter2") {
				t.Errorf("%s with %v: %+v", path, c.err, got)
			}
			if method == "POST" && !strings.Contains(got.text, `"moved":7`) {
				t.Errorf("what was moved is not told: %+v", got)
			}
		}
	}
}
