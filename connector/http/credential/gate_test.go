package credential_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

func gate(t *testing.T, v credential.Verify) *credential.Gate {
	t.Helper()
	g, err := v.Gate()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestWhoIsKnownMayComeIn(t *testing.T) {
	users := gate(t, credential.Verify{Basic: &credential.VerifyBasic{Users: map[string]field.Secret{"shop": "p:w", "bank": "other"}}})
	tokens := gate(t, credential.Verify{Bearer: &credential.VerifyBearer{Tokens: []field.Secret{"old", "new"}}})
	for _, c := range []struct {
		gate   *credential.Gate
		values []string
		want   error
	}{
		{users, []string{basic("shop:p:w")}, nil},
		{users, []string{basic("bank:other")}, nil},
		{users, []string{strings.Replace(basic("bank:other"), "Basic ", "bAsIc   ", 1)}, nil},
		{users, []string{basic("shop:other")}, credential.ErrUnknown}, // another's password
		{users, []string{basic("shop:")}, credential.ErrUnknown},
		{users, []string{basic(":")}, credential.ErrUnknown},
		{users, []string{basic("shop")}, credential.ErrMalformed},
		{users, []string{"Basic"}, credential.ErrMalformed},
		{users, []string{"Basic %%%"}, credential.ErrMalformed},
		{users, []string{"Bearer new"}, credential.ErrMissing},
		{users, nil, credential.ErrMissing},
		{users, []string{basic("shop:p:w"), basic("shop:p:w")}, credential.ErrMalformed},
		{tokens, []string{"Bearer new"}, nil},
		{tokens, []string{"bearer old"}, nil},
		{tokens, []string{"Bearer ne"}, credential.ErrUnknown},
		{tokens, []string{"Bearer new "}, nil}, // white space around a value is not part of it
		{tokens, []string{"Bearer neww"}, credential.ErrUnknown},
		{tokens, []string{"Bearer "}, credential.ErrMalformed},
		{tokens, []string{"new"}, credential.ErrMissing},
		{tokens, []string{basic("a:b")}, credential.ErrMissing},
		{tokens, []string{"Bearer old", "Bearer new"}, credential.ErrMalformed},
	} {
		header := http.Header{"Authorization": c.values}
		err := c.gate.Head(header.Values, nil)
		if !errors.Is(err, c.want) || err != nil && strings.Contains(err.Error(), "new") {
			t.Errorf("%q: %v, want %v", c.values, err, c.want)
		}
	}
	if users.Challenge() != `Basic realm="acktor", charset="UTF-8"` || tokens.Challenge() != `Bearer realm="acktor"` || users.NeedsCertificate() {
		t.Error("the challenge is another")
	}
}

func TestACertificateMustBeVerifiedAndNamed(t *testing.T) {
	g := gate(t, credential.Verify{Certificate: &credential.VerifyCertificate{
		Subjects: []string{"CN=shop,O=Example"}, DNS: []string{"shop.example"}, URIs: []string{"spiffe://example/shop"},
	}})
	if !g.NeedsCertificate() || g.Challenge() != "" {
		t.Error("no certificate is asked for")
	}
	uri, _ := url.Parse("spiffe://example/shop")
	certificate := func(change func(*x509.Certificate)) *tls.ConnectionState {
		c := &x509.Certificate{}
		change(c)
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}}}
	}
	unverified := certificate(func(c *x509.Certificate) { c.DNSNames = []string{"shop.example"} })
	unverified.VerifiedChains = nil
	for name, c := range map[string]struct {
		state *tls.ConnectionState
		want  error
	}{
		"no TLS":         {nil, credential.ErrMissing},
		"no certificate": {&tls.ConnectionState{}, credential.ErrMissing},
		"not verified":   {unverified, credential.ErrUnknown},
		"nobody":         {certificate(func(*x509.Certificate) {}), credential.ErrUnknown},
		"subject": {certificate(func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "shop", Organization: []string{"Example"}}
		}), nil},
		"half a subject":  {certificate(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "shop"} }), credential.ErrUnknown},
		"name as subject": {certificate(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "shop.example"} }), credential.ErrUnknown},
		"DNS":             {certificate(func(c *x509.Certificate) { c.DNSNames = []string{"a.example", "SHOP.example"} }), nil},
		"below":           {certificate(func(c *x509.Certificate) { c.DNSNames = []string{"a.shop.example", "*.example"} }), credential.ErrUnknown},
		"URI":             {certificate(func(c *x509.Certificate) { c.URIs = []*url.URL{uri} }), nil},
	} {
		if err := g.Head(http.Header{}.Values, c.state); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestATokenAndASignatureCanBothBeAskedFor(t *testing.T) {
	now := time.Now()
	g := gate(t, credential.Verify{
		Bearer:           &credential.VerifyBearer{Tokens: []field.Secret{"t"}},
		StandardWebhooks: &signature.VerifyStandardWebhooks{Keys: []field.Secret{key}},
	})
	signer, err := signature.NewStandardSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	signer.Sign(header.Set, "order-17", []byte("{}"), now)
	if id, err := g.Body(header.Values, []byte("{}"), now); id != "order-17" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	if err := g.Head(header.Values, nil); !errors.Is(err, credential.ErrMissing) {
		t.Errorf("%v", err)
	}
	if _, err := g.Body(header.Values, []byte("[]"), now); !errors.Is(err, signature.ErrMismatch) {
		t.Errorf("%v", err)
	}
}

func TestEverySignatureThatCanBeConfiguredIsChecked(t *testing.T) {
	secrets := []field.Secret{"secret"}
	timed, untimed := &signature.VerifyTimed{Secrets: secrets}, &signature.VerifySecrets{Secrets: secrets}
	generic := signature.HMACConfig{Header: "X-Sum", Secrets: secrets}
	for name, c := range map[string]struct {
		verify credential.Verify
		signer func() (signature.Signer, error)
	}{
		"github":  {credential.Verify{GitHub: untimed}, func() (signature.Signer, error) { return signature.GitHub(secrets...) }},
		"shopify": {credential.Verify{Shopify: untimed}, func() (signature.Signer, error) { return signature.Shopify(secrets...) }},
		"stripe":  {credential.Verify{Stripe: timed}, func() (signature.Signer, error) { return signature.NewStripe(0, secrets...) }},
		"slack":   {credential.Verify{Slack: timed}, func() (signature.Signer, error) { return signature.Slack(0, secrets...) }},
		"hmac":    {credential.Verify{HMAC: &signature.VerifyHMAC{HMACConfig: generic}}, generic.Signer},
	} {
		signer, err := c.signer()
		if err != nil {
			t.Fatal(err)
		}
		header, g := http.Header{}, gate(t, c.verify)
		signer.Sign(header.Set, "order-17", []byte("{}"), time.Now())
		if id, err := g.Body(header.Values, []byte("{}"), time.Now()); err != nil || id == "" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
		if _, err := g.Body(header.Values, []byte("[]"), time.Now()); err == nil {
			t.Errorf("%s: another body is accepted", name)
		}
	}
	if id, err := gate(t, credential.Verify{Bearer: &credential.VerifyBearer{Tokens: secrets}}).Body(nil, nil, time.Now()); id != "" || err != nil {
		t.Errorf("without a signature: %q, %v", id, err)
	}
}

func TestMistakesInVerifyNameTheirKey(t *testing.T) {
	secrets := &signature.VerifySecrets{Secrets: []field.Secret{"s"}}
	for name, c := range map[string]struct {
		verify credential.Verify
		key    string
	}{
		"nothing":        {credential.Verify{}, ""},
		"two signatures": {credential.Verify{GitHub: secrets, Shopify: secrets}, ""},
		"basic, bearer":  {credential.Verify{Basic: &credential.VerifyBasic{}, Bearer: &credential.VerifyBearer{}}, "bearer"},
		"no users":       {credential.Verify{Basic: &credential.VerifyBasic{}}, "basic.users"},
		"colon":          {credential.Verify{Basic: &credential.VerifyBasic{Users: map[string]field.Secret{"a:b": "c"}}}, "basic.users"},
		"no password":    {credential.Verify{Basic: &credential.VerifyBasic{Users: map[string]field.Secret{"a": ""}}}, "basic.users.a"},
		"no tokens":      {credential.Verify{Bearer: &credential.VerifyBearer{}}, "bearer.tokens"},
		"empty token":    {credential.Verify{Bearer: &credential.VerifyBearer{Tokens: []field.Secret{"a", ""}}}, "bearer.tokens"},
		"no names":       {credential.Verify{Certificate: &credential.VerifyCertificate{}}, "certificate"},
		"empty name":     {credential.Verify{Certificate: &credential.VerifyCertificate{DNS: []string{""}}}, "certificate"},
		"no secrets":     {credential.Verify{GitHub: &signature.VerifySecrets{}}, "github.secrets"},
	} {
		_, err := c.verify.Gate()
		if mistake, ok := errors.AsType[*connector.ConfigError](err); !ok || mistake.Key != c.key {
			t.Errorf("%s: %v, want a mistake at %q", name, err, c.key)
		}
	}
}

// Nobody comes in without the password, whatever the header.
func FuzzHead(f *testing.F) {
	f.Add("Basic c2hvcDpwdw==")
	f.Add("Bearer \x00")
	f.Add("basic  OnB3")
	users, err := (&credential.Verify{Basic: &credential.VerifyBasic{Users: map[string]field.Secret{"shop": "a long password"}}}).Gate()
	if err != nil {
		f.Fatal(err)
	}
	tokens, err := (&credential.Verify{Bearer: &credential.VerifyBearer{Tokens: []field.Secret{"a-long-token"}}}).Gate()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		header := http.Header{"Authorization": {value}}
		if users.Head(header.Values, nil) == nil || tokens.Head(header.Values, nil) == nil {
			t.Errorf("%q comes in", value)
		}
	})
}
