package signature_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// now is the time of all tests that need none in particular.
var now = time.Unix(1_700_000_000, 0)

const body = `{"order": 17}`

// whsec makes a key of Standard Webhooks from a letter.
func whsec(letter string) field.Secret {
	return field.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32))))
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// both can sign and verify.
type both struct {
	signature.Signer
	signature.Verifier
}

// schemes are all there are, each with the same two keys, and signing with those given alone.
func schemes(t *testing.T, signWith ...int) map[string]both {
	t.Helper()
	secrets := []field.Secret{"first secret", "second secret"}
	standard := []field.Secret{whsec("a"), whsec("b")}
	signing, signingStandard := secrets, standard
	if signWith != nil {
		signing, signingStandard = nil, nil
		for _, i := range signWith {
			signing, signingStandard = append(signing, secrets[i]), append(signingStandard, standard[i])
		}
	}
	generic := func(secrets []field.Secret) *signature.VerifyHMAC {
		c := field.Defaults[signature.VerifyHMAC]()
		c.Header, c.Secrets, c.Algorithm, c.Encoding = "X-Signature", secrets, "sha512", "base64"
		c.Signed, c.TimestampHeader, c.IDHeader, c.TimestampUnit = "{id}.{timestamp}.{body}", "X-Time", "X-Id", "ms"
		return &c
	}
	return map[string]both{
		"standard": {must(signature.NewStandardSigner(signingStandard...))(t), must(signature.NewStandardVerifier(0, standard...))(t)},
		"github":   {must(signature.GitHub(signing...))(t), must(signature.GitHub(secrets...))(t)},
		"shopify":  {must(signature.Shopify(signing...))(t), must(signature.Shopify(secrets...))(t)},
		"slack":    {must(signature.Slack(0, signing...))(t), must(signature.Slack(0, secrets...))(t)},
		"stripe":   {must(signature.NewStripe(0, signing...))(t), must(signature.NewStripe(0, secrets...))(t)},
		"generic":  {must(generic(signing).Signer())(t), must(generic(secrets).Verifier())(t)},
	}
}

// sign returns the headers of a signed message.
func sign(s signature.Signer, id, body string, at time.Time) http.Header {
	header := http.Header{}
	s.Sign(header.Add, id, []byte(body), at)
	return header
}

// timed says whether a scheme signs a timestamp.
func timed(name string) bool { return name != "github" && name != "shopify" }
