package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"time"

	"github.com/acktor/acktor/field"
)

// GitHub is the scheme of GitHub's webhooks. X-GitHub-Delivery is not signed, and so is not looked at. The error is a *KeyError or says that there is no secret.
func GitHub(secrets ...field.Secret) (*HMAC, error) {
	keys, err := newKeyring(secrets)
	return &HMAC{keyring: keys, header: "X-Hub-Signature-256", prefix: "sha256=", content: content{partBody}}, err
}

// Shopify is the scheme of Shopify's webhooks. X-Shopify-Webhook-Id is not signed, and so is not looked at. The error is a *KeyError or says that there is no secret.
func Shopify(secrets ...field.Secret) (*HMAC, error) {
	keys, err := newKeyring(secrets)
	return &HMAC{keyring: keys, header: "X-Shopify-Hmac-Sha256", encoding: encoding{base64: true}, content: content{partBody}}, err
}

// Slack is the scheme of Slack's requests. A tolerance of zero is DefaultTolerance. The error is a *KeyError or says that there is no secret.
func Slack(tolerance time.Duration, secrets ...field.Secret) (*HMAC, error) {
	keys, err := newKeyring(secrets)
	return &HMAC{
		keyring: keys, header: "X-Slack-Signature", prefix: "v0=",
		content: content{"v0:", partTimestamp, ":", partBody},
		stamps:  newStamps("X-Slack-Request-Timestamp", tolerance),
	}, err
}

// newKeyring takes texts as keys. An empty one is refused: anybody could sign with it.
func newKeyring(secrets []field.Secret) (keyring, error) {
	k := keyring{new: sha256.New}
	for i, secret := range secrets {
		if secret == "" {
			return k, &KeyError{Number: i + 1, Text: "is empty", Cure: "write the secret that was agreed with the sender"}
		}
		k.keys = append(k.keys, []byte(secret.Reveal()))
	}
	if len(k.keys) == 0 {
		return k, errNoKeys
	}
	return k, nil
}

// Stripe is the scheme of Stripe's webhooks. It signs and verifies. Make one with NewStripe.
type Stripe struct {
	keyring
	stamps stamps
}

var (
	_ Verifier = (*Stripe)(nil)
	_ Signer   = (*Stripe)(nil)
)

const stripeHeader = "Stripe-Signature"

// NewStripe makes the scheme. The secrets are taken whole, whsec_ included. A tolerance of zero is DefaultTolerance. The error is a *KeyError or says that there is no secret.
func NewStripe(tolerance time.Duration, secrets ...field.Secret) (*Stripe, error) {
	keys, err := newKeyring(secrets)
	return &Stripe{keyring: keys, stamps: newStamps(stripeHeader, tolerance)}, err
}

// Verify accepts any of the v1 signatures. Those of other versions are not looked at.
func (s *Stripe) Verify(header func(name string) []string, body []byte, now time.Time) (string, error) {
	text, err := one(header, stripeHeader)
	if err != nil {
		return "", err
	}
	stamp, given, err := s.split(text)
	if err != nil {
		return "", err
	}
	if err := s.stamps.check(stamp, now); err != nil {
		return "", err
	}
	first, ok := s.match(func(mac hash.Hash) { stripeContent(mac, stamp, body) }, given)
	if !ok {
		return "", &Error{Reason: ErrMismatch, Header: stripeHeader}
	}
	return hex.EncodeToString(first), nil
}

// split reads t=...,v1=...,v1=... in any order.
func (s *Stripe) split(text string) (stamp string, given [][]byte, err error) {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "t":
			if stamp != "" {
				return "", nil, &Error{Reason: ErrMalformed, Header: stripeHeader, Detail: "t is there more than once"}
			}
			stamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil && len(sum) == sha256.Size {
				given = append(given, sum)
			}
		}
		if len(given) > maxSignatures {
			return "", nil, &Error{Reason: ErrMalformed, Header: stripeHeader, Detail: "too many signatures"}
		}
	}
	if given == nil {
		return "", nil, &Error{Reason: ErrMalformed, Header: stripeHeader, Detail: "it holds no v1 signature"}
	}
	return stamp, given, nil
}

func stripeContent(mac hash.Hash, stamp string, body []byte) {
	content{partTimestamp, ".", partBody}.write(mac, "", stamp, body)
}

// Sign writes the timestamp and the signatures of all keys. The id is not part of the scheme.
func (s *Stripe) Sign(add func(name, value string), _ string, body []byte, now time.Time) {
	stamp := s.stamps.write(now)
	text := "t=" + stamp
	for i := range s.keys {
		text += ",v1=" + hex.EncodeToString(s.sum(i, func(mac hash.Hash) { stripeContent(mac, stamp, body) }))
	}
	add(stripeHeader, text)
}
