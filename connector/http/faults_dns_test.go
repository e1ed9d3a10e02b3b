package http

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/acktor/acktor/connector"
)

// resolver answers every question for an address with that code and, where it is success, with those addresses. Silent answers nothing.
type resolver struct {
	code   dnsmessage.RCode
	to     [][4]byte
	silent bool
}

func (r resolver) serve(t *testing.T) (used *net.Resolver, asked *atomic.Int32) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		question := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(question)
			if err != nil {
				return
			}
			asked.Add(1)
			if answer := r.answer(question[:n]); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	// A question outlives who has asked it; at the end of the test the connections that wait for answers are closed.
	var mu sync.Mutex
	var waiting []net.Conn
	over := false
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
		mu.Lock()
		defer mu.Unlock()
		over = true
		for _, one := range waiting {
			_ = one.Close()
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return nil, net.ErrClosed
		}
		one, err := new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
		if err == nil {
			waiting = append(waiting, one)
		}
		return one, err
	}}, asked
}

func (r resolver) answer(question []byte) []byte {
	var m dnsmessage.Message
	if r.silent || m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.RCode, m.Additionals = true, r.code, nil
	if q := m.Questions[0]; r.code == dnsmessage.RCodeSuccess && q.Type == dnsmessage.TypeA {
		for _, address := range r.to {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: address},
			})
		}
	}
	packed, _ := m.Pack()
	return packed
}

func TestNamesThatDoNotResolveAreDNS(t *testing.T) {
	for name, r := range map[string]resolver{
		"no such name": {code: dnsmessage.RCodeNameError}, "server failure": {code: dnsmessage.RCodeServerFailure}, "refused": {code: dnsmessage.RCodeRefused},
		"no address": {}, "silence": {silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			used, asked := r.serve(t)
			for _, scheme := range []string{"http", "https"} {
				s := openSink(t, scheme+"://crm.test./", func(c *SinkConfig) { c.ConnectTimeout = 100 * time.Millisecond })
				s.pool.dialer.Resolver = used
				wantFailure(t, write(t, s, record("1", "{}")), connector.DNS, false)
			}
			if asked.Load() == 0 {
				t.Error("nobody was asked")
			}
		})
	}
}

func TestNameIsJudgedByWhatItResolvesTo(t *testing.T) {
	peer := newPeer(t, nil)
	_, port, _ := net.SplitHostPort(peer.Listener.Addr().String())
	used, _ := resolver{to: [][4]byte{{10, 0, 0, 1}, {127, 0, 0, 1}}}.serve(t)
	url := "http://public.test.:" + port + "/"
	s := openAt(t, outletOf(t, sinkConfig("{{ record.key }}")), url)
	s.pool.guarded.Resolver = used
	wantDenied(t, write(t, s, &connector.Record{ID: "1", Key: url}))
	if n := peer.connections(); n != 0 {
		t.Errorf("the peer saw %d connections", n)
	}
	open := openAt(t, outletOf(t, sinkConfig("{{ record.key }}", nearby)), url)
	open.pool.guarded.Resolver = used
	wantDelivered(t, write(t, open, &connector.Record{ID: "1", Key: url})) // the one that is denied is left out
}
