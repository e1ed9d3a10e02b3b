package http

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// raw returns what net/http sends for m.
func raw(t testing.TB, m *message) string {
	t.Helper()
	var sent bytes.Buffer
	if err := m.request().Write(&sent); err != nil {
		t.Fatal(err)
	}
	return sent.String()
}

func TestBothClientsSendTheSameBytes(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "QUERY"} {
		for _, address := range []string{"http://x", "http://X.example:80/a%2Fb/ü?q=ü&r=a b", "http://[::1]:8080/?", "http://x:/a//b;c"} {
			for _, body := range []string{"", "{}", "\x00\r\n\r\n"} {
				for _, host := range []string{"", "virtual.example"} {
					u, err := parseURL(address)
					if err != nil {
						t.Fatal(err)
					}
					m := &message{body: []byte(body), envelope: envelope{method: method, place: placeOf(u), host: host}}
					for _, h := range []headerField{
						{"User-Agent", " acktor "}, {"idempotency-key", "1"}, {"X-B", "\ttext  "}, {"X-A", "1"}, {"Content-Type", "a/b"}, {"X-Empty", ""},
					} {
						m.header.put(h.name, h.value)
					}
					sameBytes(t, m)
					m.header = fields{{"User-Agent", ""}}
					sameBytes(t, m)
				}
			}
		}
	}
}

func sameBytes(t testing.TB, m *message) {
	t.Helper()
	var got bytes.Buffer
	m.writeHead(&got)
	got.Write(m.body)
	if want := raw(t, m); got.String() != want {
		t.Errorf("%s %s: sent\n%q, want\n%q", m.method, m.url, got.String(), want)
	}
}

func FuzzRequestsAreTheSameByBothClients(f *testing.F) {
	f.Add("http://x/a?b", "X-A", "v", "body")
	f.Add("http://x:1/%zz ä", "user-agent", " \t", "")
	f.Fuzz(func(t *testing.T, address, name, value, body string) {
		u, err := parseURL(address)
		if err != nil || u.Scheme != "http" || !plainHost(u) || checkHeaderName("", name) != nil {
			return
		}
		header := fields{{"User-Agent", "acktor"}}
		if header.set(headerName(name), value) != nil {
			return
		}
		sameBytes(t, &message{body: []byte(body), envelope: envelope{method: "POST", place: placeOf(u), header: header}})
	})
}

// TestBothClientsUnderstandTheSame: each answer is sent to both, and means the same to both.
func TestBothClientsUnderstandTheSame(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, answer := range []string{
		head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
		head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", head + "Content-Length: +2\r\n\r\nok",
		head + "Content-Length: 99999999999999999999\r\n\r\nok", head + "Content-Length: -1\r\n\r\n",
		head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", head + "Transfer-Encoding: identity\r\n\r\nok",
		head + "Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\nok\r\n0\r\nX: trailer\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n",
		head + "Transfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n0\r\n\r\n", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		head + "\r\nuntil the end", "HTTP/1.0 200 OK\r\n\r\nuntil the end", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n", "HTTP/9 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", " HTTP/1.1 200 OK\r\n\r\n", "\r\n" + head + "\r\n",
		"HTTP/1.1 000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n",
		"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nabcde", "HTTP/1.1 304 No\r\n\r\n", "HTTP/1.1 103 Hints\r\n\r\n",
		"HTTP/1.1 102 X\r\nContent-Length: 0\r\n\r\n" + head + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 199 X\r\n\r\n" + head + "Content-Length: 2\r\n\r\nok", strings.Repeat("HTTP/1.1 100 Continue\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 70),
		head + "X : y\r\n\r\n", head + " X: y\r\n\r\n", head + "X: y\r\n folded\r\nContent-Length: 0\r\n\r\n", head + ": y\r\n\r\n", head + "X\r\n\r\n",
		head + "X: \x00\r\n\r\n", head + "X\x00: y\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", head + "Content-Length: 5\r\n\r\nok", "", "\r\n", "H",
		head + "X-A: 1\r\nX-a: 2\r\ncontent-type: a\r\nContent-Length: 0\r\n\r\n", head + "Content-Length: 0\r\nConnection: close\r\n\r\nrest", head + "Content-Length: 2\r\n\r\nok and more",
	} {
		for _, method := range []string{"POST", "HEAD"} {
			address := answerRaw(t, answer)
			var words []string
			for _, client := range []string{clientAuto, clientStandard} {
				s := openSink(t, "http://"+address, func(c *SinkConfig) {
					c.Client, c.Method, c.ResponseHeaders = client, template(method), []string{"X", "X-A"}
				})
				words = append(words, inWords(write(t, s, record("1", "{}"))))
			}
			if words[0] != words[1] {
				t.Errorf("%s %.200q means %s, to net/http %s", method, answer, words[0], words[1])
			}
		}
	}
}

// inWords tells of a result all but the details.
func inWords(result connector.Result) string {
	text := "delivered"
	if result.Err != nil {
		failure := connector.Classify(result.Err)
		text = fmt.Sprintf("%s (ambiguous %t, status %d)", failure.Class, failure.Ambiguous, failure.Status)
	}
	if r := result.Response; r != nil {
		text += fmt.Sprintf(", %d %v %q (truncated %t, broken %t)", r.Status, r.Headers, r.Body, r.Truncated, r.Note != "")
	}
	return text
}

func TestPlainRequestsAloneTakeThePlainWay(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*SinkConfig)
		plain  bool
	}{
		"default":   {func(*SinkConfig) {}, seesTheEnd},
		"redirects": {func(c *SinkConfig) { c.FollowRedirects = 3 }, seesTheEnd},
		"standard":  {func(c *SinkConfig) { c.Client = clientStandard }, false},
		"http2":     {func(c *SinkConfig) { c.HTTP2 = http2Always }, false},
		"proxy":     {through("http://proxy:3128"), false},
	} {
		s := openSink(t, "http://x/", func(s *SinkConfig) { s.Client = clientAuto }, c.change)
		if _, plain := s.exchanger.(*eitherExchanger); plain != c.plain {
			t.Errorf("%s: the plain way is open: %t", name, plain)
		}
	}
	for host, plain := range map[string]bool{"x": true, "[::1]:80": true, "bücher.example": false, "[fe80::1%25eth0]": false} {
		u, err := parseURL("http://" + host)
		if err != nil || plainHost(u) != plain {
			t.Errorf("%s: plain %t, %v", host, !plain, err)
		}
	}
}

func TestConnectionThatThePeerClosedWhileIdleIsNotUsed(t *testing.T) {
	for name, farewell := range map[string]string{"silently": "", "with words": "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int32
			closed := make(chan struct{})
			address := rawPeer(t, func(_ int, conn net.Conn) {
				if readRequest(conn) {
					seen.Add(1)
					_, _ = io.WriteString(conn, plainOK)
					<-closed
					_, _ = io.WriteString(conn, farewell)
					_ = conn.Close()
					closed <- struct{}{}
				}
			})
			s := openSink(t, "http://"+address, func(c *SinkConfig) { c.Client = clientAuto })
			for range 5 {
				wantDelivered(t, write(t, s, record("1", "{}")))
				closed <- struct{}{}
				<-closed
			}
			if got := seen.Load(); got != 5 {
				t.Errorf("the peer saw %d requests, want 5", got)
			}
		})
	}
}

// slurp reads the head of a request and no more.
func slurp(conn net.Conn) {
	r := bufio.NewReaderSize(conn, 16)
	for {
		if line, _, err := r.ReadLine(); err != nil || len(line) == 0 {
			return
		}
	}
}

const large = 8 << 20

func TestPeerThatAnswersBeforeItHasReadAllIsHeard(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	address := rawPeer(t, func(_ int, conn net.Conn) {
		slurp(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
		<-release // and reads no more
	})
	s := openSink(t, "http://"+address)
	began := time.Now()
	failure := wantFailure(t, write(t, s, record("1", strings.Repeat("x", large))), connector.Rejected, false)
	if took := time.Since(began); failure.Status != 413 || took > 10*time.Second {
		t.Errorf("status is %d after %v", failure.Status, took)
	}
}

func TestLargeRequestsArriveWholeOverOneConnection(t *testing.T) {
	peer := newPeer(t, nil)
	s := openSink(t, peer.URL, func(c *SinkConfig) { c.HeaderTimeout = 10 * time.Second })
	for _, size := range []int{together - 200, together, together + 1, large, 3} {
		data := strings.Repeat("y", size)
		wantDelivered(t, write(t, s, record("1", data)))
		if seen := peer.requests(); seen[len(seen)-1].body != data {
			t.Errorf("%d bytes did not arrive", size)
		}
	}
	if got := peer.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestPeerThatDoesNotReadIsTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	address := rawPeer(t, func(_ int, conn net.Conn) { <-release })
	s := openSink(t, "http://"+address)
	wantFailure(t, writeWithin(t, s, record("1", strings.Repeat("x", large)), 100*time.Millisecond), connector.Timeout, true)
}

func TestBodyThatHangsEndsWithTheAttempt(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	s := openSink(t, "http://"+address)
	response := wantDelivered(t, writeWithin(t, s, record("1", "{}"), 100*time.Millisecond))
	if string(response.Body) != "ab" || !strings.Contains(response.Note, context.DeadlineExceeded.Error()) {
		t.Errorf("response is %+v", response)
	}
}

func TestNoFreeConnectionInTimeIsConnectTimeout(t *testing.T) {
	arrived := make(chan struct{}, 8)
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			arrived <- struct{}{}
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	s := openSink(t, "http://"+address, func(c *SinkConfig) { c.MaxConnections = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { s.Write(ctx, []*connector.Record{record("1", "{}")}) })
	<-arrived
	wantFailure(t, writeWithin(t, s, record("2", "{}"), 50*time.Millisecond), connector.ConnectTimeout, false)
	withdrawn, withdraw := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, withdraw)
	wantFailure(t, s.Write(withdrawn, []*connector.Record{record("3", "{}")})[0], connector.Cancelled, false)
	cancel()
	wait.Wait()
}

func TestHeaderOfTheAgentMayBeLeftOut(t *testing.T) {
	for _, value := range []string{"", "{{ record.headers.none }}"} {
		got := sent(t, record("1", "{}"), headers("User-Agent", value))
		if agent, there := got.header["User-Agent"]; there {
			t.Errorf("User-Agent is %q", agent)
		}
	}
}

// Package net/http, where an answer is longer than announced, may take the rest for the next answer.
func TestConnectionIsNotUsedAgainWhereTheNextAnswerWouldNotBeFound(t *testing.T) {
	for name, answer := range map[string]string{
		"close":                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"close with body":      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
		"old version":          "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"more than announced":  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n",
		"more than nothing":    "HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
		"too large to be read": "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + strings.Repeat("x", 100),
	} {
		t.Run(name, func(t *testing.T) {
			var again atomic.Int32
			address := rawPeer(t, func(_ int, conn net.Conn) {
				r := bufio.NewReader(conn)
				for n := int32(0); readRequestFrom(r); n++ {
					again.Add(n)
					_, _ = io.WriteString(conn, answer)
				}
			})
			s := openSink(t, "http://"+address, func(c *SinkConfig) { c.MaxResponse, c.Client = 10, clientAuto })
			for range 3 {
				wantDelivered(t, write(t, s, record("1", "{}")))
			}
			if again.Load() != 0 {
				t.Error("a connection was used again")
			}
		})
	}
}

func TestHeaderTimeoutEndsWithTheHeaders(t *testing.T) {
	const limit = 100 * time.Millisecond
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		_ = nethttp.NewResponseController(w).Flush()
		time.Sleep(2 * limit)
		_, _ = io.WriteString(w, "late")
	})
	s := openSink(t, peer.URL, func(c *SinkConfig) { c.HeaderTimeout = limit })
	for _, data := range []string{"{}", strings.Repeat("x", 2*together)} {
		if response := wantDelivered(t, write(t, s, record("1", data))); string(response.Body) != "late" {
			t.Errorf("response is %+v", response)
		}
	}
	if got := peer.connections(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestConnectionOfAnAttemptThatWasWithdrawnIsNotKept(t *testing.T) {
	w := newWired(func(*SinkConfig) {})
	defer w.close()
	x := &call{line: w.mustTake(t, "a"), lines: w.lines, ctx: t.Context(), stop: func() bool { return false }}
	if x.finish(true); w.quiet != 0 || w.sum() != 0 {
		t.Error("it is kept, and about to be closed")
	}
}

func TestHeaderTimeoutSaysSo(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	s := openSink(t, "http://"+address, func(c *SinkConfig) { c.HeaderTimeout, c.Client = 20*time.Millisecond, clientAuto })
	failure := wantFailure(t, write(t, s, record("1", "{}")), connector.Timeout, true)
	if !strings.Contains(failure.Detail, "headers of an answer within 20ms") {
		t.Errorf("detail is %q", failure.Detail)
	}
}

func TestCloseEndsThoseInFlightAndThoseWhoWait(t *testing.T) {
	arrived := make(chan struct{}, 8)
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			arrived <- struct{}{}
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	outlet := outletOf(t, sinkConfig("http://"+address, func(c *SinkConfig) { c.MaxConnections = 1 }))
	made, err := outlet.New(outlet.Name)
	if err != nil {
		t.Fatal(err)
	}
	s := made.(*sink)
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	results := make(chan connector.Result, 3)
	for range cap(results) {
		go func() { results <- write(t, s, record("1", "{}")) }()
	}
	<-arrived
	s.pool.leave()
	sent := 0
	for range cap(results) {
		failure := connector.Classify((<-results).Err)
		if failure.Ambiguous {
			sent++
		}
		if failure.Class != connector.Reset && failure.Class != connector.Refused {
			t.Errorf("class is %s: %v", failure.Class, failure.Err)
		}
	}
	if sent != 1 {
		t.Errorf("%d attempts may have been heard, want 1", sent)
	}
}
