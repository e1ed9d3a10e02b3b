package http

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

func TestReadEndsWithItsContext(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.source.Read(ctx, ample); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestClosedSourceIsNotConnected(t *testing.T) {
	s := newTestSource(t, nil)
	if _, err := s.Read(t.Context(), ample); !errorIs[*connector.NotConnectedError](err) {
		t.Errorf("error %v", err)
	}
	if err := s.Close(t.Context()); err != nil || s.Addr() != nil {
		t.Errorf("close of a closed source: %v", err)
	}
}

func TestBrokenListenerIsNotConnected(t *testing.T) {
	r := newRig(t, nil)
	_ = r.source.current().listener.Close()
	if _, err := r.source.Read(t.Context(), ample); !errorIs[*connector.NotConnectedError](err) {
		t.Errorf("error %v", err)
	}
}

func TestAddressInUseIsRecognisable(t *testing.T) {
	r := newRig(t, nil)
	other := newTestSource(t, func(c *SourceConfig) { c.Address = r.source.Addr().String() })
	if err := other.Open(t.Context(), nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("error %v", err)
	}
	if err := r.source.Open(t.Context(), nil); err == nil {
		t.Error("opened twice")
	}
}

func TestSourceOpensAgainWhereItWas(t *testing.T) {
	r := newRig(t, nil)
	for range 3 {
		stop := r.engine(ample, delivered)
		if got := r.post("{}"); got.status != 200 {
			t.Fatalf("answer: %d", got.status)
		}
		stop()
		r.client.CloseIdleConnections() // a client cannot know that its connection ends, and does not repeat a POST
		if err := r.source.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/")); err == nil {
			t.Fatal("a closed source accepts connections")
		}
		if err := r.source.Open(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseAnswersEveryRequest(t *testing.T) {
	r := newRig(t, nil)
	statuses := make(chan int, 3)
	for range 2 {
		go func() { statuses <- r.post("{}").status }()
	}
	waitFor(t, func() bool { return waitingLen(r.source) == 2 })
	records, err := r.source.Read(t.Context(), ample)
	if err != nil || len(records) != 2 {
		t.Fatal(records, err)
	}
	go func() { statuses <- r.post("{}").status }()
	waitFor(t, func() bool { return waitingLen(r.source) == 1 })
	closed := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
		defer cancel()
		closed <- r.source.Close(ctx)
	}()
	if status := <-statuses; status != 503 {
		t.Errorf("not taken: %d, want 503", status)
	}
	_ = r.source.Settle(t.Context(), []connector.Settled{{Record: records[0], Outcome: delivered(nil)}})
	if status := <-statuses; status != 200 {
		t.Errorf("settled while closing: %d, want 200", status)
	}
	if status := <-statuses; status != 502 {
		t.Errorf("never settled: %d, want 502", status)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	_ = r.source.Settle(t.Context(), []connector.Settled{{Record: records[1], Outcome: delivered(nil)}})
}
