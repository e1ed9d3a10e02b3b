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
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

func withTLS(config *tls.Config) func(*httptest.Server) {
	return func(server *httptest.Server) {
		server.TLS = config
		server.EnableHTTP2 = true
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
	}
}

// certificateOf returns the peer's own certificate in PEM form.
func certificateOf(p *peer) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}))
}

func trusting(p *peer) func(*SinkConfig) {
	return func(c *SinkConfig) { c.TLS.CA = certificateOf(p) }
}

// selfSigned makes a certificate for a client and its key, in PEM form.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, shape, shape, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func TestProtocolIsNegotiated(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { w.Header().Set("X-Proto", r.Proto) }, withTLS(&tls.Config{}))
	plain := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { w.Header().Set("X-Proto", r.Proto) },
		func(server *httptest.Server) {
			server.Config.Protocols = new(nethttp.Protocols)
			server.Config.Protocols.SetHTTP1(true)
			server.Config.Protocols.SetUnencryptedHTTP2(true)
		})
	for _, c := range []struct {
		url, mode, want string
	}{
		{peer.URL, "auto", "HTTP/2.0"}, {peer.URL, "never", "HTTP/1.1"}, {peer.URL, "always", "HTTP/2.0"},
		{plain.URL, "auto", "HTTP/1.1"}, {plain.URL, "always", "HTTP/2.0"},
	} {
		s := openSink(t, c.url, trusting(peer), func(s *SinkConfig) { s.HTTP2, s.ResponseHeaders = c.mode, []string{"x-proto"} })
		for _, data := range []string{"data", ""} {
			response := wantDelivered(t, write(t, s, record("1", data)))
			if got := response.Headers.Get("x-proto"); got != c.want {
				t.Errorf("%s %s: %s, want %s", c.url, c.mode, got, c.want)
			}
		}
	}
}

func TestHTTP2SharesOneConnection(t *testing.T) {
	peer := newPeer(t, nil, withTLS(&tls.Config{}))
	s := openSink(t, peer.URL, trusting(peer), func(c *SinkConfig) { c.MaxConnections = 8 })
	wantDelivered(t, write(t, s, record("1", "{}")))
	inParallel(t, s, 300, 32)
	if got := peer.connections(); got > 8 {
		t.Errorf("%d connections, want at most 8", got)
	}
	if got := len(peer.requests()); got != 301 {
		t.Errorf("the peer saw %d requests, want 301", got)
	}
}

func TestPeerThatIsNotTrustedIsTLS(t *testing.T) {
	peer := newPeer(t, nil, withTLS(&tls.Config{MaxVersion: tls.VersionTLS12}))
	for name, change := range map[string]func(*SinkConfig){
		"unknown authority": func(*SinkConfig) {},
		"wrong name":        func(c *SinkConfig) { trusting(peer)(c); c.TLS.ServerName = "other.example" },
		"old version":       func(c *SinkConfig) { trusting(peer)(c); c.TLS.MinVersion = "1.3" },
	} {
		t.Run(name, func(t *testing.T) {
			wantFailure(t, write(t, openSink(t, peer.URL, change), record("1", "{}")), connector.TLS, false)
		})
	}
	wantDelivered(t, write(t, openSink(t, peer.URL, func(c *SinkConfig) { c.TLS.InsecureSkipVerify = true }), record("1", "{}")))
	wantDelivered(t, write(t, openSink(t, peer.URL, func(c *SinkConfig) { trusting(peer)(c); c.TLS.ServerName = "example.com" }), record("1", "{}")))
	if got := len(peer.requests()); got != 2 {
		t.Errorf("the peer saw %d requests, want 2", got)
	}
}

func TestHandshakeThatFailsIsTLS(t *testing.T) {
	for name, answer := range map[string]string{"plain http": "HTTP/1.1 400 Bad Request\r\n\r\n", "closed": ""} {
		t.Run(name, func(t *testing.T) {
			address := rawPeer(t, func(_ int, conn net.Conn) {
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, answer)
			})
			wantFailure(t, write(t, openSink(t, "https://"+address), record("1", "{}")), connector.TLS, false)
		})
	}
}

func TestHandshakeThatHangsIsConnectTimeout(t *testing.T) {
	address := rawPeer(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	s := openSink(t, "https://"+address, func(c *SinkConfig) { c.TLSTimeout = 50 * time.Millisecond })
	wantFailure(t, write(t, s, record("1", "{}")), connector.ConnectTimeout, false)
	patient := openSink(t, "https://"+address)
	wantFailure(t, writeWithin(t, patient, record("1", "{}"), 50*time.Millisecond), connector.ConnectTimeout, false)
}

func TestClientCertificateIsShown(t *testing.T) {
	cert, key := selfSigned(t)
	known := x509.NewCertPool()
	known.AppendCertsFromPEM([]byte(cert))
	directory := t.TempDir()
	files := func(c *SinkConfig) {
		c.TLS.Cert, c.TLS.Key = filepath.Join(directory, "cert.pem"), field.Secret(filepath.Join(directory, "key.pem"))
	}
	if err := errors.Join(os.WriteFile(filepath.Join(directory, "cert.pem"), []byte(cert), 0o600),
		os.WriteFile(filepath.Join(directory, "key.pem"), []byte(key), 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
				if len(r.TLS.PeerCertificates) != 1 {
					t.Error("no client certificate")
				}
			}, withTLS(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known, MaxVersion: version}))
			texts := func(c *SinkConfig) { c.TLS.Cert, c.TLS.Key = cert, field.Secret(key) }
			wantDelivered(t, write(t, openSink(t, peer.URL, trusting(peer), texts), record("1", "{}")))
			wantDelivered(t, write(t, openSink(t, peer.URL, trusting(peer), files), record("1", "{}")))
			for _, mode := range []string{"auto", "never"} {
				without := openSink(t, peer.URL, trusting(peer), func(c *SinkConfig) { c.HTTP2 = mode })
				wantRefusedCertificate(t, write(t, without, record("1", "{}")), version)
			}
		})
	}
}

// wantRefusedCertificate takes what a peer's refusal of the client certificate may look like. With TLS 1.3 the handshake is over
// for the client when the peer refuses (RFC 8446 section 4.4.2.4), so the request may meet a closed connection before the
// alert is read.
func wantRefusedCertificate(t *testing.T, result connector.Result, version uint16) {
	t.Helper()
	failure, ok := result.Err.(*connector.AttemptError)
	if version == tls.VersionTLS13 && ok && failure.Class == connector.Reset {
		return
	}
	wantFailure(t, result, connector.TLS, false)
}

// connectProxy is a proxy that does no more than CONNECT.
func connectProxy(t *testing.T) (address string, used *atomic.Int32) {
	used = new(atomic.Int32)
	return rawPeer(t, func(_ int, conn net.Conn) {
		request, err := nethttp.ReadRequest(bufio.NewReader(conn))
		if err != nil || request.Method != nethttp.MethodConnect {
			return
		}
		used.Add(1)
		upstream, err := net.Dial("tcp", request.Host)
		if err != nil {
			return
		}
		defer upstream.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() {
			_, _ = io.Copy(upstream, conn)
			_ = upstream.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(conn, upstream)
	}), used
}

func through(proxy string) func(*SinkConfig) {
	return func(c *SinkConfig) { c.Proxy = field.Secret(proxy) }
}

func TestProxyIsUsedOnlyWhenConfigured(t *testing.T) {
	proxy := newPeer(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	peer := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL), record("1", "{}")))
	if len(proxy.requests()) != 0 || len(peer.requests()) != 1 {
		t.Error("the environment named a proxy, and it was used")
	}
	wantDelivered(t, write(t, openSink(t, "http://far.example/in", through("env")), record("1", "{}")))
	wantDelivered(t, write(t, openSink(t, "http://far.example/in", through(proxy.URL)), record("1", "{}")))
	seen := proxy.requests()
	if len(seen) != 2 || seen[1].url != "http://far.example/in" || seen[1].body != "{}" {
		t.Errorf("the proxy saw %+v", seen)
	}
}

func TestSecureRequestsGoThroughTheProxy(t *testing.T) {
	peer := newPeer(t, nil, withTLS(&tls.Config{}))
	address, used := connectProxy(t)
	wantDelivered(t, write(t, openSink(t, peer.URL, trusting(peer), through("http://"+address)), record("1", "{}")))
	if used.Load() != 1 {
		t.Error("the proxy was not used")
	}
}

func TestProxyThatRefusesIsRefused(t *testing.T) {
	proxy := rawPeer(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		}
	})
	failure := wantFailure(t, write(t, openSink(t, "https://far.example/", through("http://"+proxy)), record("1", "{}")), connector.Refused, false)
	if !strings.Contains(failure.Detail, "the proxy answered 403") {
		t.Errorf("detail is %q", failure.Detail)
	}
}

func TestCloseEndsConnectionsThatAreOnlyBeingMade(t *testing.T) {
	for _, scheme := range []string{"http://", "https://"} {
		left := make(chan struct{})
		proxy := rawPeer(t, func(_ int, conn net.Conn) {
			_, _ = io.Copy(io.Discard, conn)
			close(left)
		})
		patient := func(c *SinkConfig) { c.TLSTimeout = time.Hour }
		s := openSink(t, "https://far.example/", through(scheme+proxy), patient)
		wantFailure(t, writeWithin(t, s, record("1", "{}"), 50*time.Millisecond), connector.ConnectTimeout, false)
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-left:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the connection outlives the sink", scheme)
		}
	}
}

func TestHTTP2PeerThatAbortsAStreamIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	peer := newPeer(t, func(nethttp.ResponseWriter, *nethttp.Request) {
		asked.Add(1)
		panic(nethttp.ErrAbortHandler) // RST_STREAM
	}, withTLS(&tls.Config{}))
	s := openSink(t, peer.URL, trusting(peer))
	wantFailure(t, write(t, s, record("1", "{}")), connector.Reset, true)
	if got := asked.Load(); got != 1 {
		t.Errorf("the peer was asked %d times", got)
	}
}
