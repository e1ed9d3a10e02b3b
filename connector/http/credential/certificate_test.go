package credential_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acktor/acktor/connector/http/credential"
)

// files are a certificate and its key on disk, and a clock.
type files struct {
	cert, key string
	now       time.Time
	reports   []error
}

func setup(t *testing.T) (*files, *credential.Certificate) {
	t.Helper()
	f := &files{cert: filepath.Join(t.TempDir(), "tls.crt"), key: filepath.Join(t.TempDir(), "tls.key"), now: time.Unix(1_700_000_000, 0)}
	f.write(t, "first")
	c, err := credential.LoadCertificate(f.cert, f.key, func() time.Time { return f.now }, func(err error) { f.reports = append(f.reports, err) })
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

// write puts a new pair in place, and gives both files the time of the clock.
func (f *files) write(t *testing.T, name string) {
	t.Helper()
	cert, key := pair(t, name)
	f.put(t, f.cert, cert)
	f.put(t, f.key, key)
}

func (f *files) put(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, f.now, f.now); err != nil {
		t.Fatal(err)
	}
}

func pair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func nameOf(t *testing.T, certificate *tls.Certificate) string {
	t.Helper()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.Subject.CommonName
}

func expectName(t *testing.T, c *credential.Certificate, want string) {
	t.Helper()
	if got := nameOf(t, c.Current()); got != want {
		t.Errorf("the certificate is that of %q, want %q", got, want)
	}
}

func TestANewCertificateIsTakenWithinASecond(t *testing.T) {
	f, c := setup(t)
	expectName(t, c, "first")
	f.now = f.now.Add(999 * time.Millisecond)
	f.write(t, "second")
	expectName(t, c, "first") // it was looked at less than a second ago
	f.now = f.now.Add(time.Millisecond)
	expectName(t, c, "second")
	f.now = f.now.Add(time.Millisecond)
	f.write(t, "third")
	expectName(t, c, "second") // and so it is from then on
	if len(f.reports) != 1 || f.reports[0] != nil {
		t.Errorf("reports %v", f.reports)
	}
}

func TestABadNewCertificateLeavesTheOldOneAndIsReportedOnce(t *testing.T) {
	f, c := setup(t)
	for name, spoil := range map[string]func(){
		"half a file":      func() { f.put(t, f.cert, []byte("-----BEGIN CERTIFICATE-----\nMIIB")) },
		"another's key":    func() { _, key := pair(t, "x"); f.put(t, f.key, key) },
		"no certificate":   func() { _ = os.Remove(f.cert) },
		"an empty key":     func() { f.put(t, f.key, nil) },
		"a folder instead": func() { _ = os.Remove(f.key); _ = os.Mkdir(f.key, 0o700) },
	} {
		f.reports = nil
		f.now = f.now.Add(2 * time.Second)
		spoil()
		for range 5 {
			f.now = f.now.Add(time.Second)
			if got := nameOf(t, c.Current()); got != "first" && got != "good" {
				t.Errorf("%s: the certificate is that of %q", name, got)
			}
		}
		if len(f.reports) != 1 || f.reports[0] == nil {
			t.Errorf("%s: reports %v", name, f.reports)
		}
		_ = os.Remove(f.key) // where it is a folder
		f.now = f.now.Add(2 * time.Second)
		f.write(t, "good")
		expectName(t, c, "good")
		if last := f.reports[len(f.reports)-1]; last != nil {
			t.Errorf("%s: after it was mended: %v", name, last)
		}
	}
}

// The two files are replaced one after the other: between them they do not belong together.
func TestFilesThatAreReplacedOneByOneAreTakenWhenBothAreThere(t *testing.T) {
	f, c := setup(t)
	cert, key := pair(t, "second")
	f.now = f.now.Add(2 * time.Second)
	f.put(t, f.cert, cert)
	expectName(t, c, "first")
	f.now = f.now.Add(2 * time.Second)
	f.put(t, f.key, key)
	expectName(t, c, "second")
}

func TestACertificateThatIsNotThereAtFirstIsAnError(t *testing.T) {
	if _, err := credential.LoadCertificate(filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b"), nil, nil); err == nil {
		t.Error("no error")
	}
}

// Both sides of a handshake have a Certificate, and both have another after their files have changed.
func TestBothSidesOfAHandshakeFollowTheirFiles(t *testing.T) {
	serverFiles, server := setup(t)
	clientFiles, client := setup(t)
	for _, want := range []string{"first", "second"} {
		serverSaw, clientSaw := handshake(t, server, client)
		if serverSaw != want || clientSaw != want {
			t.Errorf("the server saw %q, the client %q; want %q", serverSaw, clientSaw, want)
		}
		for _, f := range []*files{serverFiles, clientFiles} {
			f.now = f.now.Add(2 * time.Second)
			f.write(t, "second")
		}
	}
}

// handshake returns the name that each side saw of the other.
func handshake(t *testing.T, server, client *credential.Certificate) (serverSaw, clientSaw string) {
	t.Helper()
	a, b := net.Pipe()
	serverSide := tls.Server(a, &tls.Config{GetCertificate: server.GetCertificate, ClientAuth: tls.RequireAnyClientCert})
	clientSide := tls.Client(b, &tls.Config{GetClientCertificate: client.GetClientCertificate, InsecureSkipVerify: true})
	defer func() { _ = a.Close(); _ = b.Close() }()
	done := make(chan error, 1)
	go func() { done <- serverSide.HandshakeContext(t.Context()) }()
	if err := clientSide.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return serverSide.ConnectionState().PeerCertificates[0].Subject.CommonName, clientSide.ConnectionState().PeerCertificates[0].Subject.CommonName
}
