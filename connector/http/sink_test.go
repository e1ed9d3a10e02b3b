package http

import (
	"errors"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/egress"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

func headers(pairs ...string) func(*SinkConfig) {
	return func(c *SinkConfig) {
		c.Headers = map[string]expression.Template{}
		for i := 0; i < len(pairs); i += 2 {
			c.Headers[pairs[i]] = template(pairs[i+1])
		}
	}
}

// sent writes one record and returns the request that the peer saw.
func sent(t *testing.T, r *connector.Record, changes ...func(*SinkConfig)) request {
	t.Helper()
	peer := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL+"/in", changes...), r))
	seen := peer.requests()
	if len(seen) != 1 {
		t.Fatalf("the peer saw %d requests", len(seen))
	}
	return seen[0]
}

func TestRecordGoesOutByteForByte(t *testing.T) {
	got := sent(t, record("r1", "\x00\xff not JSON", "content-type", "application/x-own", "content-encoding", "gzip", "secret", "s"))
	if got.method != "POST" || got.url != "/in" || got.body != "\x00\xff not JSON" {
		t.Errorf("request is %+v", got)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-own", "Content-Encoding": "gzip", "Idempotency-Key": "r1",
		"User-Agent": "acktor", "Secret": "", "Accept-Encoding": "", "Content-Length": "11",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

func TestMethodHeadersAndBodyAreTemplates(t *testing.T) {
	got := sent(t, record("r1", `{"id": 7}`, "tenant", "acme", "verb", "PATCH", "content-type", "text/csv"),
		headers("x-tenant", "{{ record.headers.tenant }}", "X-Empty", "{{ record.headers.none }}", "X-Fixed", "f", "Host", "virtual.example"),
		func(c *SinkConfig) {
			c.Method, c.Body = template("{{ record.headers.verb }}"), template(`{"n": {{ record.data.id }}}`)
		})
	if got.method != "PATCH" || got.body != `{"n": 7}` || got.host != "virtual.example" {
		t.Errorf("request is %+v", got)
	}
	if got.header.Get("X-Tenant") != "acme" || got.header.Get("X-Fixed") != "f" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers are %v", got.header)
	}
	if _, there := got.header["X-Empty"]; there {
		t.Error("an empty header was sent")
	}
}

func TestCloudEventsGoOutInTheirModes(t *testing.T) {
	event := record("e1", `{"a": 1}`, "ce-specversion", "1.0", "ce-type", "t", "ce-source", "/s", "ce-subject", "ü", "content-type", "application/json")
	format := func(name string) func(*SinkConfig) { return func(c *SinkConfig) { c.Format = name } }

	binary := sent(t, event, format("cloudevent_binary"))
	if binary.body != `{"a": 1}` || binary.header.Get("ce-id") != "e1" || binary.header.Get("ce-subject") != "%C3%BC" ||
		binary.header.Get("content-type") != "application/json" {
		t.Errorf("binary: %+v", binary)
	}
	structured := sent(t, event, format("cloudevent_structured"))
	if !strings.Contains(structured.body, `"data":{"a": 1}`) || structured.header.Get("content-type") != "application/cloudevents+json" {
		t.Errorf("structured: %+v", structured)
	}
}

func TestRequestsWithoutBodyHaveNone(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "DELETE", "OPTIONS", "POST"} {
		data := "ignored"
		if method != "GET" && method != "HEAD" {
			data = ""
		}
		got := sent(t, record("1", data), func(c *SinkConfig) { c.Method = template(method) })
		if got.body != "" || got.header.Get("Transfer-Encoding") != "" {
			t.Errorf("%s: %+v", method, got)
		}
	}
}

func TestCredentialsAreSent(t *testing.T) {
	basic := sent(t, record("1", ""), withAuth(credential.Auth{Basic: &credential.Basic{Username: "u", Password: "p"}}))
	if got := basic.header.Get("Authorization"); got != "Basic dTpw" {
		t.Errorf("basic is %q", got)
	}
	bearer := sent(t, record("1", ""), withAuth(credential.Auth{Bearer: &credential.Bearer{Token: "token"}}))
	if got := bearer.header.Get("Authorization"); got != "Bearer token" {
		t.Errorf("bearer is %q", got)
	}
}

func TestRecordCannotInjectIntoTheRequest(t *testing.T) {
	peer := newPeer(t, nil)
	for name, c := range map[string]struct {
		change func(*SinkConfig)
		record *connector.Record
	}{
		"header":       {headers("X-A", "{{ record.key }}"), &connector.Record{ID: "1", Key: "a\r\nX-B: b"}},
		"header nul":   {headers("X-A", "{{ record.key }}"), &connector.Record{ID: "1", Key: "a\x00"}},
		"id":           {nil, &connector.Record{ID: "1\nX-B: b"}},
		"content type": {nil, record("1", "{}", "content-type", "a\r\nX-B: b")},
		"method":       {func(c *SinkConfig) { c.Method = template("{{ record.key }}") }, &connector.Record{ID: "1", Key: "GET / HTTP/1.1\r\n"}},
		"connect":      {func(c *SinkConfig) { c.Method = template("{{ record.key }}") }, &connector.Record{ID: "1", Key: "CONNECT"}},
		"template":     {headers("X-A", "{{ record.data.a }}"), record("1", "no JSON")},
		"event":        {func(c *SinkConfig) { c.Format = "cloudevent_binary" }, record("1", "", "ce-specversion", "1.0", "ce-type", "\r\n")},
	} {
		if c.change == nil {
			c.change = func(*SinkConfig) {}
		}
		t.Run(name, func(t *testing.T) {
			wantFailure(t, write(t, openSink(t, peer.URL, c.change), c.record), connector.Invalid, false)
		})
	}
	if got := peer.requests(); len(got) != 0 {
		t.Errorf("the peer saw %+v", got)
	}
}

func TestRedirectIsAnAnswerUnlessFollowed(t *testing.T) {
	peer := newPeer(t, nil)
	moved := nethttp.StatusTemporaryRedirect
	peer.Config.Handler = func(inner nethttp.Handler) nethttp.Handler {
		return nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if to := r.URL.Query().Get("to"); to != "" {
				nethttp.Redirect(w, r, to, moved)
				return
			}
			inner.ServeHTTP(w, r)
		})
	}(peer.Config.Handler)

	follow := func(n int) func(*SinkConfig) {
		return func(c *SinkConfig) {
			withAuth(credential.Auth{Bearer: &credential.Bearer{Token: "token"}})(c)
			nearby(c)
			c.FollowRedirects = n
		}
	}
	url := peer.URL + "/?to=/there"
	wantFailure(t, write(t, openSink(t, url), record("1", "data")), connector.Rejected, false)
	wantFailure(t, write(t, openSink(t, peer.URL+"/?to=/%3Fto=/there", follow(1)), record("1", "data")), connector.Rejected, false)

	wantDelivered(t, write(t, openSink(t, url, follow(1)), record("1", "data")))
	moved = nethttp.StatusSeeOther
	wantDelivered(t, write(t, openSink(t, url, follow(3)), record("2", "data")))
	seen := peer.requests()
	if len(seen) != 2 || seen[0].method != "POST" || seen[0].body != "data" || seen[1].method != "GET" || seen[1].body != "" {
		t.Fatalf("the peer saw %+v", seen)
	}
	if seen[0].header.Get("Idempotency-Key") != "1" || seen[0].header.Get("Authorization") == "" {
		t.Errorf("headers are %v", seen[0].header)
	}

	other := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL+"/?to="+other.URL, follow(1)), record("3", "data")))
	if got := other.requests(); len(got) != 1 || got[0].header.Get("Authorization") != "" {
		t.Errorf("another host got credentials: %+v", got)
	}
	wantFailure(t, write(t, openSink(t, peer.URL+"/?to=ftp://x/", follow(1)), record("4", "")), connector.Rejected, false)
}

func TestRecordThatWasDeliveredIsNotSentAgain(t *testing.T) {
	fail := true
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		if fail {
			w.WriteHeader(500)
		}
		_, _ = io.WriteString(w, "answer")
	})
	config := sinkConfig(peer.URL, func(c *SinkConfig) {
		c.OutcomeCache = new(field.Defaults[SinkOutcomeCache]())
	})
	outlet := outletOf(t, config)
	s := openAt(t, outlet, outlet.Name)
	wantFailure(t, write(t, s, record("1", "a")), connector.Unavailable, true)
	fail = false
	wantDelivered(t, write(t, s, record("1", "a")))
	again := wantDelivered(t, write(t, openAt(t, outlet, outlet.Name), record("1", "a")))
	if again.Status != 200 || string(again.Body) != "answer" || again.Note != noteRemembered {
		t.Errorf("response is %+v", again)
	}
	wantDelivered(t, write(t, openAt(t, outlet, "another destination"), record("1", "a")))
	if got := len(peer.requests()); got != 3 {
		t.Errorf("the peer saw %d requests, want 3", got)
	}
}

func TestMemoryOfOutcomesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecent[int, string](time.Minute, 3, 100)
		for key := range 4 {
			r.put(key, "v", 10)
		}
		if _, ok := r.get(0); ok {
			t.Error("more entries than allowed")
		}
		r.get(1)
		r.put(9, "heavy", 75)
		if _, ok := r.get(2); ok || r.weight > 100 {
			t.Errorf("weight is %d", r.weight)
		}
		if _, ok := r.get(1); !ok {
			t.Error("what was used last is forgotten first")
		}
		r.put(10, "too heavy", 101)
		if _, ok := r.get(10); ok {
			t.Error("a value beyond the limit is kept")
		}
		time.Sleep(time.Minute)
		if _, ok := r.get(9); ok {
			t.Error("an entry is kept beyond its time")
		}
		for key := range 10 {
			r.drop(key)
		}
		if r.weight != 0 || len(r.entries) != 0 || r.leastRecent.Len() != 0 {
			t.Errorf("weight %d with %d entries", r.weight, len(r.entries))
		}
	})
}

func TestDestinationIsTheOriginOfTheURL(t *testing.T) {
	fixed := outletOf(t, sinkConfig("https://CRM.example/{{ record.key }}"))
	if fixed.Name != "https://crm.example:443" || fixed.Destination != nil || fixed.Batch != 1 {
		t.Errorf("outlet is %+v", fixed)
	}
	varies := outletOf(t, sinkConfig("http://{{ record.key }}:81/x"))
	if varies.Name != "" {
		t.Errorf("name is %q", varies.Name)
	}
	got, err := varies.Destination(&connector.Record{Key: "A"})
	if err != nil || got != "http://a:81" {
		t.Errorf("destination is %q, %v", got, err)
	}
	_, err = varies.Destination(&connector.Record{Key: "a/b"})
	if failure, ok := errors.AsType[*connector.AttemptError](err); !ok || failure.Class != connector.Invalid {
		t.Errorf("error is %v", err)
	}
}

func TestMistakesInTheConfigurationNameTheirKeys(t *testing.T) {
	const url = "https://x/"
	for _, c := range []struct {
		key    string
		config SinkConfig
	}{
		{"url", sinkConfig("")},
		{"url", sinkConfig(url, func(c *SinkConfig) { c.URLs = []expression.Template{template(url)} })},
		{"url", sinkConfig("https://user:secret@x/")},
		{"urls[1]", sinkConfig("", func(c *SinkConfig) {
			c.URLs = []expression.Template{template(url), template("https://{{ record.key }}/")}
		})},
		{"method", sinkConfig(url, func(c *SinkConfig) { c.Method = template("post") })},
		{"method", sinkConfig(url, func(c *SinkConfig) { c.Method = template("TRACE") })},
		{"headers.X Y", sinkConfig(url, headers("X Y", "v"))},
		{"headers.transfer-encoding", sinkConfig(url, headers("transfer-encoding", "chunked"))},
		{"headers.Host", sinkConfig(url, headers("Host", "{{ record.key }}"))},
		{"headers.X", sinkConfig(url, headers("X", "a\nb"))},
		{"headers.x-a", sinkConfig(url, headers("X-A", "a", "x-a", "b"))},
		{"headers.authorization", sinkConfig(url, headers("authorization", "x"), bearer("t"))},
		{"auth.bearer", sinkConfig(url, withAuth(credential.Auth{Basic: &credential.Basic{Username: "u"}, Bearer: &credential.Bearer{Token: "t"}}))},
		{"auth.bearer.token", sinkConfig(url, bearer("t\n"))},
		{"auth", sinkConfig(url, withAuth(credential.Auth{}))},
		{"headers.x-key", sinkConfig(url, headers("x-key", "a"), withAuth(credential.Auth{APIKey: &credential.APIKey{Header: "X-Key", Key: "k"}}))},
		{"idempotency_header", sinkConfig(url, func(c *SinkConfig) { c.IdempotencyHeader = "webhook-id" }, webhooks)},
		{"egress.allow.0.cidr", sinkConfig(url, func(c *SinkConfig) { c.Egress = &egress.Config{Allow: []egress.Allow{{CIDR: "10.0.0.1/8"}}} })},
		{"proxy", sinkConfig("http://{{ record.key }}/", through("http://proxy:3128"))},
		{"proxy", sinkConfig(url, through("env"), nearby)},
		{"idempotency_header", sinkConfig(url, func(c *SinkConfig) { c.IdempotencyHeader = "Host" })},
		{"idempotency_header", sinkConfig(url, headers("idempotency-key", "x"))},
		{"body", sinkConfig(url, func(c *SinkConfig) { c.Format = "template" })},
		{"body", sinkConfig(url, func(c *SinkConfig) { c.Format, c.Body = "cloudevent_binary", template("x") })},
		{"format", sinkConfig(url, func(c *SinkConfig) { c.Format, c.BatchFormat = "cloudevent_binary", "ndjson" })},
		{"batch_results", sinkConfig(url, func(c *SinkConfig) { c.BatchResults = expression.Must[expression.ResponseValue]("response.json") })},
		{"response_headers", sinkConfig(url, func(c *SinkConfig) { c.ResponseHeaders = []string{"a b"} })},
		{"response_headers", sinkConfig(url, func(c *SinkConfig) { c.ResponseHeaders = slices.Repeat([]string{"a"}, 40) })},
		{"proxy", sinkConfig(url, func(c *SinkConfig) { c.Proxy = "ftp://x" })},
		{"proxy", sinkConfig(url, func(c *SinkConfig) { c.Proxy = "nonsense" })},
		{"tls.ca", sinkConfig(url, func(c *SinkConfig) { c.TLS.CA = "/no/such/file" })},
		{"tls.ca", sinkConfig(url, func(c *SinkConfig) { c.TLS.CA = "-----BEGIN NOTHING" })},
		{"tls.cert", sinkConfig(url, func(c *SinkConfig) { c.TLS.Cert = "x" })},
		{"tls.key", sinkConfig(url, func(c *SinkConfig) { c.TLS.Cert, c.TLS.Key = "-----BEGIN X", "secret" })},
	} {
		_, err := newSink(c.config, connector.Env{})
		mistake, ok := errors.AsType[*connector.ConfigError](err)
		if !ok || mistake.Key != c.key {
			t.Errorf("error is %v, want one about %s", err, c.key)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := newSink(sinkConfig("", headers("a b", "", "c d", ""), func(c *SinkConfig) { c.Proxy = "ftp://x" }), connector.Env{})
	for _, key := range []string{"url: ", "headers.a b: ", "headers.c d: ", "proxy: "} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not tell of %s", err, key)
		}
	}
}

func TestDefinitionDescribesItself(t *testing.T) {
	definition := Definition()
	for _, config := range []any{definition.Source.Config(), definition.Sink.Config()} {
		if fields := field.Describe(config); len(fields) == 0 {
			t.Errorf("%T has no fields", config)
		}
	}
}
