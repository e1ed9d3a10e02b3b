package http

import (
	"context"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

func BenchmarkWrite(b *testing.B) {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"code": 0}`)
	}))
	defer server.Close()
	b.Run("net/http alone", func(b *testing.B) { benchmarkAlone(b, server.URL) })
	for name, change := range map[string]func(*SinkConfig){
		"plain":     func(*SinkConfig) {},
		"condition": successWhen("response.status < 300 && response.json.code == 0"),
		"templates": func(c *SinkConfig) {
			c.URL = template(server.URL + "/in?tenant={{ record.headers.tenant }}")
			headers("X-Tenant", "{{ record.headers.tenant }}")(c)
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := openSink(b, server.URL, change)
			batch := []*connector.Record{record("0190163d-8694-739b-aea5-966c26f8ad90", `{"id": 1, "total": 12.5}`,
				"content-type", "application/json", "tenant", "acme")}
			ctx := context.Background()
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if result := s.Write(ctx, batch)[0]; result.Err != nil {
						b.Error(result.Err)
					}
				}
			})
		})
	}
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

// BenchmarkCompose measures what goes on before net/http has the request.
func BenchmarkCompose(b *testing.B) {
	p, err := newPlan(sinkConfig("http://x/in"))
	if err != nil {
		b.Fatal(err)
	}
	r := record("0190163d-8694-739b-aea5-966c26f8ad90", `{"id": 1}`, "content-type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		scope := p.scope(r)
		m, err := p.compose(scope, p.targets[0], r)
		if err != nil {
			b.Fatal(err)
		}
		_ = m.request()
		p.release(scope)
	}
}
