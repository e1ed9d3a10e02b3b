package http

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// rig is a source that listens, and an engine in miniature that reads from it.
type rig struct {
	t      testing.TB
	source *source
	client *nethttp.Client
	url    string

	mu      sync.Mutex
	records []*connector.Record
}

// newRig opens a source with the defaults changed by change.
func newRig(t testing.TB, change func(*SourceConfig)) *rig {
	t.Helper()
	s := newTestSource(t, change)
	if err := s.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	transport := &nethttp.Transport{MaxIdleConnsPerHost: 64}
	r := &rig{t: t, source: s, client: &nethttp.Client{Transport: transport, CheckRedirect: noRedirect}}
	r.url = "http://" + s.Addr().String() + s.config.Path
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

func noRedirect(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }

func newTestSource(t testing.TB, change func(*SourceConfig)) *source {
	t.Helper()
	config := field.Defaults[SourceConfig]()
	config.Address = "127.0.0.1:0"
	config.Server = serverOfRun
	config.AdmissionWait = 5 * time.Second // so that a busy machine does not decide a test
	if change != nil {
		change(&config)
	}
	made, err := newSource(config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return made.(*source)
}

// engine reads with credit and settles each record with what decide says; nil leaves it unsettled. It ends with the
// function that is returned, at the latest with the test.
func (r *rig) engine(credit connector.Credit, decide func(*connector.Record) *connector.Outcome) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			records, err := r.source.Read(ctx, credit)
			if err != nil {
				return
			}
			r.settle(records, decide)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	r.t.Cleanup(stop)
	return stop
}

func (r *rig) settle(records []*connector.Record, decide func(*connector.Record) *connector.Outcome) {
	r.mu.Lock()
	r.records = append(r.records, records...)
	r.mu.Unlock()
	var settled []connector.Settled
	for _, record := range records {
		if outcome := decide(record); outcome != nil {
			settled = append(settled, connector.Settled{Record: record, Outcome: outcome})
		}
	}
	if err := r.source.Settle(context.Background(), settled); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) taken() []*connector.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

var ample = connector.Credit{Records: 1024, Bytes: 64 << 20}

func delivered(*connector.Record) *connector.Outcome {
	return &connector.Outcome{State: connector.Delivered, Sink: "crm", Attempts: 1}
}

func acceptedAll(*connector.Record) *connector.Outcome {
	return &connector.Outcome{State: connector.Accepted}
}

func failed(class connector.Class) func(*connector.Record) *connector.Outcome {
	return func(*connector.Record) *connector.Outcome {
		return &connector.Outcome{State: connector.Failed, Sink: "crm", Attempts: 3, Failure: &connector.Failure{Class: class}}
	}
}

// received is an answer as a client sees it.
type received struct {
	status int
	header nethttp.Header
	body   string
}

func (r received) object(t testing.TB) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(r.body), &object); err != nil {
		t.Fatalf("body %q: %v", r.body, err)
	}
	return object
}

func (r *rig) send(method, url, body string, header ...string) received {
	r.t.Helper()
	request, err := nethttp.NewRequestWithContext(r.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	return r.do(request)
}

func (r *rig) do(request *nethttp.Request) received {
	r.t.Helper()
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Error(err)
		return received{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Error(err)
	}
	return received{response.StatusCode, response.Header, string(body)}
}

func (r *rig) post(body string, header ...string) received {
	r.t.Helper()
	return r.send("POST", r.url, body, header...)
}

func TestRequestIsAnsweredWithTheOutcomeOfItsRecord(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Path, c.KeyHeader = "/orders", "X-Customer" })
	r.engine(ample, delivered)
	got := r.post("\x00any bytes\xff", "Content-Type", "application/x-thing", "X-Customer", "7", "X-B", "2", "X-B", "1", "X-A", "0", "Te", "trailers")
	object := got.object(t)
	if got.status != 200 || object["outcome"] != "delivered" || object["attempts"] != 1.0 || object["sink"] != "crm" {
		t.Errorf("answer: %d %s", got.status, got.body)
	}
	record := r.taken()[0]
	if string(record.Data) != "\x00any bytes\xff" || record.Key != "7" || !record.Position.IsZero() || record.Time.IsZero() {
		t.Errorf("record: %+v", record)
	}
	if object["id"] != string(record.ID) || len(record.ID) != 36 || record.ID[14] != '7' {
		t.Errorf("id %q, answered %q, want one UUIDv7", record.ID, object["id"])
	}
	want := connector.Headers{
		{Name: "accept-encoding", Value: "gzip"}, {Name: "content-type", Value: "application/x-thing"},
		{Name: "user-agent", Value: "Go-http-client/1.1"}, {Name: "x-a", Value: "0"}, {Name: "x-b", Value: "2"},
		{Name: "x-b", Value: "1"}, {Name: "x-customer", Value: "7"},
	}
	if !slices.Equal(record.Headers, want) {
		t.Errorf("headers: %v", record.Headers)
	}
}

func TestIDComesFromTheFirstHeaderThatHasOne(t *testing.T) {
	for _, c := range []struct {
		header []string
		want   string
	}{
		{[]string{"Idempotency-Key", "c", "Webhook-Id", "b", "Ce-Id", "a"}, "a"},
		{[]string{"Idempotency-Key", "c", "Webhook-Id", "b"}, "b"},
		{[]string{"Idempotency-Key", "c"}, "c"},
	} {
		r := newRig(t, nil)
		r.engine(ample, delivered)
		if got := r.post("{}", c.header...).object(t)["id"]; got != c.want {
			t.Errorf("%v: id %v, want %s", c.header, got, c.want)
		}
	}
}

func TestIDThatNobodyShouldCarryIsRefused(t *testing.T) {
	r := newRig(t, nil)
	r.engine(ample, delivered)
	for _, id := range []string{strings.Repeat("x", 257), "a\tb", "\xff"} {
		if got := r.post("{}", "Webhook-Id", id); got.status != 400 || got.object(t)["type"] != "urn:acktor:problem:invalid_id" {
			t.Errorf("%q: %d %s", id, got.status, got.body)
		}
	}
	if got := r.post("{}", "Webhook-Id", strings.Repeat("x", 256)); got.status != 200 {
		t.Errorf("256 bytes: %d", got.status)
	}
}

func TestWrongPathMethodAndLengthAreRefused(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Path, c.MaxBody, c.Methods = "/orders", 10, []string{"POST", "PUT"} })
	r.engine(ample, delivered)
	if got := r.send("POST", r.url+"/1", "{}"); got.status != 404 {
		t.Errorf("wrong path: %d", got.status)
	}
	if got := r.send("GET", r.url, ""); got.status != 405 || strings.Join(got.header["Allow"], ", ") != "POST, PUT" {
		t.Errorf("wrong method: %d %v", got.status, got.header)
	}
	if got := r.send("PUT", r.url, "0123456789"); got.status != 200 {
		t.Errorf("as long as allowed: %d", got.status)
	}
	if got := r.post("0123456789a"); got.status != 413 || got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("too long: %d %v", got.status, got.header)
	}
	chunked, _ := nethttp.NewRequestWithContext(t.Context(), "POST", r.url, io.MultiReader(strings.NewReader("0123456789a")))
	if got := r.do(chunked); got.status != 413 {
		t.Errorf("too long in chunks: %d", got.status)
	}
	if n := len(r.taken()); n != 1 {
		t.Errorf("%d records, want the one", n)
	}
	if held := r.source.waiting.bytes.Load(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

func TestMetadataOfTheRequestCannotBePretended(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Path, c.RequestMetadata = "/a", true })
	r.engine(ample, delivered)
	r.send("POST", r.url+"?x=1&y=%20", "{}", "Http-Path", "/admin", "Http-Method", "DELETE")
	headers := r.taken()[0].Headers
	for name, want := range map[string]string{"http-method": "POST", "http-path": "/a", "http-query": "x=1&y=%20", "http-host": r.source.Addr().String()} {
		if got := headers.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCompressedBodyIsKeptByteForByte(t *testing.T) {
	r := newRig(t, nil)
	r.engine(ample, delivered)
	r.post("\x1f\x8bnot unzipped", "Content-Encoding", "gzip")
	if record := r.taken()[0]; string(record.Data) != "\x1f\x8bnot unzipped" || record.Headers.Get("content-encoding") != "gzip" {
		t.Errorf("record: %+v", record)
	}
}

func TestAcceptedIsAnsweredOnceTheRecordIsDurable(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Reply = replyAccepted })
	r.engine(ample, acceptedAll)
	got := r.post("{}", "Webhook-Id", "a/b c")
	if got.status != 202 || got.header.Get("Location") != "/v1/records/a%2Fb%20c" || got.object(t)["outcome"] != "accepted" {
		t.Errorf("answer: %d %v %s", got.status, got.header, got.body)
	}
}

func TestAcceptedRecordThatNobodyReadsIsRefused(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Reply, c.AdmissionWait = replyAccepted, 30*time.Millisecond })
	stop := r.engine(ample, acceptedAll)
	for range 200 {
		if got := r.post("{}"); got.status != 202 {
			t.Fatalf("answer: %d", got.status)
		}
	}
	stop()
	if got := r.post("{}"); got.status != 503 {
		t.Errorf("nobody reads: %d", got.status)
	}
}

func TestReadHonoursItsCredit(t *testing.T) {
	r := newRig(t, nil)
	var requests sync.WaitGroup
	for range 5 {
		requests.Go(func() { r.post(strings.Repeat("x", 1000)) })
	}
	waitFor(t, func() bool { return waitingLen(r.source) == 5 })
	var sizes []int
	for _, credit := range []connector.Credit{{Records: 1, Bytes: 1 << 20}, {Records: 9, Bytes: 1}, {Records: 9, Bytes: 3000}, {Records: 9, Bytes: 1 << 20}} {
		records, err := r.source.Read(t.Context(), credit)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(records))
		r.settle(records, delivered)
	}
	requests.Wait()
	if !slices.Equal(sizes, []int{1, 1, 2, 1}) {
		t.Errorf("batches of %v", sizes)
	}
}

// waitFor polls, for what only another goroutine can bring about over a real socket.
func waitFor(t testing.TB, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !what(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(time.Millisecond)
	}
}

func waitingLen(s *source) int {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	return s.waiting.len
}

func errorIs[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
