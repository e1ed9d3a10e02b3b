package http

import (
	"bufio"
	"context"
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

// readRequest reads one request with its body, and reports whether there was one.
func readRequest(conn net.Conn) bool { return readRequestFrom(bufio.NewReader(conn)) }

func readRequestFrom(r *bufio.Reader) bool {
	request, err := nethttp.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err == nil
}

const plainOK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

func TestRefusedConnectionIsNotAmbiguous(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	for _, scheme := range []string{"http://", "https://"} {
		wantFailure(t, write(t, openSink(t, scheme+address), record("1", "{}")), connector.Refused, false)
	}
}

func TestUnknownNameIsDNS(t *testing.T) {
	s := openSink(t, "http://no-such-host.invalid/")
	wantFailure(t, write(t, s, record("1", "{}")), connector.DNS, false)
}

// deaf listens on an address whose queue of connections is full.
func deaf(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs a listener with an empty queue")
	}
	listener, err := listenWithoutQueue()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), 200*time.Millisecond)
		if err != nil {
			return listener.Addr().String()
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}

func TestConnectionThatIsNotMadeInTimeIsConnectTimeout(t *testing.T) {
	address := deaf(t)
	byOwnLimit := openSink(t, "http://"+address, func(c *SinkConfig) { c.ConnectTimeout = 50 * time.Millisecond })
	wantFailure(t, write(t, byOwnLimit, record("1", "{}")), connector.ConnectTimeout, false)
	byAttempt := openSink(t, "http://"+address)
	wantFailure(t, writeWithin(t, byAttempt, record("1", "{}"), 50*time.Millisecond), connector.ConnectTimeout, false)
}

func TestPeerThatHangsIsTimeout(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	byAttempt := openSink(t, "http://"+address)
	wantFailure(t, writeWithin(t, byAttempt, record("1", "{}"), 50*time.Millisecond), connector.Timeout, true)
	byHeader := openSink(t, "http://"+address, func(c *SinkConfig) { c.HeaderTimeout = 50 * time.Millisecond })
	wantFailure(t, write(t, byHeader, record("1", "{}")), connector.Timeout, true)
}

func TestHeadersThatComeByDropsAreTimeout(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if !readRequest(conn) {
			return
		}
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			time.Sleep(5 * time.Millisecond)
			_, err = io.WriteString(conn, "X: y\r\n")
		}
	})
	s := openSink(t, "http://"+address, func(c *SinkConfig) { c.HeaderTimeout = 60 * time.Millisecond })
	wantFailure(t, write(t, s, record("1", "{}")), connector.Timeout, true)
}

func TestWithdrawnAttemptIsCancelled(t *testing.T) {
	arrived := make(chan struct{})
	address := rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			close(arrived)
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	s := openSink(t, "http://"+address)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		cancel(io.ErrShortBuffer) // any cause of one's own
	}()
	wantFailure(t, s.Write(ctx, []*connector.Record{record("1", "{}")})[0], connector.Cancelled, true)

	wantFailure(t, s.Write(ctx, []*connector.Record{record("2", "{}")})[0], connector.Cancelled, false)
}

func TestConnectionThatBreaksIsReset(t *testing.T) {
	for name, end := range map[string]func(*net.TCPConn){
		"closed": func(conn *net.TCPConn) {},
		"reset":  func(conn *net.TCPConn) { _ = conn.SetLinger(0) },
		"half an answer": func(conn *net.TCPConn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
		},
		"half a header": func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le") },
		"half a status": func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "HTTP/1.1 2") },
	} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int32
			address := rawPeer(t, func(_ int, conn net.Conn) {
				if readRequest(conn) {
					seen.Add(1)
					end(conn.(*net.TCPConn))
				}
			})
			wantFailure(t, write(t, openSink(t, "http://"+address), record("1", "{}")), connector.Reset, true)
			if got := seen.Load(); got != 1 {
				t.Errorf("the peer saw %d requests", got)
			}
		})
	}
}

// TestRequestIsNeverSentTwiceBySilence: net/http resends what it holds to be idempotent when a connection that
// was used before breaks. The peer answers the first request of each connection and breaks at the second.
func TestRequestIsNeverSentTwiceBySilence(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"} {
		for _, header := range []string{"Idempotency-Key", "X-Idempotency-Key", "x-idempotency-key", ""} {
			for _, data := range []string{"{}", ""} {
				for name, abrupt := range map[string]bool{"closed": false, "reset": true} {
					t.Run(strings.Join([]string{method, header, data, name}, " "), func(t *testing.T) {
						oneAttemptOneRequest(t, method, header, data, abrupt)
					})
				}
			}
		}
	}
}

func oneAttemptOneRequest(t *testing.T, method, header, data string, abrupt bool) {
	var seen atomic.Int32
	address := rawPeer(t, func(_ int, conn net.Conn) {
		r := bufio.NewReader(conn)
		for n := 0; readRequestFrom(r); n++ {
			seen.Add(1)
			if n == 1 {
				if abrupt {
					_ = conn.(*net.TCPConn).SetLinger(0)
				}
				return
			}
			_, _ = io.WriteString(conn, plainOK)
		}
	})
	s := openSink(t, "http://"+address, func(c *SinkConfig) {
		c.Method, c.IdempotencyHeader = template(method), header
	})
	attempts := int32(0)
	for range 3 {
		attempts++
		wantDelivered(t, write(t, s, record("1", data)))
		attempts++
		wantFailure(t, write(t, s, record("1", data)), connector.Reset, true)
	}
	if got := seen.Load(); got != attempts {
		t.Errorf("the peer saw %d requests, %d attempts were made", got, attempts)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	const total, together = 1000, 64
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, `{"ok": true}`) })
	s := openSink(t, peer.URL, func(c *SinkConfig) { c.MaxConnections = together })
	inParallel(t, s, total, together)
	if got := peer.connections(); got > together {
		t.Errorf("%d requests opened %d connections, want at most %d", total, got, together)
	}
}

func TestConnectionsToOneHostAreBounded(t *testing.T) {
	var now, most atomic.Int32
	peer := newPeer(t, func(nethttp.ResponseWriter, *nethttp.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Millisecond)
		now.Add(-1)
	})
	s := openSink(t, peer.URL, func(c *SinkConfig) { c.MaxConnections = 4 })
	inParallel(t, s, 200, 32)
	if got := peer.connections(); got > 4 || most.Load() > 4 {
		t.Errorf("%d connections, %d requests at once, want at most 4", got, most.Load())
	}
}

func inParallel(t *testing.T, s connector.Sink, total, together int) {
	t.Helper()
	var next atomic.Int32
	var wait sync.WaitGroup
	for range together {
		wait.Go(func() {
			for int(next.Add(1)) <= total {
				if result := write(t, s, record("1", "{}")); result.Err != nil {
					t.Error(result.Err)
				}
			}
		})
	}
	wait.Wait()
}

func TestIdleConnectionsAreBoundedOverAllDestinations(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.0/8")
	}
	peer := newPeer(t, nil, func(server *httptest.Server) {
		_ = server.Listener.Close()
		listener, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		server.Listener = listener
	})
	_, port, _ := net.SplitHostPort(peer.Listener.Addr().String())
	outlet := outletOf(t, sinkConfig("http://{{ record.key }}:"+port+"/", func(c *SinkConfig) { c.MaxConnections, c.MaxIdle = 2, 5 }, nearby))
	var shared *pool
	for i := range 40 {
		r := &connector.Record{ID: "1", Key: fmt.Sprintf("127.0.0.%d", i+2)}
		destination, err := outlet.Destination(r)
		if err != nil {
			t.Fatal(err)
		}
		s := openAt(t, outlet, destination)
		wantDelivered(t, write(t, s, r))
		shared = s.pool
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if got := len(shared.conns); got > 5 {
		t.Errorf("%d connections are kept, want at most 5", got)
	}
}

func TestCloseLeavesNoConnection(t *testing.T) {
	peer := newPeer(t, nil)
	outlet := outletOf(t, sinkConfig(peer.URL))
	first, second := openAt(t, outlet, outlet.Name), openAt(t, outlet, outlet.Name)
	if first.pool != second.pool {
		t.Fatal("two sinks of one host do not share their connections")
	}
	wantDelivered(t, write(t, first, record("1", "{}")))
	conns := func() int {
		first.pool.mu.Lock()
		defer first.pool.mu.Unlock()
		return len(first.pool.conns)
	}
	if err := first.Close(t.Context()); err != nil || conns() != 1 {
		t.Errorf("%d connections while another sink is open, want 1 (%v)", conns(), err)
	}
	if err := second.Close(t.Context()); err != nil || conns() != 0 {
		t.Errorf("%d connections after the last sink was closed (%v)", conns(), err)
	}
	if result := write(t, first, record("1", "{}")); connector.Classify(result.Err).Class != connector.Refused {
		t.Errorf("a closed sink says %v", result.Err)
	}
	if err := first.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantDelivered(t, write(t, first, record("1", "{}")))
}

func TestDestinationsOfOneHostDoNotTakeEachOthersConnections(t *testing.T) {
	release := make(chan struct{})
	peer := newPeer(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/hang" {
			<-release
		}
	})
	defer close(release)
	outlet := outletOf(t, sinkConfig(peer.URL+"/{{ record.key }}", func(c *SinkConfig) { c.MaxConnections = 2 }))
	sick, well := openAt(t, outlet, "tenant-a"), openAt(t, outlet, "tenant-b")
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for range 4 {
		wait.Go(func() { sick.Write(ctx, []*connector.Record{{ID: "1", Key: "hang"}}) })
	}
	for range 20 {
		wantDelivered(t, write(t, well, &connector.Record{ID: "1", Key: "ok"}))
	}
	cancel()
	wait.Wait()
}
