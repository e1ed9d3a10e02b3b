package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// follow opens the events of a record and returns what reads the next one: its kind and its data.
func follow(t *testing.T, b *bundle, id string, headers ...string) (response *http.Response, next func() (string, string)) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/v1/records/"+id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(headers) == 2 {
		request.Header.Set(headers[0], headers[1])
	}
	response, err = b.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	return response, func() (kind, data string) {
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				kind = value
			case "data":
				data = value
			case "":
				return kind, data
			}
		}
		return "end", ""
	}
}

// runOne starts an engine whose only record, r, waits for the channel that it returns and is then delivered at the second attempt.
func runOne(t *testing.T, b *bundle) (begin chan struct{}) {
	t.Helper()
	begin = make(chan struct{})
	n := 0
	source := acktor.SourceFunc(func(ctx context.Context) (*acktor.Record, error) {
		select {
		case <-begin:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if n++; n > 1 {
			return nil, connector.ErrEndOfSource
		}
		return &acktor.Record{ID: "r", Data: []byte(body)}, nil
	})
	attempt := 0
	sink := acktor.SinkFunc("crm", func(context.Context, *acktor.Record) error {
		if attempt++; attempt == 1 {
			return &connector.AttemptError{Class: connector.Unavailable, Status: 503, Detail: "no capacity"}
		}
		return nil
	})
	sink.Options = acktor.DefaultSinkOptions()
	sink.Options.Retry.Initial = time.Millisecond
	err := b.engine.Add(acktor.Pipeline{Name: "orders", Source: source, Sinks: []acktor.Sink{sink}})
	if err = errors.Join(err, b.engine.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	return begin
}

func TestARecordIsFollowedToItsOutcome(t *testing.T) {
	b := withStore(t, store.NewMemory())
	begin := runOne(t, b)
	response, next := follow(t, b, "r")
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%+v", response)
	}
	if kind, data := next(); kind != "known" || data != `{"id":"r","pending":[],"stories":[],"dead":[]}` {
		t.Errorf("%s %s", kind, data)
	}
	close(begin)
	var kinds []string
	var last admin.Event
	for kind, data := next(); kind != "end"; kind, data = next() {
		kinds, last = append(kinds, kind), admin.Event{}
		if err := json.Unmarshal([]byte(data), &last); err != nil {
			t.Fatal(err)
		}
		if kind == "attempt_failed" && (last.Class != "unavailable" || last.Status != 503 || last.N != 1 || last.Next.IsZero()) {
			t.Errorf("%+v", last)
		}
	}
	if got := strings.Join(kinds, " "); got != "queued attempt_started attempt_failed attempt_started settled" {
		t.Error(got)
	}
	if last.Pipeline != "orders" || last.Outcome == nil || last.Outcome.State != "delivered" || last.Outcome.Attempts != 2 {
		t.Errorf("%+v", last)
	}
}

func TestARecordThatHasItsOutcomeIsNotWaitedFor(t *testing.T) {
	b := withStore(t, filled(t))
	_, next := follow(t, b, "e")
	for _, want := range []string{"known", "settled", "end"} {
		if kind, _ := next(); kind != want {
			t.Errorf("%s, want %s", kind, want)
		}
	}
	if response, _ := follow(t, b, "e", "Last-Event-ID", "settled"); response.StatusCode != http.StatusNoContent {
		t.Errorf("a browser that comes back is answered %d", response.StatusCode)
	}
}

func TestStreamsAreBoundedAndEndWithTheServer(t *testing.T) {
	b := withStore(t, filled(t))
	_, next := follow(t, b, "p")
	first, leave := next, []io.Closer{}
	for range 15 {
		response, next := follow(t, b, "p")
		if kind, _ := next(); kind != "known" {
			t.Error(kind)
		}
		leave = append(leave, response.Body)
	}
	if response, _ := follow(t, b, "p"); response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one too many is answered %d", response.StatusCode)
	}
	for _, one := range leave {
		_ = one.Close()
	}
	if kind, _ := first(); kind != "known" {
		t.Error(kind)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if kind, _ := first(); kind != "end" {
		t.Error(kind)
	}
}

// page is a ResponseWriter without a network.
type page struct {
	header http.Header
	parts  chan string
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}
func (p *page) Flush()              {}
func (p *page) Write(text []byte) (int, error) {
	p.parts <- string(text)
	return len(text), nil
}

// watched is an engine of which a test says what happens.
type watched struct {
	admin.Engine
	kept store.Store
}

func (w *watched) Store() store.Store { return w.kept }

// watching follows the record p of a filled store, without a network, and returns what the client gets, and the store.
func watching(t *testing.T) (parts chan string, kept *store.Memory, leave func()) {
	t.Helper()
	inner, err := acktor.New(acktor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept = filled(t)
	server, err := admin.New(&watched{inner, kept}, nil, admin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/v1/records/p/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	out, left := &page{http.Header{}, make(chan string)}, make(chan struct{})
	go func() { defer close(left); server.Handler().ServeHTTP(out, request) }()
	if text := <-out.parts; !strings.HasPrefix(text, "event: known\ndata: {") {
		t.Error(text)
	}
	return out.parts, kept, func() {
		cancel()
		<-left
		if err := inner.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second) // the actor system's throttle ends
	}
}

func TestAClientThatWaitsHearsThatTheServerLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		parts, _, leave := watching(t)
		var at []time.Duration
		for range 9 {
			if text := <-parts; text != ": still here\n\n" {
				t.Error(text)
			}
			at = append(at, time.Since(began))
		}
		if at[0] != 250*time.Millisecond || at[1] != 750*time.Millisecond || at[8]-at[7] != 15*time.Second {
			t.Error(at)
		}
		leave()
	})
}

func TestAnOutcomeThatNoEventToldIsFoundInTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts, kept, leave := watching(t)
		entries, err := kept.Find(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		change := &store.Change{Stories: []*store.Story{{Pipeline: "orders", ID: "p", At: began, Outcome: &connector.Outcome{State: connector.Delivered}}}}
		for _, e := range entries {
			change.Remove = append(change.Remove, e.Seq)
		}
		if err := kept.Keep(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if text := <-parts; !strings.HasPrefix(text, "event: settled\nid: settled\ndata: {") || !strings.Contains(text, `"state":"delivered"`) {
			t.Error(text)
		}
		leave()
	})
}
