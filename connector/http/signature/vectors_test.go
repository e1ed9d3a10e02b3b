package signature_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// What the authors of the schemes publish as examples.
func TestPublishedExamplesAreSignedAndVerifiedExactly(t *testing.T) {
	const (
		standardBody = `{"test": 2432232314}`
		standardID   = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		seed         = "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
		slackBody    = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	)
	public := field.Secret("whpk_" + base64.StdEncoding.EncodeToString(publicOf(t, seed)))
	standardKeys := []field.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_" + seed}
	for _, c := range []struct {
		name     string
		signer   signature.Signer
		verifier signature.Verifier
		id, body string
		at       time.Time
		header   http.Header
	}{
		{ // the reference library's tests, libraries/go of standard-webhooks/standard-webhooks
			"standard v1",
			must(signature.NewStandardSigner(standardKeys[0]))(t), must(signature.NewStandardVerifier(0, standardKeys[0]))(t),
			standardID, standardBody, time.Unix(1614265330, 0),
			http.Header{"Webhook-Id": {standardID}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
		},
		{
			"standard v1a",
			must(signature.NewStandardSigner(standardKeys[1]))(t), must(signature.NewStandardVerifier(0, public))(t),
			standardID, standardBody, time.Unix(1614265330, 0),
			http.Header{"Webhook-Id": {standardID}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {"v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="}},
		},
		{
			"standard, both",
			must(signature.NewStandardSigner(standardKeys...))(t), must(signature.NewStandardVerifier(0, public))(t),
			standardID, standardBody, time.Unix(1614265330, 0),
			http.Header{"Webhook-Id": {standardID}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="}},
		},
		{ // docs.github.com, "Validating webhook deliveries"
			"github",
			must(signature.GitHub("It's a Secret to Everybody"))(t), must(signature.GitHub("It's a Secret to Everybody"))(t),
			"", "Hello, World!", now,
			http.Header{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
		},
		{ // docs.slack.dev, "Verifying requests from Slack"
			"slack",
			must(signature.Slack(0, "8f742231b10e8888abcd99yyyzzz85a5"))(t), must(signature.Slack(0, "8f742231b10e8888abcd99yyyzzz85a5"))(t),
			"", slackBody, time.Unix(1531420618, 0),
			http.Header{"X-Slack-Request-Timestamp": {"1531420618"}, "X-Slack-Signature": {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}},
		},
		{ // neither Shopify nor Stripe publishes one: by Python's hmac
			"shopify",
			must(signature.Shopify("hush"))(t), must(signature.Shopify("hush"))(t),
			"", `{"id":820982911946154508}`, now,
			http.Header{"X-Shopify-Hmac-Sha256": {"qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="}},
		},
		{
			"stripe",
			must(signature.NewStripe(0, "whsec_test_secret"))(t), must(signature.NewStripe(0, "whsec_test_secret"))(t),
			"", `{"id":"evt_test","object":"event"}`, time.Unix(1492774577, 0),
			http.Header{"Stripe-Signature": {"t=1492774577,v1=691252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d215"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed := sign(c.signer, c.id, c.body, c.at)
			for name := range c.header {
				if signed.Get(name) != c.header.Get(name) {
					t.Errorf("%s: %s, want %s", name, signed.Get(name), c.header.Get(name))
				}
			}
			if len(signed) != len(c.header) {
				t.Errorf("headers %v, want %v", signed, c.header)
			}
			if _, err := c.verifier.Verify(c.header.Values, []byte(c.body), c.at.Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
	}
}

func publicOf(t *testing.T, seed string) ed25519.PublicKey {
	t.Helper()
	raw := must(base64.StdEncoding.DecodeString(seed))(t)
	return ed25519.NewKeyFromSeed(raw).Public().(ed25519.PublicKey)
}

// RFC 4231, test case 2, and RFC 2202, test case 2: the same key and data for each hash.
func TestGenericHMACComputesThePublishedSums(t *testing.T) {
	for algorithm, want := range map[string]string{
		"sha256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"sha512": "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
		"sha1":   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
	} {
		config := field.Defaults[signature.HMACConfig]()
		config.Header, config.Secrets, config.Algorithm = "X-Signature", []field.Secret{"Jefe"}, algorithm
		signer := must(config.Signer())(t)
		if got := sign(signer, "", "what do ya want for nothing?", now).Get("X-Signature"); got != want {
			t.Errorf("%s: %s, want %s", algorithm, got, want)
		}
	}
}
