package signature_test

import (
	"errors"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

func TestMistakesInTheConfigurationNameTheirKey(t *testing.T) {
	type validator interface{ Validate() error }
	withHMAC := func(change func(*signature.HMACConfig)) validator {
		config := field.Defaults[signature.VerifyHMAC]()
		config.Header, config.Secrets = "X-Signature", []field.Secret{"secret"}
		change(&config.HMACConfig)
		return &config
	}
	for name, c := range map[string]struct {
		config validator
		key    string // "" when it is right
	}{
		"sign":                  {&signature.SignStandardWebhooks{Keys: []field.Secret{whsec("a")}}, ""},
		"sign without a key":    {&signature.SignStandardWebhooks{}, "keys"},
		"sign with a public":    {&signature.SignStandardWebhooks{Keys: []field.Secret{"whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}, "keys"},
		"short key":             {&signature.SignStandardWebhooks{Keys: []field.Secret{"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM="}}, "keys"},
		"key not base64":        {&signature.SignStandardWebhooks{Keys: []field.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"}}, "keys"},
		"key without a prefix":  {&signature.SignStandardWebhooks{Keys: []field.Secret{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}, "keys"},
		"unequal pair":          {&signature.SignStandardWebhooks{Keys: []field.Secret{"whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}}, "keys"},
		"verify":                {&signature.VerifyStandardWebhooks{Keys: []field.Secret{whsec("a")}}, ""},
		"verify with a private": {&signature.VerifyStandardWebhooks{Keys: []field.Secret{"whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="}}, "keys"},
		"empty secret":          {&signature.VerifySecrets{Secrets: []field.Secret{"a", ""}}, "secrets"},
		"no secret":             {&signature.VerifyTimed{}, "secrets"},
		"hmac":                  {withHMAC(func(*signature.HMACConfig) {}), ""},
		"hmac without a header": {withHMAC(func(c *signature.HMACConfig) { c.Header = "" }), "header"},
		"no secret of an hmac":  {withHMAC(func(c *signature.HMACConfig) { c.Secrets = nil }), "secrets"},
		"a space in a header":   {withHMAC(func(c *signature.HMACConfig) { c.Header = "X Y" }), "header"},
		"prefix":                {withHMAC(func(c *signature.HMACConfig) { c.Prefix = "a b" }), "prefix"},
		"body not signed":       {withHMAC(func(c *signature.HMACConfig) { c.Signed = "{timestamp}" }), "signed"},
		"unknown part":          {withHMAC(func(c *signature.HMACConfig) { c.Signed = "{body}{host}" }), "signed"},
		"open brace":            {withHMAC(func(c *signature.HMACConfig) { c.Signed = "{body}{" }), "signed"},
		"twice":                 {withHMAC(func(c *signature.HMACConfig) { c.Signed = "{body}{body}" }), "signed"},
		"no timestamp":          {withHMAC(func(c *signature.HMACConfig) { c.Signed = "{timestamp}.{body}" }), "signed"},
		"timestamp not signed":  {withHMAC(func(c *signature.HMACConfig) { c.TimestampHeader = "X-Time" }), "timestamp_header"},
		"id not signed":         {withHMAC(func(c *signature.HMACConfig) { c.IDHeader = "X-Id" }), "id_header"},
		"the same header twice": {withHMAC(func(c *signature.HMACConfig) { c.Signed, c.IDHeader = "{id}{body}", "x-signature" }), "header"},
		"with a timestamp":      {withHMAC(func(c *signature.HMACConfig) { c.Signed, c.TimestampHeader = "{timestamp}{body}", "X-Time" }), ""},
	} {
		err := c.config.Validate()
		mistake, ok := errors.AsType[*connector.ConfigError](err)
		if c.key == "" && err != nil || c.key != "" && (!ok || mistake.Key != c.key || mistake.Cure == "") {
			t.Errorf("%s: %v, want a mistake at %q with a cure", name, err, c.key)
		}
	}
}

func TestTheDefaultsOfTheConfigurationAreTheDocumentedOnes(t *testing.T) {
	config := field.Defaults[signature.VerifyHMAC]()
	config.Header, config.Secrets = "X-Signature", []field.Secret{"secret"}
	if err := field.Validate(&config); err != nil {
		t.Fatal(err)
	}
	if config.Tolerance != signature.DefaultTolerance || config.Signed != "{body}" {
		t.Errorf("%+v", config)
	}
	zero := signature.VerifyHMAC{HMACConfig: signature.HMACConfig{Header: "X-Signature", Secrets: config.Secrets}}
	header := sign(must(zero.Signer())(t), "", body, now)
	if _, err := must(config.Verifier())(t).Verify(header.Values, []byte(body), now); err != nil {
		t.Errorf("what the zero configuration signs the defaults do not accept: %v", err)
	}
}

func TestAToleranceIsTheConfiguredOne(t *testing.T) {
	secrets := []field.Secret{"secret"}
	hmac := signature.VerifyHMAC{HMACConfig: signature.HMACConfig{Header: "X-S", Secrets: secrets, Signed: "{timestamp}{body}", TimestampHeader: "X-T"}, Tolerance: time.Minute}
	timed := signature.VerifyTimed{Secrets: secrets, Tolerance: time.Minute}
	standard := signature.VerifyStandardWebhooks{Keys: []field.Secret{whsec("a")}, Tolerance: time.Minute}
	for name, scheme := range map[string]both{
		"hmac":     {must(hmac.Signer())(t), must(hmac.Verifier())(t)},
		"slack":    {must(signature.Slack(0, secrets...))(t), must(timed.Slack())(t)},
		"stripe":   {must(signature.NewStripe(0, secrets...))(t), must(timed.Stripe())(t)},
		"standard": {must(signature.NewStandardSigner(whsec("a")))(t), must(standard.Verifier())(t)},
	} {
		header := sign(scheme, "id", body, now)
		if _, err := scheme.Verify(header.Values, []byte(body), now.Add(time.Minute)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		expect(t, scheme, header, []byte(body), now.Add(61*time.Second), signature.ErrStale, name)
	}
}

func TestConfigurationsOfGitHubAndShopifyVerify(t *testing.T) {
	config := signature.VerifySecrets{Secrets: []field.Secret{"secret"}}
	for name, scheme := range map[string]both{
		"github":  {must(signature.GitHub("secret"))(t), must(config.GitHub())(t)},
		"shopify": {must(signature.Shopify("secret"))(t), must(config.Shopify())(t)},
	} {
		if _, err := scheme.Verify(sign(scheme, "", body, now).Values, []byte(body), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
