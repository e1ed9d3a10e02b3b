package http

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

// BenchmarkWrite compares the clients, and net/http by itself. The peer does nothing but answer, so that most of the time
// is the sink's own and the kernel's.
func BenchmarkWrite(b *testing.B) {
	url := "http://" + terse(b, `{"code": 0}`)
	b.Run("net/http alone", func(b *testing.B) { benchmarkAlone(b, url) })
	for _, c := range []struct {
		name   string
		change func(*SinkConfig)
	}{
		{"plain", func(*SinkConfig) {}},
		{"condition", successWhen("response.status < 300 && response.json.code == 0")},
		{"templates", func(c *SinkConfig) {
			c.URL = template(url + "/in?tenant={{ record.headers.tenant }}")
			headers("X-Tenant", "{{ record.headers.tenant }}")(c)
		}},
	} {
		for _, client := range []string{clientStandard, clientAuto} {
			b.Run(c.name+"/client="+client, func(b *testing.B) {
				benchmarkSink(b, openSink(b, url, c.change, func(c *SinkConfig) { c.Client = client }))
			})
		}
	}
}

func benchmarkSink(b *testing.B, s *sink) {
	batch := []*connector.Record{record("0190163d-8694-739b-aea5-966c26f8ad90", `{"id": 1, "total": 12.5}`,
		"content-type", "application/json", "tenant", "acme")}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if result := s.Write(ctx, batch)[0]; result.Err != nil {
				b.Error(result.Err)
			}
		}
	})
}

// terse answers whatever comes in one piece.
func terse(b *testing.B, body string) (address string) {
	answer := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	return rawPeer(b, func(_ int, conn net.Conn) {
		into := make([]byte, firstRead)
		for {
			if _, err := conn.Read(into); err != nil {
				return
			}
			if _, err := conn.Write(answer); err != nil {
				return
			}
		}
	})
}

// benchmarkAlone is what there is to compare with.
func benchmarkAlone(b *testing.B, url string) {
	transport := &nethttp.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			request, _ := nethttp.NewRequest(nethttp.MethodPost, url, strings.NewReader(`{"id": 1, "total": 12.5}`))
			response, err := transport.RoundTrip(request)
			if err != nil {
				b.Error(err)
				continue
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
}

// BenchmarkCompose measures what goes on before the client has the request.
func BenchmarkCompose(b *testing.B) {
	p, err := newPlan(sinkConfig("http://x/in"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	r := record("0190163d-8694-739b-aea5-966c26f8ad90", `{"id": 1}`, "content-type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		scope := p.scope(r)
		m := p.message()
		if err := p.compose(m, scope, p.targets[0], r); err != nil {
			b.Fatal(err)
		}
		p.dismiss(m)
		p.release(scope)
	}
}
