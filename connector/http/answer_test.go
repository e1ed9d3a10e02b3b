package http

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

// answered is what a source with that configuration answers to a request whose record has the outcome.
func answered(t *testing.T, change func(*SourceConfig), outcomes ...*connector.Outcome) *httptest.ResponseRecorder {
	t.Helper()
	s := newTestSource(t, change)
	x := newExchange(len(outcomes), newAlarm().(*alarm))
	for i, outcome := range outcomes {
		x.tickets[i].record.ID = "7f3c"
		if outcome != nil {
			x.tickets[i].settle(outcome)
		}
	}
	w := httptest.NewRecorder()
	r := s.answerBatch(nil, x, false)
	if len(outcomes) == 1 {
		r = s.answerOne(nil, x, false)
	}
	s.write(w, &r)
	return w
}

func objectOf(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	return received{body: w.Body.String()}.object(t)
}

func TestEveryClassHasItsStatus(t *testing.T) {
	want := map[connector.Class]int{
		connector.ConnectTimeout: 504, connector.Refused: 502, connector.DNS: 502, connector.TLS: 502, connector.Reset: 502,
		connector.Timeout: 504, connector.Rejected: 422, connector.Throttled: 503, connector.Unavailable: 502,
		connector.Parse: 502, connector.Business: 422, connector.BreakerOpen: 503, connector.Denied: 502,
		connector.Invalid: 422, connector.Oversize: 413, connector.Expired: 502, connector.Panicked: 502, connector.Cancelled: 502,
	}
	titles := map[string]connector.Class{titleOf(0): 0}
	for _, class := range connector.Classes() {
		w := answered(t, nil, failed(class)(nil))
		if w.Code != want[class] || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d", class, w.Code, w.Header().Get("Content-Type"), want[class])
		}
		if retry := w.Header().Get("Retry-After"); (retry == "1") != (w.Code == 503) {
			t.Errorf("%s: Retry-After %q with %d", class, retry, w.Code)
		}
		o := objectOf(t, w)
		if o["class"] != class.String() || o["outcome"] != "failed" || o["id"] != "7f3c" || o["attempts"] != 3.0 {
			t.Errorf("%s: %v", class, o)
		}
		if o["type"] != "urn:acktor:problem:"+class.String() || o["status"] != float64(w.Code) {
			t.Errorf("%s: %v is no problem document", class, o)
		}
		if other, taken := titles[titleOf(class)]; taken {
			t.Errorf("%s and %s have the same title", class, other)
		}
		titles[titleOf(class)] = class
	}
}

func TestDeliveredAndFilteredAre200(t *testing.T) {
	w := answered(t, nil, &connector.Outcome{State: connector.Delivered, Attempts: 2, Response: &connector.Response{Status: 204, Note: "odd"}})
	if got := w.Body.String(); w.Code != 200 || w.Header().Get("Content-Type") != "application/json" ||
		got != `{"id":"7f3c","outcome":"delivered","attempts":2,"status":204,"sink_status":204,"detail":"odd"}` {
		t.Errorf("%d %s", w.Code, got)
	}
	w = answered(t, nil, &connector.Outcome{State: connector.Filtered, Reason: "step 1: record.data.total > 0"})
	if got := w.Body.String(); w.Code != 200 || got != `{"id":"7f3c","outcome":"filtered","attempts":0,"detail":"step 1: record.data.total > 0"}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

func TestUnsettledRecordIsPending(t *testing.T) {
	w := answered(t, nil, nil)
	if got := w.Body.String(); w.Code != 202 || got != `{"id":"7f3c","outcome":"pending","attempts":0}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

func TestAnswerHidesWhereTheRecordWentUnlessAsked(t *testing.T) {
	const secret = "crm.internal"
	for _, class := range connector.Classes() {
		outcome := &connector.Outcome{
			State: connector.Failed, Destination: "http://" + secret + ":8080", Reason: "at " + secret,
			Failure: &connector.Failure{Class: class, Status: 503, Detail: `Post "http://` + secret + `/hook": dial tcp 10.1.2.3:80: no route`},
		}
		outcome.Branches = []connector.Outcome{*outcome}
		got := answered(t, nil, outcome).Body.String()
		if strings.Contains(got, "internal") || strings.Contains(got, "10.1") || strings.Contains(got, "8080") {
			t.Errorf("%s: %s", class, got)
		}
		shown := objectOf(t, answered(t, func(c *SourceConfig) { c.ShowDestination = true }, outcome))
		if shown["destination"] != outcome.Destination || shown["detail"] != outcome.Failure.Detail || shown["sink_status"] != 503.0 {
			t.Errorf("%s: asked for and not shown: %v", class, shown)
		}
	}
}

func TestAddressesAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		"all is well":                        "all is well",
		"record.data.total: no such member":  "record.data.total: no such member",
		`Get "https://u:p@h/x?y": EOF`:       `Get "[hidden]": EOF`,
		"dial tcp 10.0.0.1:80: refused":      "dial tcp [hidden]: refused",
		"from 10.0.0.1, 192.168.7.7":         "from [hidden], [hidden]",
		"dial tcp [fe80::1%eth0]:80: x":      "dial tcp [hidden]: x",
		"dial tcp [::1]:80: x":               "dial tcp [hidden]: x",
		"lookup crm.svc.local on backend:53": "lookup [hidden] on [hidden]",
		"addr=db.internal/x":                 "addr=[hidden]/x",
		"a third, 0.5":                       "a third, 0.5",
	} {
		if got := hideAddresses(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSinksAnswerIsPassedOn(t *testing.T) {
	sinkResponds := func(status int, state connector.State) *connector.Outcome {
		o := &connector.Outcome{State: state, Response: &connector.Response{
			Status: status, Body: []byte("hello"), Truncated: true,
			Headers: connector.Headers{{Name: "content-type", Value: "text/x"}, {Name: "x-ok", Value: "1"}, {Name: "x-ok", Value: "2"}, {Name: "server", Value: "secret"}},
		}}
		if state == connector.Failed {
			o.Failure = &connector.Failure{Class: connector.Rejected, Status: status}
		}
		return o
	}
	respond := func(c *SourceConfig) { c.Respond, c.RespondHeaders = respondSink, []string{"Content-Type", "X-Ok"} }
	for _, o := range []*connector.Outcome{sinkResponds(201, connector.Delivered), sinkResponds(409, connector.Failed)} {
		w := answered(t, respond, o)
		header := w.Header()
		if w.Code != o.Response.Status || w.Body.String() != "hello" || header.Get("Content-Type") != "text/x" ||
			len(header["X-Ok"]) != 2 || header.Get("Server") != "" || header.Get("Acktor-Truncated") != "true" {
			t.Errorf("%d %v %s", w.Code, header, w.Body)
		}
	}
	for _, status := range []int{101, 600, 999, 0} {
		if w := answered(t, respond, sinkResponds(status, connector.Failed)); w.Code != 422 || objectOf(t, w)["outcome"] != "failed" {
			t.Errorf("status %d passed on as %d", status, w.Code)
		}
	}
	if w := answered(t, respond, failed(connector.Refused)(nil)); w.Code != 502 {
		t.Errorf("no answer of the sink: %d", w.Code)
	}
}

func TestBatchIsAnsweredWithItsGravestStatus(t *testing.T) {
	ok := delivered(nil)
	for _, c := range []struct {
		outcomes []*connector.Outcome
		want     int
	}{
		{[]*connector.Outcome{ok, ok}, 200},
		{[]*connector.Outcome{ok, nil}, 202},
		{[]*connector.Outcome{nil, failed(connector.Business)(nil), ok}, 422},
		{[]*connector.Outcome{failed(connector.Oversize)(nil), failed(connector.Invalid)(nil)}, 413},
		{[]*connector.Outcome{failed(connector.Throttled)(nil), failed(connector.Oversize)(nil)}, 503},
		{[]*connector.Outcome{failed(connector.Throttled)(nil), failed(connector.Timeout)(nil)}, 504},
		{[]*connector.Outcome{failed(connector.Timeout)(nil), failed(connector.Reset)(nil)}, 502},
	} {
		w := answered(t, nil, c.outcomes...)
		var list []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list) != len(c.outcomes) || w.Code != c.want {
			t.Errorf("%d %s, want %d (%v)", w.Code, w.Body, c.want, err)
		}
	}
}

func TestTextIsWrittenAsJSON(t *testing.T) {
	for _, text := range []string{"", `"\`, "\x00\n\x1f\x7f", "ä漢\U0001F600\u2028", "\xff\xfe", "</script>"} {
		var back string
		if err := json.Unmarshal(appendString(nil, text), &back); err != nil || back != strings.ToValidUTF8(text, "\uFFFD") && text != "\xff\xfe" {
			t.Errorf("%q: %q, %v", text, back, err)
		}
	}
}
