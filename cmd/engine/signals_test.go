package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
)

func send(t *testing.T, p *process, signal os.Signal) {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func interrupt(t *testing.T, p *process) { t.Helper(); send(t, p, os.Interrupt) }

// hanging is an engine whose only record is at a sink that does not answer.
type hanging struct {
	*process
	release chan struct{} // closed: the sink answers
	status  chan int      // what the caller is told
}

func hang(t *testing.T, args ...string) *hanging {
	t.Helper()
	h := &hanging{release: make(chan struct{}), status: make(chan int, 1)}
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-h.release
	}))
	t.Cleanup(server.Close)
	h.process = start(t, httpToHTTP(t, anyPort, anyPort, server.URL), append([]string{"run"}, args...)...)
	address := h.err.await(t, `"http source listens".*"address":"([0-9.:]+)"`)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Post("http://"+address, "text/plain", strings.NewReader("x"))
		if err != nil {
			h.status <- 0
			return
		}
		_ = response.Body.Close()
		h.status <- response.StatusCode
	}()
	<-arrived
	return h
}

func TestTheFirstSignalLetsWhatIsInFlightEnd(t *testing.T) {
	h := hang(t)
	send(t, h.process, syscall.SIGTERM)
	h.err.await(t, "draining")
	close(h.release)
	if code := h.exit(t); code != 0 || !strings.Contains(h.err.String(), "orders: 1 read, 1 delivered, 0 failed, 0 filtered") {
		t.Errorf("exit %d, err %s", code, h.err)
	}
	if status := <-h.status; status != http.StatusOK {
		t.Errorf("the caller was told %d", status)
	}
}

func TestWhatIsNotSettledInTimeIsGivenUpAndNamed(t *testing.T) {
	h := hang(t, "--drain-timeout", "50ms")
	interrupt(t, h.process)
	if code := h.exit(t); code != exitFailed || !strings.Contains(h.err.String(), "orders: 1 read, 0 delivered, 1 failed, 0 filtered") ||
		!strings.Contains(h.err.String(), ": cancelled after ") {
		t.Errorf("exit %d, err %s", code, h.err)
	}
	close(h.release)
	if status := <-h.status; status != http.StatusBadGateway {
		t.Errorf("the caller was told %d", status)
	}
}

func TestTheSecondSignalEndsTheEngineAtOnce(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		t.Run(signal.String(), func(t *testing.T) {
			h := hang(t)
			interrupt(t, h.process)
			h.err.await(t, "draining")
			send(t, h.process, signal)
			if code := h.exit(t); code != want {
				t.Errorf("exit %d, want %d; err %s", code, want, h.err)
			}
			close(h.release)
			<-h.status
		})
	}
}
