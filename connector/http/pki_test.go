package http

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
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	t    testing.TB
	own  *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	signed := a.issue(shape)
	a.own, a.key = signed.Leaf, signed.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.own)
	return a
}

// issue signs a certificate of that shape with a key of its own; the first one signs itself.
func (a *authority) issue(shape *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	by, with := a.own, a.key
	if by == nil {
		by, with = shape, key
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, by, key.Public(), with)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// server issues a certificate for 127.0.0.1 that ends at that time.
func (a *authority) server(until time.Time) tls.Certificate {
	return a.issue(&x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: until.Add(-2 * time.Hour), NotAfter: until})
}

// client issues a certificate with that name.
func (a *authority) client(name string) tls.Certificate {
	return a.issue(&x509.Certificate{
		SerialNumber: big.NewInt(3), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// text is the certificate of the authority in PEM form.
func (a *authority) text() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.own.Raw}))
}

// files writes a server's certificate, its key and the authority.
func (a *authority) files() *SourceTLS {
	directory := a.t.TempDir()
	at := func(name string) string { return filepath.Join(directory, name) }
	certificate := a.server(time.Now().Add(time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	t := a.t.(*testing.T)
	writePEM(t, at("cert"), "CERTIFICATE", certificate.Certificate[0])
	writePEM(t, at("key"), "PRIVATE KEY", key)
	writePEM(t, at("ca"), "CERTIFICATE", a.own.Raw)
	return &SourceTLS{Cert: at("cert"), Key: at("key"), ClientCA: at("ca")}
}
