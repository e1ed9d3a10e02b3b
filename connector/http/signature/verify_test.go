package signature_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

func TestWhatIsSignedIsAccepted(t *testing.T) {
	for name, scheme := range schemes(t) {
		header := sign(scheme, "order-17", body, now)
		id, err := scheme.Verify(header.Values, []byte(body), now)
		if err != nil || id == "" {
			t.Errorf("%s: id %q, %v", name, id, err)
		}
		if (name == "standard" || name == "generic") && id != "order-17" {
			t.Errorf("%s: id %q, want order-17", name, id)
		}
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	for name, scheme := range schemes(t, 0) {
		header := sign(scheme, "order-17", body, now)
		for i := range len(body) {
			changed := []byte(body)
			changed[i] ^= 1
			expect(t, scheme, header, changed, now, signature.ErrMismatch, name, "a changed body")
		}
		for field, values := range header {
			for i := range len(values[0]) {
				changed := header.Clone()
				text := []byte(values[0])
				text[i] ^= 1
				changed.Set(field, string(text))
				if _, err := scheme.Verify(changed.Values, []byte(body), now); err == nil {
					t.Errorf("%s: %s: %s is accepted", name, field, text)
				}
			}
		}
	}
}

func TestAnyOfTheKeysIsAcceptedAndAnyOfTheSignatures(t *testing.T) {
	for _, with := range [][]int{{0}, {1}, {0, 1}, {1, 0}} {
		for name, scheme := range schemes(t, with...) {
			header := sign(scheme, "order-17", body, now)
			if _, err := scheme.Verify(header.Values, []byte(body), now); err != nil {
				t.Errorf("%s, signed with %v: %v", name, with, err)
			}
		}
	}
}

// Who takes one of two signatures away has the same message, and must not get another id for it.
func TestTheIDIsTheSameWhicheverKeySigned(t *testing.T) {
	ids := map[string]string{}
	for _, with := range [][]int{{0}, {1}, {0, 1}} {
		for name, scheme := range schemes(t, with...) {
			id, err := scheme.Verify(sign(scheme, "order-17", body, now).Values, []byte(body), now)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := ids[name]; ok && before != id {
				t.Errorf("%s: id %s, and %s with other keys", name, before, id)
			}
			ids[name] = id
		}
	}
}

func TestAMissingHeaderIsNamed(t *testing.T) {
	for name, scheme := range schemes(t) {
		header := sign(scheme, "order-17", body, now)
		for field := range header {
			for _, without := range []http.Header{header.Clone(), header.Clone()} {
				without.Del(field)
				err := expect(t, scheme, without, []byte(body), now, signature.ErrMissing, name, "without "+field)
				if wrong, ok := errors.AsType[*signature.Error](err); !ok || !strings.EqualFold(wrong.Header, field) {
					t.Errorf("%s: without %s: %v", name, field, err)
				}
			}
			empty := header.Clone()
			empty.Set(field, " ")
			expect(t, scheme, empty, []byte(body), now, signature.ErrMissing, name, "an empty "+field)
		}
	}
}

func TestAHeaderThatIsThereTwiceIsMalformed(t *testing.T) {
	for name, scheme := range schemes(t) {
		header := sign(scheme, "order-17", body, now)
		for field := range header {
			twice := header.Clone()
			twice.Add(field, header.Get(field))
			expect(t, scheme, twice, []byte(body), now, signature.ErrMalformed, name, "twice "+field)
		}
	}
}

func TestATimestampIsFreshWithinTheToleranceInBothDirections(t *testing.T) {
	const second, tolerance = time.Second, signature.DefaultTolerance
	for name, scheme := range schemes(t) {
		header := sign(scheme, "order-17", body, now)
		for _, away := range []time.Duration{tolerance, -tolerance} {
			if _, err := scheme.Verify(header.Values, []byte(body), now.Add(away)); err != nil {
				t.Errorf("%s, %s away: %v", name, away, err)
			}
		}
		for _, away := range []time.Duration{tolerance + second, -tolerance - second, 1e6 * time.Hour} {
			if timed(name) {
				expect(t, scheme, header, []byte(body), now.Add(away), signature.ErrStale, name, away.String()+" away")
			}
		}
	}
}

func TestATimestampIsAPlainNumber(t *testing.T) {
	for _, stamp := range []string{"+1700000000", "-1", "01700000000", "1700000000.5", "1.7e9", "0x6553f100", "1_700_000_000", "１７", "99999999999999999999", "now", "2023-11-14T22:13:20Z"} {
		for name, of := range map[string]string{"standard": "Webhook-Timestamp", "slack": "X-Slack-Request-Timestamp", "generic": "X-Time"} {
			scheme := schemes(t)[name]
			header := sign(scheme, "order-17", body, now)
			header.Set(of, stamp)
			expect(t, scheme, header, []byte(body), now, signature.ErrMalformed, name, stamp)
		}
		stripe := schemes(t)["stripe"]
		header := sign(stripe, "", body, now)
		header.Set("Stripe-Signature", strings.Replace(header.Get("Stripe-Signature"), "1700000000", stamp, 1))
		expect(t, stripe, header, []byte(body), now, signature.ErrMalformed, "stripe", stamp)
	}
}

func TestMalformedSignaturesAreToldFromWrongOnes(t *testing.T) {
	for _, c := range []struct {
		scheme, header, text string
		want                 error
	}{
		{"standard", "Webhook-Signature", "v1,", signature.ErrMalformed},
		{"standard", "Webhook-Signature", "v1", signature.ErrMalformed},
		{"standard", "Webhook-Signature", "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", signature.ErrMalformed},
		{"standard", "Webhook-Signature", "v1a,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", signature.ErrMalformed}, // of the size of a v1
		{"standard", "Webhook-Signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", signature.ErrMismatch},
		{"standard", "Webhook-Signature", "v1a," + strings.Repeat("A", 86) + "==", signature.ErrMismatch}, // there is no key of that kind
		{"standard", "Webhook-Signature", strings.Repeat("v1,x ", 33), signature.ErrMalformed},
		{"standard", "Webhook-Id", "a.1700000000", signature.ErrMalformed},
		{"generic", "X-Id", "a.1700000000", signature.ErrMalformed},
		{"standard", "Webhook-Id", "other.word", signature.ErrMismatch},
		{"github", "X-Hub-Signature-256", strings.Repeat("0", 64), signature.ErrMalformed}, // without its prefix
		{"github", "X-Hub-Signature-256", "sha256=0123", signature.ErrMalformed},
		{"github", "X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64), signature.ErrMismatch},
		{"github", "X-Hub-Signature-256", strings.Repeat("sha256=00,", 33), signature.ErrMalformed},
		{"shopify", "X-Shopify-Hmac-Sha256", "not base64", signature.ErrMalformed},
		{"slack", "X-Slack-Signature", "v1=" + strings.Repeat("0", 64), signature.ErrMalformed},
		{"stripe", "Stripe-Signature", "t=1700000000,v0=" + strings.Repeat("0", 64), signature.ErrMalformed},
		{"stripe", "Stripe-Signature", "t=1700000000,t=1700000001,v1=" + strings.Repeat("0", 64), signature.ErrMalformed},
		{"stripe", "Stripe-Signature", "v1=" + strings.Repeat("0", 64), signature.ErrMalformed},
		{"stripe", "Stripe-Signature", "t=1700000000" + strings.Repeat(",v1="+strings.Repeat("0", 64), 33), signature.ErrMalformed},
		{"stripe", "Stripe-Signature", "t=1700000000, v1=" + strings.Repeat("0", 64), signature.ErrMismatch},
	} {
		scheme := schemes(t)[c.scheme]
		header := sign(scheme, "order-17", body, now)
		header.Set(c.header, c.text)
		expect(t, scheme, header, []byte(body), now, c.want, c.scheme, c.text)
	}
}

func TestTheRightSignatureAmongOthersIsFound(t *testing.T) {
	for scheme, c := range map[string]struct{ header, before, after string }{
		"standard": {"Webhook-Signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x v1a,zzz ", " v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="},
		"github":   {"X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64) + ", ", " sha1=00"},
		"stripe":   {"Stripe-Signature", "v0=" + strings.Repeat("0", 64) + ", v1=" + strings.Repeat("0", 64) + ", ", ",v9=x"},
	} {
		of := schemes(t)[scheme]
		header := sign(of, "order-17", body, now)
		header.Set(c.header, c.before+header.Get(c.header)+c.after)
		if _, err := of.Verify(header.Values, []byte(body), now); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

func TestNoErrorShowsWhatIsSecret(t *testing.T) {
	for name, scheme := range schemes(t, 1) {
		header := sign(scheme, "order-17", body, now)
		_, err := scheme.Verify(header.Values, []byte("another body"), now)
		for _, secret := range []string{"secret", "whsec", "another body", body} {
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v shows %q", name, err, secret)
			}
		}
	}
	for _, key := range []field.Secret{"whsec_c2hvcnQ=", "whsec_***", "hunter2hunter2", "whsk_c2hvcnQ=", "whpk_c2hvcnQ="} {
		_, err := signature.NewStandardVerifier(0, whsec("a"), key)
		_, text, _ := strings.Cut(key.Reveal(), "_")
		if err == nil || text != "" && strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
		if mistake, ok := errors.AsType[*signature.KeyError](err); !ok || mistake.Number != 2 {
			t.Errorf("%v: want key 2", err)
		}
	}
}

func TestIDsOfRecordsAreSafeToSign(t *testing.T) {
	scheme := schemes(t)["standard"]
	for id, want := range map[string]string{
		"order-17":         "order-17",
		"a.1700000000":     "a%2E1700000000",
		"orders.ndjson:12": "orders%2Endjson:12",
		"50%":              "50%25",
		"a\r\nX: y":        "a%0D%0AX:%20y",
		"é":                "%C3%A9",
	} {
		header := sign(scheme, id, body, now)
		got, err := scheme.Verify(header.Values, []byte(body), now)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", id, got, err, want)
		}
	}
}

func TestVerifyingKeepsAndChangesNothingOfTheBody(t *testing.T) {
	for name, scheme := range schemes(t) {
		text := []byte(body)
		header := sign(scheme, "order-17", body, now)
		_, _ = scheme.Verify(header.Values, text[:len(text):len(text)], now)
		if !bytes.Equal(text, []byte(body)) {
			t.Errorf("%s changed the body", name)
		}
	}
}

func expect(t *testing.T, v signature.Verifier, header http.Header, body []byte, at time.Time, want error, about ...string) error {
	t.Helper()
	id, err := v.Verify(header.Values, body, at)
	if !errors.Is(err, want) || id != "" {
		t.Errorf("%s: id %q, %v; want %v", strings.Join(about, ": "), id, err, want)
	}
	return err
}
