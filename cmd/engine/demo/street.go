package demo

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// brittle is the name of the shop that goes down and comes back.
const brittle = "brittle"

// street is where the shops are.
type street struct {
	shops   []*shop
	brittle *shop
}

func openStreet() (*street, error) {
	s := &street{}
	for _, one := range []struct {
		name   string
		behave http.HandlerFunc
	}{
		{"steady", accept},
		{"flaky", everyNth(7, http.HandlerFunc(fail))},
		{"slow", slowly},
		{"busy", everyNth(100, http.HandlerFunc(throttle))},
		{brittle, accept},
	} {
		shop := &shop{name: one.name, behave: one.behave}
		if err := shop.open("127.0.0.1:0"); err != nil {
			s.close()
			return nil, fmt.Errorf("demo: %w", err)
		}
		s.shops = append(s.shops, shop)
	}
	s.brittle = s.shops[len(s.shops)-1]
	return s, nil
}

func (s *street) close() {
	for _, shop := range s.shops {
		shop.goDown()
	}
}

// shop is an HTTP server that takes orders, and how it does so.
type shop struct {
	name   string
	behave http.HandlerFunc

	mu      sync.Mutex
	address string
	server  *http.Server // nil while it is down
	served  chan struct{}
}

func (s *shop) open(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = listener.Addr().String()
	server, served := &http.Server{Handler: s.behave, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
	s.server, s.served = server, served
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until goDown
	}()
	return nil
}

// url is where the shop takes orders.
func (s *shop) url() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.address + "/orders"
}

// goDown cuts every connection and refuses new ones.
func (s *shop) goDown() {
	s.mu.Lock()
	server, served := s.server, s.served
	s.server = nil
	s.mu.Unlock()
	if server == nil {
		return
	}
	_ = server.Close()
	<-served
}

// comeBack opens again at the same address. If somebody has taken the port meanwhile, it waits for it a while.
func (s *shop) comeBack() {
	for range 50 {
		if s.open(s.address) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// maxOrder bounds what a shop reads.
const maxOrder = 64 << 10

// accept takes an order, unless it is one that no shop can take.
func accept(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxOrder))
	switch {
	case err != nil:
		http.Error(w, "the order is not whole", http.StatusBadRequest)
	case strings.Contains(string(body), unknownItem):
		http.Error(w, "we do not sell that", http.StatusUnprocessableEntity)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func fail(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "the till is jammed", http.StatusInternalServerError)
}

func throttle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", strconv.Itoa(1))
	http.Error(w, "too many orders", http.StatusTooManyRequests)
}

// slowly takes its time.
func slowly(w http.ResponseWriter, r *http.Request) {
	if sleep(r.Context(), 250*time.Millisecond) {
		accept(w, r)
	}
}

// everyNth lets every nth request go wrong.
func everyNth(n int64, wrong http.Handler) http.HandlerFunc {
	var count atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1)%n == 0 {
			wrong.ServeHTTP(w, r)
			return
		}
		accept(w, r)
	}
}
