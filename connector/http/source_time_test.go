package http

import (
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
)

// serveInBubble serves one request without a network, so that time can be virtual. It returns the answer and how
// long it took.
func serveInBubble(s *source, h *handler, body string, header ...string) (*httptest.ResponseRecorder, time.Duration) {
	request := httptest.NewRequest("POST", s.config.Path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	w, start := httptest.NewRecorder(), time.Now()
	h.ServeHTTP(w, request)
	return w, time.Since(start)
}

func newBubble(t *testing.T, change func(*SourceConfig)) (*source, *handler) {
	s := newTestSource(t, func(c *SourceConfig) {
		c.AdmissionWait = 100 * time.Millisecond
		if change != nil {
			change(c)
		}
	})
	s.waiting.setOpen(true)
	return s, &handler{source: s, session: newSession(nil)}
}

func TestRecordThatNobodyTakesIsRefusedAfterTheAdmissionWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, func(c *SourceConfig) { c.RetryAfter = 1500 * time.Millisecond })
		w, took := serveInBubble(s, h, "{}")
		if w.Code != 503 || took != 100*time.Millisecond || w.Header().Get("Retry-After") != "2" {
			t.Errorf("%d after %s, Retry-After %q", w.Code, took, w.Header().Get("Retry-After"))
		}
		if s.waiting.take(ample) != nil || s.waiting.bytes.Load() != 0 {
			t.Error("the record was not withdrawn")
		}
	})
}

func TestOutcomeThatIsNotKnownInTimeIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, nil)
		taken := make(chan []*connector.Record, 1)
		go func() {
			time.Sleep(50 * time.Millisecond)
			taken <- s.waiting.take(ample)
		}()
		w, took := serveInBubble(s, h, "{}", "Webhook-Id", "7")
		if w.Code != 202 || took != 30*time.Second || !strings.Contains(w.Body.String(), `"id":"7","outcome":"pending"`) {
			t.Errorf("%d after %s: %s", w.Code, took, w.Body)
		}
		late := []connector.Settled{{Record: (<-taken)[0], Outcome: delivered(nil)}}
		for range 2 { // the delivery went on, and nobody is hurt by its end
			if err := s.Settle(t.Context(), late); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOutcomeIsAnsweredWhenItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, nil)
		go func() {
			records := s.waiting.take(ample)
			for records == nil {
				<-s.waiting.arrived
				records = s.waiting.take(ample)
			}
			time.Sleep(20 * time.Second)
			_ = s.Settle(t.Context(), []connector.Settled{{Record: records[0], Outcome: delivered(nil)}})
		}()
		if w, took := serveInBubble(s, h, "{}"); w.Code != 200 || took != 20*time.Second {
			t.Errorf("%d after %s", w.Code, took)
		}
	})
}

func TestBatchTakenInPartIsAnsweredForEachRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, nil)
		go func() {
			<-s.waiting.arrived
			records := s.waiting.take(connector.Credit{Records: 2, Bytes: 1 << 20})
			time.Sleep(time.Second)
			_ = s.Settle(t.Context(), []connector.Settled{{Record: records[1], Outcome: delivered(nil)}, {Record: records[0], Outcome: failed(connector.Business)(nil)}})
		}()
		one := `{"specversion":"1.0","type":"t","source":"/s","id":"`
		w, took := serveInBubble(s, h, `[`+one+`a"},`+one+`b"},`+one+`c"}]`, "Content-Type", batchType)
		var outcomes []string
		for part := range strings.SplitSeq(w.Body.String(), `"id":"`) {
			outcomes = append(outcomes, part)
		}
		if w.Code != 503 || took != time.Second || len(outcomes) != 4 {
			t.Fatalf("%d after %s: %s", w.Code, took, w.Body)
		}
		for i, want := range []string{`a","outcome":"failed"`, `b","outcome":"delivered"`, `c"`} {
			if !strings.HasPrefix(outcomes[i+1], want) {
				t.Errorf("record %d: %s", i, outcomes[i+1])
			}
		}
	})
}

func TestListThatIsFullRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, func(c *SourceConfig) { c.MaxWaiting, c.MaxBatch = 2, 2 })
		for range 2 {
			go serveInBubble(s, h, "{}")
		}
		synctest.Wait()
		if w, took := serveInBubble(s, h, "{}"); w.Code != 503 || took != 0 {
			t.Errorf("%d after %s", w.Code, took)
		}
		time.Sleep(time.Second)
		synctest.Wait()
	})
}

func TestBodiesBeyondTheBudgetAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, func(c *SourceConfig) { c.MaxBody, c.MaxWaitingBytes = 1000, 1500 })
		go serveInBubble(s, h, strings.Repeat("x", 1000))
		synctest.Wait()
		if w, took := serveInBubble(s, h, strings.Repeat("x", 501)); w.Code != 503 || took != 0 {
			t.Errorf("%d after %s", w.Code, took)
		}
		if records := s.waiting.take(ample); len(records) != 1 || s.waiting.bytes.Load() != 0 {
			t.Errorf("%d records taken, %d bytes still held", len(records), s.waiting.bytes.Load())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

func TestCutSessionAnswersWhatItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, nil)
		go func() {
			<-s.waiting.arrived
			s.waiting.take(ample)
			time.Sleep(time.Second)
			close(h.session.cut)
		}()
		w, took := serveInBubble(s, h, "{}")
		if w.Code != 502 || took != time.Second || !strings.Contains(w.Body.String(), `"class":"cancelled","ambiguous":true`) {
			t.Errorf("%d after %s: %s", w.Code, took, w.Body)
		}
	})
}

func TestHandlerDoesNotEnterAClosedSession(t *testing.T) {
	session := newSession(nil)
	if !session.enter() {
		t.Fatal("an open session is closed")
	}
	session.startClosing()
	if !session.enter() { // another one runs: Close waits for both
		t.Error("a session that waits is closed")
	}
	session.leave()
	session.leave()
	<-session.idle
	defer func() {
		if recovered := recover(); recovered != nethttp.ErrAbortHandler {
			t.Errorf("panic %v", recovered)
		}
	}()
	(&handler{session: session}).ServeHTTP(nil, nil)
}

func TestHeadersOfTheConnectionAreNoneOfTheRecord(t *testing.T) {
	got := (&standardHead{Header: nethttp.Header{
		"Connection": {"close, X-Hop", " X-Hop-Too"}, "X-Hop": {"1"}, "X-Hop-Too": {"1"}, "Keep-Alive": {"1"}, "Te": {"1"},
		"Transfer-Encoding": {"x"}, "Trailer": {"x"}, "Upgrade": {"x"}, "Proxy-Authorization": {"x"}, "Content-Length": {"1"},
		"B": {"2", "1"}, "A": {"", "0"}, "Content-Type": {"text/plain"}, "Expect": {"100-continue"},
	}}).recordHeaders()
	want := connector.Headers{{Name: "a"}, {Name: "a", Value: "0"}, {Name: "b", Value: "2"}, {Name: "b", Value: "1"}, {Name: "content-type", Value: "text/plain"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
