package credential

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// Gate checks requests. It is never changed once it is made, so that any number of goroutines may use one.
type Gate struct {
	basic    *secrets
	bearer   *secrets
	names    *VerifyCertificate
	verifier signature.Verifier
}

// Head judges what comes before the body. Header returns all values of a name, whatever its case; connection is nil without TLS. The error is a
// *RefusedError; it calls for 401, with Challenge, or for 403 where the scheme is certificate.
func (g *Gate) Head(header func(name string) []string, connection *tls.ConnectionState) error {
	if g.names != nil {
		if err := g.certificate(connection); err != nil {
			return err
		}
	}
	switch {
	case g.basic != nil:
		return g.password(header("Authorization"))
	case g.bearer != nil:
		return g.token(header("Authorization"))
	}
	return nil
}

// Body judges the signature, where one is asked for: see signature.Verifier. Without one the id is empty.
func (g *Gate) Body(header func(name string) []string, body []byte, now time.Time) (id string, err error) {
	if g.verifier == nil {
		return "", nil
	}
	return g.verifier.Verify(header, body, now)
}

// NeedsCertificate says whether the server has to ask clients for a certificate, and to verify it.
func (g *Gate) NeedsCertificate() bool { return g.names != nil }

// Challenge is the header WWW-Authenticate of a 401 (RFC 9110, section 11.6.1), or empty.
func (g *Gate) Challenge() string {
	switch {
	case g.basic != nil:
		return `Basic realm="acktor", charset="UTF-8"`
	case g.bearer != nil:
		return `Bearer realm="acktor"`
	}
	return ""
}

func (g *Gate) password(values []string) error {
	encoded, err := after("basic", values)
	if err != nil {
		return err
	}
	text, decodeErr := base64.StdEncoding.DecodeString(encoded)
	switch {
	case decodeErr != nil || !strings.Contains(string(text), ":"):
		return &RefusedError{"basic", ErrMalformed}
	case !g.basic.has(string(text)):
		return &RefusedError{"basic", ErrUnknown}
	}
	return nil
}

func (g *Gate) token(values []string) error {
	text, err := after("bearer", values)
	if err != nil {
		return err
	}
	if !g.bearer.has(text) {
		return &RefusedError{"bearer", ErrUnknown}
	}
	return nil
}

// after returns what stands behind the scheme in the one header Authorization.
func after(scheme string, values []string) (string, error) {
	if len(values) == 0 {
		return "", &RefusedError{scheme, ErrMissing}
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	if len(values) > 1 {
		return "", &RefusedError{scheme, ErrMalformed}
	}
	if !strings.EqualFold(name, scheme) {
		return "", &RefusedError{scheme, ErrMissing}
	}
	if rest = strings.TrimLeft(rest, " "); rest == "" {
		return "", &RefusedError{scheme, ErrMalformed}
	}
	return rest, nil
}

func (g *Gate) certificate(connection *tls.ConnectionState) error {
	if connection == nil || len(connection.PeerCertificates) == 0 {
		return &RefusedError{"certificate", ErrMissing}
	}
	// Without a chain nobody has verified it, and it says what its owner wants it to say.
	if len(connection.VerifiedChains) == 0 || !g.names.allow(connection.VerifiedChains[0][0]) {
		return &RefusedError{"certificate", ErrUnknown}
	}
	return nil
}

func (c *VerifyCertificate) allow(certificate *x509.Certificate) bool {
	if slices.Contains(c.Subjects, certificate.Subject.String()) {
		return true
	}
	for _, name := range certificate.DNSNames {
		if slices.ContainsFunc(c.DNS, func(allowed string) bool { return strings.EqualFold(allowed, name) }) {
			return true
		}
	}
	for _, uri := range certificate.URIs {
		if slices.Contains(c.URIs, uri.String()) {
			return true
		}
	}
	return false
}

// secrets is a set of texts of which one can be found without the time telling how much of it is right: what is compared are
// codes under a key that nobody else has.
type secrets struct {
	key   []byte
	codes [][]byte
}

func newSecrets(texts []string) *secrets {
	s := &secrets{key: make([]byte, sha256.Size)}
	_, _ = rand.Read(s.key) // never fails
	for _, text := range texts {
		s.codes = append(s.codes, hmacSHA256(s.key, text))
	}
	return s
}

func newUsers(users map[string]field.Secret) *secrets {
	var texts []string
	for user, password := range users {
		texts = append(texts, user+":"+password.Reveal())
	}
	return newSecrets(texts)
}

func newTokens(tokens []field.Secret) *secrets {
	var texts []string
	for _, token := range tokens {
		texts = append(texts, token.Reveal())
	}
	return newSecrets(texts)
}

func (s *secrets) has(text string) bool {
	code, found := hmacSHA256(s.key, text), false
	for _, one := range s.codes {
		found = hmac.Equal(code, one) || found
	}
	return found
}
