package crash

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// load makes records and writes down what it is told of them.
type load struct {
	t       *testing.T
	mu      sync.Mutex
	next    int
	told    map[int]told // of what was answered
	address string       // empty: the engine is down
	ended   chan struct{}
	running sync.WaitGroup
}

type told struct {
	status int
	at     time.Time
}

func newLoad(t *testing.T) *load {
	return &load{t: t, told: make(map[int]told), ended: make(chan struct{})}
}

func name(n int) string { return fmt.Sprintf("r%d", n) }

// made returns how many records were begun.
func (l *load) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

func (l *load) take() (n int, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.address == "" {
		return 0, ""
	}
	l.next++
	return l.next, l.address
}

func (l *load) aim(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.address = address
}

// end waits for the last answers.
func (l *load) end() {
	close(l.ended)
	l.running.Wait()
}

func (l *load) hasEnded() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

// post lets callers send a record each, again and again. A record whose answer is missing is not sent again.
func (l *load) post(callers int) {
	transport := &http.Transport{MaxIdleConnsPerHost: callers}
	l.t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: patience}
	for range callers {
		l.running.Go(func() {
			for !l.hasEnded() {
				n, address := l.take()
				if n == 0 {
					time.Sleep(time.Millisecond)
					continue
				}
				if status := postOne(client, address, n); status != 0 {
					l.mu.Lock()
					l.told[n] = told{status, time.Now()}
					l.mu.Unlock()
				} else {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
}

// postOne returns the status, or 0 when there was no answer.
func postOne(client *http.Client, address string, n int) int {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+address+"/in", bytes.NewReader(payload(n)))
	if err != nil {
		return 0
	}
	request.GetBody = nil // else net/http might send it a second time
	request.Header.Set("Webhook-Id", name(n))
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// write appends lines to a file.
func (l *load) write(path string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	l.running.Go(func() {
		defer f.Close()
		for !l.hasEnded() {
			var lines []byte
			l.mu.Lock()
			for range 5 {
				l.next++
				lines = append(append(lines, payload(l.next)...), '\n')
			}
			l.mu.Unlock()
			if _, err := f.Write(lines); err != nil {
				l.t.Error(err)
			}
			time.Sleep(3 * time.Millisecond)
		}
	})
}
