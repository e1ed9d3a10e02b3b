package http

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wired are the lines of a dial that never fails, unless refuse is set, and counts the connections that are open.
type wired struct {
	*lines
	mu     sync.Mutex
	now    map[string]int
	most   int
	refuse atomic.Bool
}

type pipe struct {
	net.Conn
	once  sync.Once
	close func()
}

func (p *pipe) Close() error {
	p.once.Do(p.close)
	return p.Conn.Close()
}

var errRefused = errors.New("refused")

func newWired(change func(*SinkConfig)) *wired {
	w := &wired{now: make(map[string]int)}
	w.lines = newLines(new(sinkConfig("http://x", change)), func(ctx context.Context, _, address string) (net.Conn, error) {
		if w.refuse.Load() || ctx.Err() != nil {
			return nil, errRefused
		}
		near, far := net.Pipe()
		w.count(address, 1)
		return &pipe{Conn: near, close: func() { w.count(address, -1); _ = far.Close() }}, nil
	})
	return w
}

func (w *wired) count(address string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now[address] += n
	w.lines.mu.Lock()
	defer w.lines.mu.Unlock()
	w.most = max(w.most, w.now[address])
}

// sum is how many connections are open.
func (w *wired) sum() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	sum := 0
	for _, n := range w.now {
		sum += n
	}
	return sum
}

func at(t testing.TB, address string) string {
	t.Helper()
	u, err := parseURL("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	return addressOf(u)
}

func (w *wired) mustTake(t testing.TB, address string) *line {
	t.Helper()
	l, err := w.take(t.Context(), at(t, address))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLinesStayWithinTheirBoundsWhateverHappens(t *testing.T) {
	const most, idlest = 3, 4
	w := newWired(func(c *SinkConfig) { c.MaxConnections, c.MaxIdle = most, idlest })
	var wait sync.WaitGroup
	for worker := range 32 {
		r := rand.New(rand.NewPCG(1, uint64(worker)))
		wait.Go(func() {
			for range 300 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(300))*time.Microsecond)
				if l, err := w.take(ctx, at(t, string(rune('a'+r.IntN(5))))); err == nil {
					w.give(l, r.IntN(4) > 0)
				}
				cancel()
				if r.IntN(50) == 0 {
					w.refuse.Store(!w.refuse.Load())
				}
			}
		})
	}
	wait.Wait()
	if w.most > most || w.sum() > idlest || w.quiet != w.sum() {
		t.Errorf("%d connections to one host, want at most %d; %d without use, want at most %d; %d are counted",
			w.most, most, w.sum(), idlest, w.quiet)
	}
	w.close()
	if w.sum() != 0 || len(w.hosts) != 0 || w.quiet != 0 {
		t.Errorf("after the end %d connections, %d hosts and %d idle lines are left", w.sum(), len(w.hosts), w.quiet)
	}
}

func TestThoseWhoWaitForALineAreServedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWired(func(c *SinkConfig) { c.MaxConnections = 1 })
		defer w.close()
		l := w.mustTake(t, "a")
		served := make(chan int, 8)
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 4 {
			go func() {
				as := t.Context()
				if i == 1 {
					as = ctx
				}
				l, err := w.take(as, at(t, "a"))
				if err != nil {
					served <- -i
					return
				}
				served <- i
				w.give(l, i != 2) // the one after 2 has to make a line anew
			}()
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		w.give(l, true)
		for _, want := range []int{-1, 0, 2, 3} {
			if got := <-served; got != want {
				t.Errorf("served %d, want %d", got, want)
			}
		}
	})
}

func TestRefusalServesTheNextWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWired(func(c *SinkConfig) { c.MaxConnections = 1 })
		l := w.mustTake(t, "a")
		refused := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := w.take(t.Context(), at(t, "a"))
				refused <- err
			}()
		}
		synctest.Wait()
		w.refuse.Store(true)
		w.give(l, false)
		for range 3 {
			if err := <-refused; err != errRefused {
				t.Errorf("error is %v", err)
			}
		}
		if len(w.hosts) != 0 {
			t.Error("a host without lines is kept")
		}
	})
}

func TestIdleLinesAreClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWired(func(c *SinkConfig) { c.IdleTimeout = 20 * time.Second })
		first, second := w.mustTake(t, "a"), w.mustTake(t, "b")
		w.give(first, true)
		time.Sleep(10 * time.Second)
		w.give(second, true)
		for _, c := range []struct {
			after time.Duration
			left  int
		}{{9 * time.Second, 2}, {2 * time.Second, 1}, {8 * time.Second, 1}, {2 * time.Second, 0}} {
			time.Sleep(c.after)
			synctest.Wait()
			if got := w.sum(); got != c.left {
				t.Errorf("%d lines are kept, want %d", got, c.left)
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.timer != nil || len(w.hosts) != 0 {
			t.Error("there is nothing to look at, and it is looked at")
		}
	})
}

func TestIdleLinesThatEndedAreClosed(t *testing.T) {
	if !seesTheEnd {
		t.Skip("cannot be seen here")
	}
	leave := make(chan struct{})
	address := rawPeer(t, func(int, net.Conn) { <-leave })
	w := newWired(func(c *SinkConfig) { c.IdleTimeout = time.Hour })
	defer w.close()
	w.dial = new(net.Dialer).DialContext
	w.give(w.mustTake(t, address), true)
	if w.look(); w.quiet != 1 {
		t.Fatal("a good line was closed")
	}
	close(leave)
	for deadline := time.Now().Add(10 * time.Second); w.quiet != 0 && time.Now().Before(deadline); w.look() {
		w.timer.Stop()
	}
	if w.quiet != 0 {
		t.Error("a line that the peer closed is kept")
	}
}
