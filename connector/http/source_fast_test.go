package http

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// passing is what differs from one answer to the next: generated ids, and a date where the body should be of what follows
// the answer to a HEAD.
var passing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|Date: [^\r]+`)

// conversation is what a client sees after it has sent all of its bytes and closed its sending side.
func (r *rig) conversation(bytes string) (answers []string) {
	conn, err := net.Dial("tcp", r.source.Addr().String())
	if err != nil {
		return []string{err.Error()}
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, bytes)
	_ = conn.(*net.TCPConn).CloseWrite()
	from := bufio.NewReader(conn)
	for {
		response, err := nethttp.ReadResponse(from, nil)
		if err != nil {
			return append(answers, "end")
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if _, dated := response.Header["Date"]; !dated && response.StatusCode/100 == 2 {
			answers = append(answers, "without a date")
		}
		response.Header.Del("Date")
		answers = append(answers, fmt.Sprintf("%s %s %v %d %q %v", response.Proto, response.Status, response.Header, response.ContentLength, passing.ReplaceAll(body, []byte("*")), err))
	}
}

// TestBothServersAnswerAlike compares all that a client sees, byte for byte where it matters.
func TestBothServersAnswerAlike(t *testing.T) {
	follow := post + "Webhook-Id: next\r\nContent-Length: 1\r\n\r\nx"
	requests := []string{
		post + "Webhook-Id: 1\r\nContent-Length: 2\r\n\r\n{}",
		post + "Webhook-Id: 1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
		post + "Webhook-Id: 1\r\n\r\n", post + "Content-Length: 1\r\n\r\nx\r\n", post + "Content-Length: 1\r\n\r\nx\r\n\r\n",
		post + "\r\n\r\n\r\n\r\n",
		post + "Webhook-Id: " + strings.Repeat("x", 300) + "\r\nContent-Length: 0\r\n\r\n",
		post + "Webhook-Id: 1\r\nX-Fail: 1\r\nContent-Length: 2\r\n\r\n{}",
		post + "Webhook-Id: 1\r\nX-Sink: 204\r\n\r\n", post + "Webhook-Id: 1\r\nX-Sink: 304\r\n\r\n", post + "Webhook-Id: 1\r\nX-Sink: 599\r\n\r\n",
		post + "Webhook-Id: 1\r\nX-Sink: 201\r\n\r\n", post + "Webhook-Id: 1\r\nX-Sink: 700\r\n\r\n",
		post + "Content-Type: " + batchType + "\r\nContent-Length: 2\r\n\r\n[]",
		post + "Content-Type: " + structuredType + "\r\nContent-Length: 2\r\n\r\n{}",
		"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
		post + "Content-Length: 30000\r\n\r\n" + strings.Repeat("x", 30000), post + "Content-Length: 30001\r\n\r\n",
		post + "Webhook-Id: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		post + "Content-Length: 3\r\n\r\nab", "POST / HT", post + "X: " + strings.Repeat("x", 5000) + "\r\nWebhook-Id: 1\r\n\r\n",
		"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000),
	}
	for _, text := range otherHeads {
		requests = append(requests, text)
	}
	for _, respond := range []string{respondOutcome, respondSink} {
		var rigs []*rig
		for _, server := range []string{serverStandard, serverFast} {
			r := newRig(t, func(c *SourceConfig) { c.Server, c.Respond, c.MaxBody = server, respond, 30000 })
			r.engine(ample, sinkSays)
			rigs = append(rigs, r)
		}
		var all sync.WaitGroup
		for _, request := range requests {
			all.Go(func() {
				want, got := rigs[0].conversation(request+follow), rigs[1].conversation(request+follow)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%.90q:\n%.400q\nnet/http:\n%.400q", request, got, want)
				}
			})
		}
		all.Wait()
	}
}

// sinkSays decides by headers of the record.
func sinkSays(record *connector.Record) *connector.Outcome {
	if record.ID != "1" && record.ID != "next" {
		return &connector.Outcome{State: connector.Filtered}
	}
	if record.Headers.Has("x-fail") {
		return failed(connector.Throttled)(record)
	}
	outcome := &connector.Outcome{State: connector.Delivered, Sink: "crm", Attempts: 1}
	if status := record.Headers.Get("x-sink"); status != "" {
		outcome.Response = &connector.Response{Body: []byte(strings.Repeat("y", writtenApart)), Truncated: true, Headers: connector.Headers{
			{Name: "content-type", Value: "text/x"}, {Name: "content-encoding", Value: "a\r\nb"}, {Name: "server", Value: "secret"},
		}}
		_, _ = fmt.Sscan(status, &outcome.Response.Status)
	}
	return outcome
}

func TestConnectionGoesOverToNetHTTPInItsMiddle(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Server = serverFast })
	r.engine(ample, delivered)
	one := post + "Webhook-Id: %d\r\nContent-Length: 1\r\n%s\r\nx"
	answers := strings.Join(r.conversation(fmt.Sprintf(one, 1, "")+fmt.Sprintf(one, 2, "Te: trailers\r\n")+fmt.Sprintf(one, 3, "")), "\n")
	for _, id := range []string{"1", "2", "3"} {
		if strings.Count(answers, `\"id\":\"`+id+`\"`) != 1 {
			t.Errorf("%s: %s", id, answers)
		}
	}
	waitFor(t, func() bool { return r.source.current().fast.count() == 0 })
}

func (s *fastServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func TestHandlerThatPanicsEndsItsConnectionAlone(t *testing.T) {
	r := newRig(t, nil)
	r.engine(ample, delivered)
	var broken atomic.Bool
	r.source.alarms.New = func() any {
		if broken.Load() {
			return nil
		}
		return newAlarm()
	}
	broken.Store(true)
	if answer := r.raw(post + "Content-Length: 0\r\n\r\n"); answer != "" {
		t.Errorf("%q", answer)
	}
	broken.Store(false)
	if got := r.post("{}"); got.status != 200 {
		t.Errorf("the next one: %d", got.status)
	}
}

func TestClientThatDoesNotReadCannotHoldUpClose(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.Respond, c.WriteTimeout = respondSink, time.Hour })
	large := &connector.Outcome{State: connector.Delivered, Response: &connector.Response{Status: 200, Body: make([]byte, 64<<20)}}
	r.engine(ample, func(*connector.Record) *connector.Outcome { return large })
	_, _ = io.WriteString(r.dial(), post+"Content-Length: 0\r\n\r\n")
	waitFor(t, func() bool { return len(r.taken()) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.source.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestWordsToTheWrongDoorAreAnswered(t *testing.T) {
	files, _ := certificate(t)
	r := newRig(t, func(c *SourceConfig) { c.TLS = files })
	if answer := r.raw(post + "\r\n"); !strings.HasPrefix(answer, "HTTP/1.0 400 Bad Request\r\n\r\n") {
		t.Errorf("%q", answer)
	}
	if answer := r.raw("\x16\x03\x01\x00\x05hello"); strings.Contains(answer, "HTTP") {
		t.Errorf("%q", answer)
	}
}

// weary is a listener that cannot accept at times.
type weary struct {
	net.Listener
	failures atomic.Int32
}

func (w *weary) Accept() (net.Conn, error) {
	if w.failures.Add(1) < 3 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return w.Listener.Accept()
}

func TestLackOfFilesPasses(t *testing.T) {
	s := newTestSource(t, func(c *SourceConfig) { c.Server = serverFast })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	session := newSession(&weary{Listener: listener})
	fast := newFastServer(&handler{source: s, session: session}, nil)
	ended := make(chan error)
	go func() { ended <- fast.accept(session.listener) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return fast.count() == 1 })
	_ = conn.Close()
	_ = listener.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
	session.startClosing()
	fast.shutdown(t.Context())
}
