package signature

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/acktor/acktor/field"
)

// The sizes of a whsec_ key in bytes: Standard Webhooks 1.0.0, section "Signature scheme".
const (
	minSecret = 24
	maxSecret = 64
)

// The prefixes of keys, by which their kinds are told apart.
const (
	prefixSecret  = "whsec_"
	prefixPrivate = "whsk_"
	prefixPublic  = "whpk_"
)

// KeyError is a key that cannot be used. It holds nothing of the key.
type KeyError struct {
	Number int    // counted from 1
	Text   string // what was found
	Cure   string // what would be right
}

// Error says which key, what was found and what would be right.
func (e *KeyError) Error() string { return fmt.Sprintf("key %d %s; %s", e.Number, e.Text, e.Cure) }

var errNoKeys = errors.New("signature: no key")

func parseKeys(keys []field.Secret, sign bool) ([]standardKey, error) {
	if len(keys) == 0 {
		return nil, errNoKeys
	}
	parsed := make([]standardKey, len(keys))
	for i, key := range keys {
		var mistake *KeyError
		if parsed[i], mistake = parseKey(key.Reveal(), sign); mistake != nil {
			mistake.Number = i + 1
			return nil, mistake
		}
	}
	return parsed, nil
}

// parseKey reads one key for signing or for verifying.
func parseKey(text string, sign bool) (standardKey, *KeyError) {
	prefix, encoded := text, ""
	if i := strings.IndexByte(text, '_'); i >= 0 {
		prefix, encoded = text[:i+1], text[i+1:]
	}
	var read func(raw []byte) (standardKey, *KeyError)
	switch {
	case prefix == prefixSecret:
		read = readSecret
	case prefix == prefixPrivate && sign:
		read = readPrivate
	case prefix == prefixPublic && !sign:
		read = readPublic
	case prefix == prefixPrivate:
		return standardKey{}, &KeyError{Text: "is a private key (whsk_), which only the sender should have", Cure: "verify with the public key of the pair, whpk_..."}
	case prefix == prefixPublic:
		return standardKey{}, &KeyError{Text: "is a public key (whpk_), which cannot sign", Cure: "sign with the private key of the pair, whsk_..."}
	default:
		return standardKey{}, &KeyError{Text: "begins with none of whsec_, whsk_, whpk_", Cure: "write whsec_ and 24 to 64 random bytes in base64"}
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return standardKey{}, &KeyError{Text: "is not base64 after " + prefix, Cure: "copy it whole, with the = at its end where it has one"}
	}
	return read(raw)
}

func readSecret(raw []byte) (standardKey, *KeyError) {
	if len(raw) < minSecret || len(raw) > maxSecret {
		return standardKey{}, &KeyError{Text: fmt.Sprintf("has %d bytes", len(raw)), Cure: "a whsec_ key has 24 to 64 bytes, in base64"}
	}
	return standardKey{secret: raw}, nil
}

// readPrivate reads a seed, alone or with the public key behind it, as both are written.
func readPrivate(raw []byte) (standardKey, *KeyError) {
	if len(raw) != ed25519.SeedSize && len(raw) != ed25519.PrivateKeySize {
		return standardKey{}, &KeyError{Text: fmt.Sprintf("has %d bytes", len(raw)), Cure: "a whsk_ key has 32 or 64 bytes, in base64"}
	}
	private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if len(raw) == ed25519.PrivateKeySize && !bytes.Equal(private, raw) {
		return standardKey{}, &KeyError{Text: "holds a public key that is not that of its private key", Cure: "make a new pair"}
	}
	public, _ := private.Public().(ed25519.PublicKey)
	return standardKey{public: public, private: private}, nil
}

func readPublic(raw []byte) (standardKey, *KeyError) {
	if len(raw) != ed25519.PublicKeySize {
		return standardKey{}, &KeyError{Text: fmt.Sprintf("has %d bytes", len(raw)), Cure: "a whpk_ key has 32 bytes, in base64"}
	}
	return standardKey{public: raw}, nil
}
