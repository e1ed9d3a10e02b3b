package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
)

// sessions is how many TLS sessions are kept for resumption.
const sessions = 256

// newTLSConfig reads certificates and keys.
func newTLSConfig(config *SinkTLS, log *slog.Logger) (*tls.Config, error) {
	c := &tls.Config{
		ServerName:         config.ServerName,
		InsecureSkipVerify: config.InsecureSkipVerify,
		MinVersion:         tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
	}
	if config.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	if config.CA != "" {
		pem, err := readPEM(config.CA)
		if err != nil {
			return nil, wrong("tls.ca", err.Error(), "name a file in PEM form, or give the PEM text")
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, wrong("tls.ca", "holds no certificate", "name a file in PEM form, or give the PEM text")
		}
	}
	if (config.Cert == "") != (config.Key == "") {
		return nil, wrong("tls.cert", "a client certificate needs both cert and key", "")
	}
	if config.Cert != "" {
		return c, showCertificate(c, config, log)
	}
	return c, nil
}

// showCertificate sets the client certificate. One in files is looked at again for each connection, and no session is resumed,
// since that would go on with the one of before.
func showCertificate(c *tls.Config, config *SinkTLS, log *slog.Logger) error {
	pair, err := readKeyPair(config)
	if err != nil {
		return err
	}
	if isPEM(config.Cert) || isPEM(config.Key.Reveal()) {
		c.Certificates = []tls.Certificate{pair}
		return nil
	}
	certificate, err := credential.LoadCertificate(config.Cert, config.Key.Reveal(), nil, reporting(log, "client certificate"))
	if err != nil {
		return wrong("tls.cert", "changed while it was read", "start again")
	}
	c.GetClientCertificate, c.ClientSessionCache = certificate.GetClientCertificate, nil
	return nil
}

// reporting returns what tells of a certificate that was replaced, or was not.
func reporting(log *slog.Logger, what string) func(error) {
	return func(err error) {
		if err != nil {
			log.Warn("http: the "+what+" was not replaced; the old one stays", "error", err)
			return
		}
		log.Info("http: the " + what + " was replaced")
	}
}

func readKeyPair(config *SinkTLS) (tls.Certificate, error) {
	cert, err := readPEM(config.Cert)
	if err != nil {
		return tls.Certificate{}, wrong("tls.cert", err.Error(), "name a file in PEM form, or give the PEM text")
	}
	key, err := readPEM(config.Key.Reveal())
	if err != nil {
		return tls.Certificate{}, wrong("tls.key", err.Error(), "name a file in PEM form, or give the PEM text")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, wrong("tls.cert", err.Error(), "")
	}
	return pair, nil
}

// readPEM returns text itself when it is in PEM form, else the content of the file that it names.
func readPEM(text string) ([]byte, error) {
	if isPEM(text) {
		return []byte(text), nil
	}
	content, err := os.ReadFile(text)
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return nil, path.Err // without the name: it may be a key that was mistaken for one
	}
	return content, err
}

func isPEM(text string) bool { return strings.Contains(text, "-----BEGIN ") }

func wrong(key, text, cure string) *connector.ConfigError {
	return &connector.ConfigError{Key: key, Text: text, Cure: cure}
}
