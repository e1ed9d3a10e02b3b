package signature

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/acktor/acktor/field"
)

// The headers of Standard Webhooks 1.0.0, section "Webhook headers".
const (
	standardID        = "webhook-id"
	standardTimestamp = "webhook-timestamp"
	standardSignature = "webhook-signature"
)

// StandardVerifier verifies what is signed by https://www.standardwebhooks.com, version 1.0.0.
type StandardVerifier struct {
	keys   []standardKey
	stamps stamps
}

// StandardSigner signs by https://www.standardwebhooks.com, version 1.0.0.
type StandardSigner struct{ keys []standardKey }

var (
	_ Verifier = (*StandardVerifier)(nil)
	_ Signer   = (*StandardSigner)(nil)
)

// NewStandardVerifier takes one or more keys, whsec_ or whpk_. A tolerance of zero is DefaultTolerance. The error says which key is wrong.
func NewStandardVerifier(tolerance time.Duration, keys ...field.Secret) (*StandardVerifier, error) {
	parsed, err := parseKeys(keys, false)
	return &StandardVerifier{keys: parsed, stamps: newStamps(standardTimestamp, tolerance)}, err
}

// NewStandardSigner takes one or more keys, whsec_ or whsk_. The error says which key is wrong.
func NewStandardSigner(keys ...field.Secret) (*StandardSigner, error) {
	parsed, err := parseKeys(keys, true)
	return &StandardSigner{keys: parsed}, err
}

// Verify accepts any of the signatures by any of the keys, and returns the webhook-id.
func (v *StandardVerifier) Verify(header func(name string) []string, body []byte, now time.Time) (string, error) {
	id, err := one(header, standardID)
	if err != nil {
		return "", err
	}
	stamp, err := one(header, standardTimestamp)
	if err != nil {
		return "", err
	}
	given, err := standardGiven(header)
	if err != nil {
		return "", err
	}
	if numberAfterStop(id) {
		return "", &Error{Reason: ErrMalformed, Header: standardID, Detail: numberInID}
	}
	if err := v.stamps.check(stamp, now); err != nil {
		return "", err
	}
	text := signedText(id, stamp, body)
	for i := range v.keys {
		if v.keys[i].verify(text, given) {
			return id, nil
		}
	}
	return "", &Error{Reason: ErrMismatch, Header: standardSignature}
}

// standardGiven reads the signatures, each a version, a comma and the signature in base64. Those of unknown versions are left out.
func standardGiven(header func(string) []string) ([]standardText, error) {
	text, err := one(header, standardSignature)
	if err != nil {
		return nil, err
	}
	texts := strings.Fields(text)
	if len(texts) > maxSignatures {
		return nil, &Error{Reason: ErrMalformed, Header: standardSignature, Detail: "too many signatures"}
	}
	var given []standardText
	for _, text := range texts {
		version, encoded, _ := strings.Cut(text, ",")
		sum, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err == nil && (version == "v1" && len(sum) == sha256.Size || version == "v1a" && len(sum) == ed25519.SignatureSize) {
			given = append(given, standardText{version, sum})
		}
	}
	if given == nil {
		return nil, &Error{Reason: ErrMalformed, Header: standardSignature, Detail: "it holds no v1 or v1a signature"}
	}
	return given, nil
}

// standardText is one signature of a header.
type standardText struct {
	version string
	sum     []byte
}

const numberInID = "a full stop in it is followed by a number, which could be the timestamp of another message"

// numberAfterStop finds ids that could hold the timestamp of another message, which is signed between full stops: the headers
// of a message could be cut otherwise than they were signed.
func numberAfterStop(id string) bool {
	_, rest, more := strings.Cut(id, ".")
	for more {
		var segment string
		segment, rest, more = strings.Cut(rest, ".")
		if isNumber(segment) {
			return true
		}
	}
	return false
}

// signedText is what is signed: id, timestamp and body with full stops between them.
func signedText(id, stamp string, body []byte) []byte {
	text := make([]byte, 0, len(id)+len(stamp)+len(body)+2)
	text = append(append(text, id...), '.')
	text = append(append(text, stamp...), '.')
	return append(text, body...)
}

// Sign adds webhook-id, webhook-timestamp and webhook-signature, with a signature by each key.
func (s *StandardSigner) Sign(add func(name, value string), id string, body []byte, now time.Time) {
	id = safeID(id)
	stamp := newStamps(standardTimestamp, 0).write(now)
	text := signedText(id, stamp, body)
	signatures := make([]string, len(s.keys))
	for i := range s.keys {
		signatures[i] = s.keys[i].sign(text)
	}
	add(standardID, id)
	add(standardTimestamp, stamp)
	add(standardSignature, strings.Join(signatures, " "))
}

// standardKey is a key of one of the two kinds: either secret is set or public, and private beside public when it can sign.
type standardKey struct {
	secret  []byte
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func (k *standardKey) verify(text []byte, given []standardText) bool {
	var sum []byte
	if k.secret != nil {
		sum = k.sum(text)
	}
	for _, one := range given {
		switch {
		case k.secret != nil && one.version == "v1" && hmac.Equal(sum, one.sum):
			return true
		case k.public != nil && one.version == "v1a" && ed25519.Verify(k.public, text, one.sum):
			return true
		}
	}
	return false
}

func (k *standardKey) sum(text []byte) []byte {
	mac := hmac.New(sha256.New, k.secret)
	_, _ = mac.Write(text)
	return mac.Sum(nil)
}

func (k *standardKey) sign(text []byte) string {
	if k.secret != nil {
		return "v1," + base64.StdEncoding.EncodeToString(k.sum(text))
	}
	return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, text))
}
