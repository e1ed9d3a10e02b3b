package http

import (
	"bytes"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// BenchmarkSource compares the servers over 64 connections, each with one request at a time and an engine that settles at
// once; and with what there is to compare with, a server by hand that reads a body and answers. The clients write the
// same bytes again and again, so that most of the time is the server's and the kernel's.
func BenchmarkSource(b *testing.B) {
	for _, server := range []string{serverStandard, serverFast} {
		b.Run(server, func(b *testing.B) {
			r := newRig(b, func(c *SourceConfig) { c.Server = server })
			r.settles()
			exchangeBytes(b, r.source.Addr().String())
		})
	}
	b.Run("net/http alone", func(b *testing.B) {
		exchangeBytes(b, listening(b, func(listener net.Listener) (stop func() error) {
			server := &nethttp.Server{ReadHeaderTimeout: time.Minute, Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
				_, _ = io.ReadAll(r.Body)
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(answerByHand)
			})}
			go func() { _ = server.Serve(listener) }()
			return server.Close
		}))
	})
}

var answerByHand = []byte(`{"id":"01a20026-b36b-799c-af77-b701f2cc2a6d","outcome":"delivered","attempts":1,"sink":"crm","status":200,"sink_status":200}`)

func listening(b *testing.B, serve func(net.Listener) (stop func() error)) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	stop := serve(listener)
	b.Cleanup(func() { _ = stop() })
	return listener.Addr().String()
}

// settles is an engine that delivers everything and remembers nothing.
func (r *rig) settles() {
	go func() {
		var settled []connector.Settled
		for {
			records, err := r.source.Read(r.t.Context(), ample)
			if err != nil {
				return
			}
			settled = settled[:0]
			for _, record := range records {
				settled = append(settled, connector.Settled{Record: record, Outcome: benchmarkOutcome})
			}
			_ = r.source.Settle(r.t.Context(), settled)
		}
	}()
}

// exchangeBytes posts over 64 connections.
func exchangeBytes(b *testing.B, address string) {
	body := strings.Repeat("x", 200)
	request := []byte(fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nUser-Agent: b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body))
	b.ReportAllocs()
	b.SetParallelism(64 / 2)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		into := make([]byte, 4096)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			if n, err := conn.Read(into); err != nil || !bytes.HasPrefix(into[:n], []byte("HTTP/1.1 200")) {
				b.Errorf("%q, %v", into[:n], err)
				return
			}
		}
	})
}
