package signature_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// Whoever has no key cannot make headers that are accepted, and no header makes a verifier panic.
func FuzzVerifyWithoutAKey(f *testing.F) {
	f.Add("msg_1", "1700000000", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a,AAAA", []byte(body))
	f.Add("a.1700000000", "1700000000", "t=1700000000,v1=00,v1=", []byte(""))
	f.Add("", "-1", "sha256=00, sha256=", []byte("{"))
	f.Fuzz(func(t *testing.T, id, stamp, text string, body []byte) {
		header := http.Header{}
		for _, name := range []string{"Webhook-Id", "X-Id"} {
			header.Set(name, id)
		}
		for _, name := range []string{"Webhook-Timestamp", "X-Slack-Request-Timestamp", "X-Time"} {
			header.Set(name, stamp)
		}
		for _, name := range []string{"Webhook-Signature", "X-Hub-Signature-256", "X-Slack-Signature", "X-Shopify-Hmac-Sha256", "Stripe-Signature", "X-Signature"} {
			header.Set(name, text)
		}
		for name, scheme := range schemes(t) {
			if id, err := scheme.Verify(header.Values, body, now); err == nil || id != "" {
				t.Errorf("%s: id %q, %v", name, id, err)
			}
		}
	})
}

// Whatever is signed is accepted as the same message, and by nobody as another.
func FuzzSignThenVerify(f *testing.F) {
	f.Add("order-17", []byte(body), int64(1_700_000_000), []byte("other"))
	f.Add("a.1700000000\r\n", []byte{}, int64(0), []byte{0})
	f.Fuzz(func(t *testing.T, id string, body []byte, seconds int64, other []byte) {
		if id == "" {
			return // a record always has one
		}
		at := time.Unix(seconds&(1<<33-1), 0)
		for name, scheme := range schemes(t) {
			header := sign(scheme, id, string(body), at)
			if got, err := scheme.Verify(header.Values, body, at); err != nil || got == "" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			if _, err := scheme.Verify(header.Values, other, at); err == nil && string(other) != string(body) {
				t.Errorf("%s: another body is accepted", name)
			}
		}
	})
}

// A text that is accepted as what is signed has the body in it, and neither signs nor verifies by panicking.
func FuzzSigned(f *testing.F) {
	f.Add("{timestamp}.{body}", "sha256=")
	f.Add("{id}{", ",")
	f.Fuzz(func(t *testing.T, signed, prefix string) {
		config := field.Defaults[signature.VerifyHMAC]()
		config.Header, config.Secrets, config.Signed, config.Prefix = "X-Signature", []field.Secret{"secret"}, signed, prefix
		if config.Validate() != nil {
			return
		}
		signer, verifier := must(config.Signer())(t), must(config.Verifier())(t)
		header := sign(signer, "id", body, now)
		if _, err := verifier.Verify(header.Values, []byte(body), now); err != nil {
			t.Errorf("signed %q, prefix %q: %v", signed, prefix, err)
		}
		if _, err := verifier.Verify(header.Values, []byte("other"), now); err == nil {
			t.Errorf("signed %q: the body is not signed", signed)
		}
	})
}
