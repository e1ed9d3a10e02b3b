package credential_test

import (
	"encoding/base64"
	"errors"
	"fmt"
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

var key = field.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))

func TestWhatIsConfiguredIsAdded(t *testing.T) {
	const at = 1_700_000_000
	for name, c := range map[string]struct {
		auth   credential.Auth
		header map[string]string
		query  string
	}{
		"basic":          {credential.Auth{Basic: &credential.Basic{Username: "Aladdin", Password: "open sesame"}}, map[string]string{"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, "a=1"}, // RFC 7617, section 2
		"bearer":         {credential.Auth{Bearer: &credential.Bearer{Token: "mF_9.B5f-4.1JqM"}}, map[string]string{"Authorization": "Bearer mF_9.B5f-4.1JqM"}, "a=1"},                               // RFC 6750, section 2.1
		"key in header":  {credential.Auth{APIKey: &credential.APIKey{Header: "x-api-key", Key: "k"}}, map[string]string{"X-Api-Key": "k"}, "a=1"},
		"key in the URL": {credential.Auth{APIKey: &credential.APIKey{Query: "the key", Key: "k&l"}}, nil, "a=1&the+key=k%26l"},
		"several": {
			credential.Auth{
				Bearer: &credential.Bearer{Token: "t"}, APIKey: &credential.APIKey{Header: "X-Key", Key: "k"},
				StandardWebhooks: &signature.SignStandardWebhooks{Keys: []field.Secret{key}},
				HMAC:             &signature.HMACConfig{Header: "X-Sum", Secrets: []field.Secret{"s"}},
			},
			map[string]string{"Authorization": "Bearer t", "X-Key": "k", "Webhook-Id": "order-17", "Webhook-Timestamp": fmt.Sprint(at)}, "a=1",
		},
	} {
		authorizer, err := c.auth.Authorizer(nil)
		if err != nil {
			t.Fatal(err)
		}
		shared := &url.URL{Scheme: "https", Host: "a.example", RawQuery: "a=1"}
		r := &credential.Request{Method: "POST", URL: shared, Header: http.Header{}, Body: []byte("{}"), ID: "order-17"}
		if err := authorizer.Authorize(t.Context(), r, time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
		for field, want := range c.header {
			if got := r.Header.Get(field); got != want {
				t.Errorf("%s: %s: %q, want %q", name, field, got, want)
			}
		}
		if r.URL.RawQuery != c.query || shared.RawQuery != "a=1" {
			t.Errorf("%s: query %q, and the shared URL has %q", name, r.URL.RawQuery, shared.RawQuery)
		}
		if authorizer.Refused(r.Header, time.Unix(at, 0)) {
			t.Errorf("%s: what does not change is worth another attempt", name)
		}
		if c.auth.StandardWebhooks != nil {
			verifier, _ := signature.NewStandardVerifier(0, key)
			if _, err := verifier.Verify(r.Header.Values, r.Body, time.Unix(at, 0)); err != nil || r.Header.Get("X-Sum") == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// SigV4 signs the headers of the other signatures, which must be there before.
func TestSigV4SignsWhatTheOthersAdd(t *testing.T) {
	auth := credential.Auth{
		SigV4:            &credential.SigV4{AccessKey: "a", SecretKey: "s", Region: "r", Service: "lambda"},
		StandardWebhooks: &signature.SignStandardWebhooks{Keys: []field.Secret{key}},
		APIKey:           &credential.APIKey{Query: "k", Key: "v"},
	}
	authorizer, err := auth.Authorizer(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &credential.Request{Method: "POST", URL: &url.URL{Host: "a.example"}, Header: http.Header{}, ID: "1"}
	if err := authorizer.Authorize(t.Context(), r, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); !strings.Contains(got, "SignedHeaders=host;webhook-id;webhook-signature;webhook-timestamp;x-amz-date,") || r.URL.RawQuery != "k=v" {
		t.Errorf("%s, query %q", got, r.URL.RawQuery)
	}
}

func TestMistakesInAuthNameTheirKey(t *testing.T) {
	oauth := func(change func(*credential.OAuth2)) *credential.OAuth2 {
		config := credential.OAuth2{TokenURL: "https://login.example/token", ClientID: "me", ClientSecret: "hush"}
		change(&config)
		return &config
	}
	aws := func(change func(*credential.SigV4)) *credential.SigV4 {
		config := credential.SigV4{AccessKey: "a", SecretKey: "s", Region: "r", Service: "x"}
		change(&config)
		return &config
	}
	for name, c := range map[string]struct {
		auth credential.Auth
		key  string
	}{
		"nothing":            {credential.Auth{}, ""},
		"two":                {credential.Auth{Basic: &credential.Basic{Username: "a"}, Bearer: &credential.Bearer{Token: "t"}}, "bearer"},
		"two, one a key":     {credential.Auth{APIKey: &credential.APIKey{Header: "authorization", Key: "k"}, Bearer: &credential.Bearer{Token: "t"}}, "api_key.header"},
		"colon":              {credential.Auth{Basic: &credential.Basic{Username: "a:b"}}, "basic.username"},
		"no token":           {credential.Auth{Bearer: &credential.Bearer{}}, "bearer.token"},
		"line break":         {credential.Auth{Bearer: &credential.Bearer{Token: "a\n"}}, "bearer.token"},
		"no place":           {credential.Auth{APIKey: &credential.APIKey{Key: "k"}}, "api_key.header"},
		"two places":         {credential.Auth{APIKey: &credential.APIKey{Key: "k", Header: "a", Query: "b"}}, "api_key.header"},
		"no key":             {credential.Auth{APIKey: &credential.APIKey{Header: "a"}}, "api_key.key"},
		"framing":            {credential.Auth{APIKey: &credential.APIKey{Header: "content-length", Key: "k"}}, "api_key.header"},
		"no URL":             {credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.TokenURL = "login.example" })}, "oauth2.token_url"},
		"no TLS":             {credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.TokenURL = "http://login.example" })}, "oauth2.token_url"},
		"no client":          {credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.ClientID = "" })}, "oauth2.client_id"},
		"no secret":          {credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.ClientSecret = "" })}, "oauth2.client_secret"},
		"scope as parameter": {credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.Parameters = map[string]string{"scope": "x"} })}, "oauth2.parameters.scope"},
		"no access key":      {credential.Auth{SigV4: aws(func(c *credential.SigV4) { c.AccessKey = "" })}, "sigv4.access_key"},
		"slash":              {credential.Auth{SigV4: aws(func(c *credential.SigV4) { c.Region = "a/b" })}, "sigv4.region"},
		"session":            {credential.Auth{SigV4: aws(func(c *credential.SigV4) { c.SessionToken = "a\nb" })}, "sigv4.session_token"},
		"webhooks":           {credential.Auth{StandardWebhooks: &signature.SignStandardWebhooks{}}, "standard_webhooks.keys"},
		"hmac":               {credential.Auth{HMAC: &signature.HMACConfig{Secrets: []field.Secret{"s"}}}, "hmac.header"},
	} {
		_, err := c.auth.Authorizer(nil)
		if mistake, ok := errors.AsType[*connector.ConfigError](err); !ok || mistake.Key != c.key {
			t.Errorf("%s: %v, want a mistake at %q", name, err, c.key)
		}
	}
	local := credential.Auth{OAuth2: oauth(func(c *credential.OAuth2) { c.TokenURL = "http://127.0.0.1:8080/token" })}
	if _, err := local.Authorizer(nil); err != nil {
		t.Error(err)
	}
}

func TestTheTagsOfBothConfigurationsAreSound(t *testing.T) {
	for _, config := range []any{&credential.Auth{}, &credential.Verify{}} {
		for _, f := range field.Describe(config) {
			if f.Doc == "" || len(f.Fields) == 0 {
				t.Errorf("%T: %s has no text, or nothing in it", config, f.Key)
			}
			for _, inner := range f.Fields {
				if inner.Doc == "" {
					t.Errorf("%T: %s.%s has no text", config, f.Key, inner.Key)
				}
			}
		}
	}
}
