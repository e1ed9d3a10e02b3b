package http

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dial opens a bare connection to the source.
func (r *rig) dial() *net.TCPConn {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.source.Addr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn.(*net.TCPConn)
}

// raw sends bytes as they are and returns everything that comes until the source closes the connection.
func (r *rig) raw(bytes string) string {
	r.t.Helper()
	conn := r.dial()
	if _, err := io.WriteString(conn, bytes); err != nil {
		r.t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // a reset is an end, too
	return string(answer)
}

const post = "POST / HTTP/1.1\r\nHost: h\r\n"

func TestSmuggledRequestReachesNobody(t *testing.T) {
	smuggled := "POST / HTTP/1.1\r\nHost: h\r\nWebhook-Id: smuggled\r\nContent-Length: 1\r\n\r\nx"
	for name, request := range map[string]string{
		"CL.TE":                 post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE.CL":                 post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"chunked alone":         post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"two lengths":           post + "Content-Length: 0\r\nContent-Length: 1\r\n\r\n",
		"signed length":         post + "Content-Length: +0\r\n\r\n",
		"TE obfuscated":         post + "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
		"TE twice":              post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"TE of HTTP/1.0":        "POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
		"space before colon":    post + "Content-Length : 0\r\n\r\n",
		"bare chunk extension":  post + "Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n",
		"no host":               "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"header without a name": post + ": x\r\n\r\n",
	} {
		r := newRig(t, nil)
		r.engine(ample, delivered)
		answer := r.raw(request + smuggled)
		for _, record := range r.taken() {
			if record.ID == "smuggled" {
				t.Errorf("%s: the second request was served; answer %q", name, answer)
			}
		}
		if n := len(r.taken()); n > 1 || !strings.HasPrefix(answer, "HTTP/1.") {
			t.Errorf("%s: %d records, answer %q", name, n, answer)
		}
	}
}

func TestHonestPipelineIsServedInOrder(t *testing.T) {
	r := newRig(t, nil)
	r.engine(ample, delivered)
	one := post + "Content-Length: 1\r\nWebhook-Id: %d\r\n\r\nx"
	answer := r.raw(fmt.Sprintf(one, 1) + fmt.Sprintf(one, 2) + post + "Connection: close\r\nContent-Length: 0\r\n\r\n")
	first, second := strings.Index(answer, `"id":"1"`), strings.Index(answer, `"id":"2"`)
	if strings.Count(answer, "HTTP/1.1 200") != 3 || first < 0 || second < first {
		t.Errorf("%s", answer)
	}
}

func TestBodyThatIsNotWholeIsNoRecord(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.ReadTimeout = 200 * time.Millisecond })
	r.engine(ample, delivered)
	for name, request := range map[string]string{
		"short":          post + "Content-Length: 10\r\n\r\n123",
		"short chunk":    post + "Transfer-Encoding: chunked\r\n\r\na\r\n123",
		"no last chunk":  post + "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n",
		"bad chunk size": post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n123\r\n0\r\n\r\n",
	} {
		conn := r.dial()
		_, _ = io.WriteString(conn, request)
		_ = conn.CloseWrite()
		if answer, _ := io.ReadAll(conn); !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Errorf("%s: %q", name, answer)
		}
	}
	if answer := r.raw(post + "Content-Length: 10\r\n\r\n123"); !strings.HasPrefix(answer, "HTTP/1.1 408") {
		t.Errorf("slow: %q", answer)
	}
	if n := len(r.taken()); n != 0 {
		t.Errorf("%d records", n)
	}
	if held := r.source.waiting.bytes.Load(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

func TestLengthThatIsOnlyDeclaredCostsNothing(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.MaxBody = 64 << 20 })
	for range 20 {
		_, _ = io.WriteString(r.dial(), post+"Content-Length: 60000000\r\n\r\nx")
	}
	waitFor(t, func() bool { return r.source.waiting.bytes.Load() == 20*trustedSize })
}

func TestHeaderBeyondTheLimitIsRefused(t *testing.T) {
	r := newRig(t, nil)
	answer := r.raw(post + "X: " + strings.Repeat("x", 80<<10) + "\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 431") {
		t.Errorf("%.80q", answer)
	}
}

func TestSilentConnectionIsClosed(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.ReadHeaderTimeout, c.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond })
	r.engine(ample, delivered)
	for _, bytes := range []string{"", "POST / HTT", post + "Content-Length: 0\r\n\r\n"} {
		r.raw(bytes) // returns when the source closes, or fails at the connection's deadline
	}
}

func TestSourceBoundsItsConnections(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.MaxConnections = 1 })
	r.engine(ample, delivered)
	first, second := r.dial(), r.dial()
	for _, conn := range []*net.TCPConn{first, second} {
		_, _ = io.WriteString(conn, post+"Content-Length: 0\r\n\r\n")
	}
	for _, conn := range []*net.TCPConn{first, second} { // the second is served when the first has gone
		response, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("%v, %v", response, err)
		}
		_ = response.Body.Close()
		_ = conn.Close()
	}
}

func TestContinueIsOnlyAskedForWhatWouldBeTaken(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.MaxBody = 10 })
	r.engine(ample, delivered)
	if answer := r.raw(post + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 413") {
		t.Errorf("%q", answer)
	}
	conn := r.dial()
	_, _ = io.WriteString(conn, post+"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n")
	from := bufio.NewReader(conn)
	if line, err := from.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = io.WriteString(conn, "{}")
	if rest, _ := io.ReadAll(from); !strings.Contains(string(rest), "HTTP/1.1 200") {
		t.Errorf("%q", rest)
	}
}

func TestClientThatHalfClosesGetsItsAnswer(t *testing.T) {
	r := newRig(t, nil)
	conn := r.dial()
	_, _ = io.WriteString(conn, post+"Content-Length: 2\r\n\r\n{}")
	_ = conn.CloseWrite()
	records, err := r.source.Read(t.Context(), ample)
	if err != nil {
		t.Fatal(err)
	}
	r.settle(records, delivered)
	if answer, _ := io.ReadAll(conn); !strings.Contains(string(answer), `"outcome":"delivered"`) {
		t.Errorf("%q", answer)
	}
}

func TestClientThatGoesAwayDoesNotUndoTheDelivery(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		request, _ := nethttp.NewRequestWithContext(ctx, "POST", r.url, strings.NewReader("{}"))
		if response, err := r.client.Do(request); err == nil {
			t.Error("there was an answer")
			_ = response.Body.Close()
		}
	}()
	waitFor(t, func() bool { return waitingLen(r.source) == 1 })
	cancel()
	<-gone
	records, err := r.source.Read(t.Context(), ample)
	if err != nil || string(records[0].Data) != "{}" {
		t.Fatal(records, err)
	}
	r.settle(records, delivered)
	r.engine(ample, delivered)
	if got := r.post("{}"); got.status != 200 {
		t.Errorf("the next one: %d", got.status)
	}
}

func TestEventsAreTakenInAllModes(t *testing.T) {
	r := newRig(t, nil)
	r.engine(ample, delivered)
	binary := r.post("{}", "ce-specversion", "1.0", "ce-id", "b", "ce-type", "t", "ce-source", "/s", "ce-subject", "a%20b", "ce-time", "2026-01-01T00:00:00Z")
	structured := r.post(`{`+required+`,"data":{"a":1}}`, "Content-Type", structuredType+"; charset=UTF-8", "X-Tenant", "7", "Ce-Id", "ignored")
	batch := r.post(`[{`+required+`},{`+required+`}]`, "Content-Type", batchType)
	empty := r.post(`[]`, "Content-Type", batchType)
	if binary.object(t)["id"] != "b" || structured.object(t)["id"] != "1" || empty.body != "[]" || strings.Count(batch.body, `"delivered"`) != 2 {
		t.Errorf("%s %s %s %s", binary.body, structured.body, batch.body, empty.body)
	}
	records := r.taken()
	if len(records) != 4 || records[0].Headers.Get("ce-subject") != "a b" || records[0].Time.Year() != 2026 {
		t.Fatalf("%d records, the first %+v", len(records), records[0])
	}
	if h := records[1].Headers; h.Get("x-tenant") != "7" || h.Has("content-type") || len(h.Values("ce-id")) != 1 || string(records[1].Data) != `{"a":1}` {
		t.Errorf("structured: %+v", records[1])
	}
}

func TestBrokenEventsAreRefused(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.MaxBatch = 1 })
	r.engine(ample, delivered)
	for _, c := range []struct {
		body   string
		header []string
		status int
		want   string
	}{
		{"{}", []string{"ce-specversion", "1.0", "ce-id", "1", "ce-type", "t"}, 400, `"attribute":"source"`},
		{"{}", []string{"ce-type", "t", "ce-source", "/s"}, 400, `"attribute":"specversion"`},
		{`{"id":"1"}`, []string{"Content-Type", structuredType}, 400, `"attribute":"specversion"`},
		{`[{` + required + `},{` + required + `}]`, []string{"Content-Type", batchType}, 413, "1 events"},
		{`{` + required + `}`, []string{"Content-Type", structuredType, "Content-Encoding", "gzip"}, 415, "content coding"},
		{`{` + required + `}`, []string{"Content-Type", structuredType + "; charset=latin1"}, 415, "UTF-8"},
		{`<event/>`, []string{"Content-Type", "application/cloudevents+xml"}, 415, structuredType},
		{`{"specversion":"1.0","type":"t","source":"/s","id":"` + strings.Repeat("x", 300) + `"}`, []string{"Content-Type", structuredType}, 400, "invalid_id"},
	} {
		got := r.post(c.body, c.header...)
		if got.status != c.status || !strings.Contains(got.body, c.want) || got.header.Get("Content-Type") != problemType {
			t.Errorf("%s: %d %s, want %d and %s", c.body, got.status, got.body, c.status, c.want)
		}
	}
	if len(r.taken()) != 0 || r.source.waiting.bytes.Load() != 0 {
		t.Errorf("%d records, %d bytes held", len(r.taken()), r.source.waiting.bytes.Load())
	}
}

func TestTLSServesBothVersionsOfHTTP(t *testing.T) {
	files, pool := certificate(t)
	r := newRig(t, func(c *SourceConfig) { c.TLS = files })
	r.engine(ample, delivered)
	for major := 1; major <= 2; major++ {
		transport := &nethttp.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: major == 2}
		client := &nethttp.Client{Transport: transport}
		response, err := client.Post(strings.Replace(r.url, "http:", "https:", 1), "", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != 200 || response.ProtoMajor != major {
			t.Errorf("%s %s, want HTTP/%d", response.Proto, response.Status, major)
		}
		_ = response.Body.Close()
		transport.CloseIdleConnections()
	}
	broken := newTestSource(t, func(c *SourceConfig) { c.TLS = &SourceTLS{Cert: "none", Key: "none"} })
	if err := broken.Open(t.Context(), nil); err == nil {
		t.Error("opened without a certificate")
	}
}

func certificate(t *testing.T) (*SourceTLS, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := &SourceTLS{Cert: filepath.Join(t.TempDir(), "cert"), Key: filepath.Join(t.TempDir(), "key")}
	writePEM(t, files.Cert, "CERTIFICATE", der)
	writePEM(t, files.Key, "PRIVATE KEY", private)
	pool := x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(der)
	pool.AddCert(parsed)
	return files, pool
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
