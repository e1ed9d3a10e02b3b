package acceptance

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// seen is one request as a peer saw it.
type seen struct {
	path, id, body string
	header         http.Header
	at             time.Time
}

// peer is an endpoint that keeps what it sees. It answers by a function that is told how many requests with this
// request's id came before.
type peer struct {
	*httptest.Server
	mu    sync.Mutex
	seen  []seen
	count map[string]int // by id
}

func newPeer(t testing.TB, answer func(w http.ResponseWriter, s seen, before int)) *peer {
	t.Helper()
	p := &peer{count: make(map[string]int)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s := seen{path: r.URL.Path, id: r.Header.Get("Idempotency-Key"), body: string(body), header: r.Header, at: time.Now()}
		p.mu.Lock()
		p.seen = append(p.seen, s)
		before := p.count[s.id]
		p.count[s.id]++
		p.mu.Unlock()
		if answer != nil {
			answer(w, s, before)
		}
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

func (p *peer) requests() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]seen(nil), p.seen...)
}

func (p *peer) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen)
}

// attempts is how many requests for the record id came.
func (p *peer) attempts(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[id]
}

// rawPeer listens and hands each connection to serve, in a goroutine of its own. The connection is closed when serve
// returns; when the test ends, all are.
func rawPeer(t testing.TB, serve func(conn net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var mu sync.Mutex
	open := make(map[net.Conn]bool)
	ended := false
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			if ended {
				_ = conn.Close()
			}
			open[conn] = true
			mu.Unlock()
			serving.Go(func() {
				serve(conn)
				_ = conn.Close()
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		ended = true
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return listener.Addr().String()
}

// hangingPeer takes requests and never answers.
func hangingPeer(t testing.TB) (address string) {
	return rawPeer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

// closedPort is an address where nobody listens. It is the near end of a connection, so that nobody else can be given it.
func closedPort(t testing.TB) (address string) {
	t.Helper()
	conn, err := net.Dial("tcp", hangingPeer(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}

// readRequest reads one request with its body.
func readRequest(r *bufio.Reader) (*http.Request, error) {
	request, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, request.Body)
	return request, err
}

// silent is the log of servers whose clients break off on purpose.
var silent = log.New(io.Discard, "", 0)
