package http

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// misbehaviour is one way in which a peer may answer, and what an attempt must make of it. Those that have tests of their own elsewhere in
// this package are not here again.
type misbehaviour struct {
	name      string
	answer    func(conn net.Conn) // to each request; the connection is closed then
	change    func(*SinkConfig)
	within    time.Duration   // of the attempt; 0: long
	class     connector.Class // 0: delivered
	status    int             // of the answer
	ambiguous bool
	seen      int32 // requests; 0 stands for one
}

// costly is more than any answer may make an attempt allocate.
const costly = 4 << 20

func says(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// goesOn repeats a text after another until nobody listens, or it was sent so often.
func goesOn(first, text string, times int, every time.Duration) func(net.Conn) {
	piece := []byte(text)
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, first)
		for n := 0; err == nil && n < times; n++ {
			_, err = conn.Write(piece)
			if every > 0 {
				time.Sleep(every)
			}
		}
	}
}

func misbehaviours() []misbehaviour {
	const head = "HTTP/1.1 200 OK\r\n"
	const quick, drop = 100 * time.Millisecond, 10 * time.Millisecond
	strict := successWhen("response.json.code == 0")
	many := strings.Repeat("x", 1<<20)
	parse := func(name string, answer func(net.Conn), status int, change func(*SinkConfig)) misbehaviour {
		return misbehaviour{name: name, answer: answer, status: status, change: change, class: connector.Parse, ambiguous: true}
	}
	return []misbehaviour{
		{name: "chunk that is none", answer: says(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n"), status: 200},
		parse("chunk that is none, and the body is looked at", says(head+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n"), 200, strict),
		parse("chunk that breaks off", says(head+"Transfer-Encoding: chunked\r\n\r\nff\r\n{\"code\": 0}"), 200, strict),
		parse("length and chunks, broken off", says(head+"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"), 200, strict),
		{name: "length that is too small", answer: says(head + "Content-Length: 2\r\n\r\n{}" + head + "Content-Length: 9\r\n\r\n"), status: 200},
		parse("length that is too large", says(head+"Content-Length: 99\r\n\r\n{\"code\": 0}"), 200, strict),
		parse("two lengths", says(head+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}{"), 0, nil),
		parse("length that is no number", says(head+"Content-Length: 0x2\r\n\r\n{}"), 0, nil),
		parse("status of two digits", says("HTTP/1.1 20 OK\r\n\r\n"), 0, nil),
		parse("status of four digits", says("HTTP/1.1 2000 OK\r\n\r\n"), 0, nil),
		parse("status 600", says("HTTP/1.1 600 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), 600, nil),
		parse("status 999", says("HTTP/1.1 999 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), 999, nil),
		parse("101 that nobody asked for", says("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\n"), 101, nil),
		parse("another protocol", says("SSH-2.0-OpenSSH_9.6\r\n"), 0, nil),
		parse("hints without end", goesOn("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 1<<20, 0), 0, nil),
		parse("header of 20 MB", goesOn(head, "X: "+many+"\r\n", 20, 0), 0, nil),
		parse("header line of 20 MB", goesOn(head+"X: ", many, 20, 0), 0, nil),
		parse("status line of 20 MB", goesOn("HTTP/1.1 200 ", many, 20, 0), 0, nil),
		{name: "body of 1 GiB", answer: goesOn(head+"Content-Length: 1073741824\r\n\r\n", many, 1024, 0), status: 200},
		{name: "body without end", answer: goesOn(head+"\r\n", many, 1024, 0), status: 200},
		{name: "chunks without end", answer: goesOn(head+"Transfer-Encoding: chunked\r\n\r\n", "400\r\n"+many[:1<<10]+"\r\n", 1<<20, 0), status: 200},
		{name: "gzip bomb", answer: says(head + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + zeros(64<<20)), status: 200},
		{name: "headers by drops", answer: goesOn(head+"X: ", "y", 1<<20, drop), within: quick, class: connector.Timeout, ambiguous: true},
		{name: "body by drops", answer: goesOn(head+"Content-Length: 1000\r\n\r\n", "y", 1<<20, drop), within: quick, status: 200},
		{name: "redirects in a circle", answer: says("HTTP/1.1 307 X\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
			change: func(c *SinkConfig) { c.FollowRedirects = 5 }, class: connector.Rejected, status: 307, seen: 6},
		{name: "redirect to where the cloud keeps secrets", answer: says("HTTP/1.1 307 X\r\nLocation: http://169.254.169.254/latest/meta-data\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
			change: func(c *SinkConfig) { c.FollowRedirects = 5 }, class: connector.Denied},
		{name: "redirect to a port of this machine", answer: says("HTTP/1.1 302 X\r\nLocation: http://localhost:1/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
			change: func(c *SinkConfig) { c.FollowRedirects = 5 }, class: connector.Denied},
	}
}

// zeros is so many of them, compressed, a MiB at a time.
func zeros(n int) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Close()
	return strings.Repeat(out.String(), n>>20)
}

// TestWhateverAPeerDoesIsOneResult runs over both clients, as all tests here do.
func TestWhateverAPeerDoesIsOneResult(t *testing.T) {
	for _, m := range misbehaviours() {
		t.Run(m.name, m.try)
	}
}

func (m misbehaviour) try(t *testing.T) {
	var seen atomic.Int32
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if _, err := nethttp.ReadRequest(bufio.NewReader(conn)); err == nil {
			seen.Add(1)
			m.answer(conn)
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	change := func(c *SinkConfig) {}
	if m.change != nil {
		change = m.change
	}
	s := openSink(t, "http://"+address, change)
	batch := []*connector.Record{record("1", "{}")}
	cost := allocated(func() { m.judge(t, s, batch) })
	if cost > costly {
		t.Errorf("the attempt has allocated %d bytes", cost)
	}
	if got := seen.Load(); got != max(m.seen, 1) {
		t.Errorf("the peer saw %d requests, want %d", got, max(m.seen, 1))
	}
	m.judge(t, s, batch) // and nothing of the first answer is taken for that of the second
	if got := seen.Load(); got != 2*max(m.seen, 1) {
		t.Errorf("the peer saw %d requests in two attempts", got)
	}
}

// judge makes one attempt.
func (m misbehaviour) judge(t *testing.T, s *sink, batch []*connector.Record) {
	t.Helper()
	limit := m.within
	if limit == 0 {
		limit = 20 * time.Second
	}
	result := writeWithin(t, s, batch[0], limit)
	if m.class == 0 {
		response := wantDelivered(t, result)
		if response.Status != m.status || len(response.Body) > 64<<10 {
			t.Errorf("status %d, a body of %d bytes", response.Status, len(response.Body))
		}
		return
	}
	failure := wantFailure(t, result, m.class, m.ambiguous)
	if failure.Status != m.status || !harmless(failure.Detail) || len(failure.Detail) > maxDetail {
		t.Errorf("status %d, detail %q", failure.Status, failure.Detail)
	}
}

// allocated is what work allocates, and whatever else runs at the same time.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestCertificatesThatAreNotGoodAreTLS(t *testing.T) {
	known := newAuthority(t)
	for name, c := range map[string]struct {
		config *tls.Config
		change func(*SinkConfig)
	}{
		"expired":       {config: &tls.Config{Certificates: []tls.Certificate{known.server(time.Now().Add(-time.Minute))}}},
		"not yet valid": {config: &tls.Config{Certificates: []tls.Certificate{known.server(time.Now().Add(3 * time.Hour))}}},
		"of a client":   {config: &tls.Config{Certificates: []tls.Certificate{known.client("localhost")}}},
		"TLS 1.0":       {config: &tls.Config{Certificates: []tls.Certificate{known.server(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}},
		"TLS 1.1":       {config: &tls.Config{Certificates: []tls.Certificate{known.server(time.Now().Add(time.Hour))}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}},
	} {
		t.Run(name, func(t *testing.T) {
			peer := newPeer(t, nil, withTLS(c.config))
			s := openSink(t, peer.URL, func(config *SinkConfig) { config.TLS.CA = known.text() })
			for range 2 {
				wantFailure(t, write(t, s, record("1", "{}")), connector.TLS, false)
			}
			if requests, connections := len(peer.requests()), peer.connections(); requests != 0 || connections != 2 {
				t.Errorf("two attempts made %d requests over %d connections", requests, connections)
			}
		})
	}
}

// TestPeerThatTakesOneStreamAtATime: what is sent before the peer has told its limit is refused by it, and was not taken.
func TestPeerThatTakesOneStreamAtATimeIsAskedOnceForEach(t *testing.T) {
	peer := newPeer(t, nil, withTLS(&tls.Config{}), func(server *httptest.Server) {
		server.Config.HTTP2 = &nethttp.HTTP2Config{MaxConcurrentStreams: 1}
	})
	s := openSink(t, peer.URL, trusting(peer), func(c *SinkConfig) { c.MaxConnections = 4 })
	var delivered atomic.Int32
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if result := write(t, s, record("1", "{}")); result.Err == nil {
				delivered.Add(1)
			} else if failure, ok := result.Err.(*connector.AttemptError); !ok || failure.Class != connector.Reset || failure.Ambiguous {
				t.Errorf("result is %v", result.Err)
			}
		})
	}
	all.Wait()
	if got := len(peer.requests()); got != int(delivered.Load()) || got == 0 {
		t.Errorf("the peer has taken %d requests, %d are delivered", got, delivered.Load())
	}
}

func TestConnectionThatTookNothingIsAResetThatIsNotAmbiguous(t *testing.T) {
	failure := noAnswer(t.Context(), errors.New(unwritten), progress{connected: true, secure: true})
	if failure.Class != connector.Reset || failure.Ambiguous {
		t.Errorf("%+v", failure)
	}
}

// slowly stands before address and hands on what comes in pieces of that size, each after a pause.
func slowly(t *testing.T, address string, piece int, pause time.Duration) string {
	pass := func(to, from net.Conn) {
		buffer := make([]byte, piece)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				time.Sleep(pause)
				_, _ = to.Write(buffer[:n])
			}
			if err != nil {
				_ = to.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}
	return rawPeer(t, func(_ int, conn net.Conn) {
		behind, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer behind.Close()
		done := make(chan struct{})
		go func() { defer close(done); pass(behind, conn) }()
		pass(conn, behind)
		_ = conn.Close()
		<-done
	})
}

func TestSlowLinesChangeNothingButTheTime(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		_, _ = fmt.Fprint(w, `{"code": 0, "more": "`, strings.Repeat("x", 300), `"}`)
	})
	for name, c := range map[string]struct {
		piece int
		pause time.Duration
	}{
		"latency": {64 << 10, 20 * time.Millisecond}, "bandwidth": {32, time.Millisecond}, "slices": {1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(peer.requests())
			s := openSink(t, "http://"+slowly(t, strings.TrimPrefix(peer.URL, "http://"), c.piece, c.pause), successWhen("response.json.code == 0"))
			for range 3 {
				wantDelivered(t, write(t, s, record("1", "{}")))
			}
			if got := len(peer.requests()) - before; got != 3 {
				t.Errorf("the peer saw %d requests in 3 attempts", got)
			}
			if name == "latency" {
				wantFailure(t, writeWithin(t, s, record("2", "{}"), 5*time.Millisecond), connector.Timeout, true)
			}
		})
	}
}
