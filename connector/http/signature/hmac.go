package signature

import (
	"crypto/hmac"
	"crypto/sha1" // HMAC-SHA1 is not concerned by what SHA-1 is weak in
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
	"time"
)

// keyring is the keys of a scheme that signs with HMAC. There is at least one.
type keyring struct {
	new  func() hash.Hash
	keys [][]byte
}

// sum signs with the key of that number.
func (k keyring) sum(number int, write func(hash.Hash)) []byte {
	mac := hmac.New(k.new, k.keys[number])
	write(mac)
	return mac.Sum(nil)
}

// match tells whether one of given was made with one of the keys. First is the signature by the first key, which identifies what is
// signed whichever key it came with.
func (k keyring) match(write func(hash.Hash), given [][]byte) (first []byte, ok bool) {
	for i := range k.keys {
		sum := k.sum(i, write)
		if i == 0 {
			first = sum
		}
		for _, one := range given {
			ok = hmac.Equal(sum, one) || ok
		}
		if ok {
			return first, true
		}
	}
	return nil, false
}

func algorithm(name string) func() hash.Hash {
	switch name {
	case "sha512":
		return sha512.New
	case "sha1":
		return sha1.New
	}
	return sha256.New
}

// encoding is how a signature is written.
type encoding struct{ base64 bool }

func (e encoding) encode(sum []byte) string {
	if e.base64 {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

func (e encoding) decode(text string) ([]byte, error) {
	if e.base64 {
		return base64.StdEncoding.Strict().DecodeString(text)
	}
	return hex.DecodeString(text)
}

// HMAC is a scheme that puts an HMAC into a header. It signs and verifies. Make one with NewHMAC, GitHub, Slack or Shopify.
type HMAC struct {
	keyring
	header   string
	prefix   string
	encoding encoding
	content  content
	stamps   stamps // its header is empty where no timestamp is sent
	idHeader string
}

var (
	_ Verifier = (*HMAC)(nil)
	_ Signer   = (*HMAC)(nil)
)

// Verify accepts any of the signatures in the header, which are separated by commas or spaces.
func (s *HMAC) Verify(header func(name string) []string, body []byte, now time.Time) (string, error) {
	var stamp, id string
	var err error
	if s.stamps.header != "" {
		if stamp, err = one(header, s.stamps.header); err != nil {
			return "", err
		}
	}
	if s.idHeader != "" {
		if id, err = one(header, s.idHeader); err != nil {
			return "", err
		}
	}
	given, err := s.given(header)
	if err != nil {
		return "", err
	}
	if s.stamps.header != "" {
		if err := s.stamps.check(stamp, now); err != nil {
			return "", err
		}
		if numberAfterStop(id) {
			return "", &Error{Reason: ErrMalformed, Header: s.idHeader, Detail: numberInID}
		}
	}
	first, ok := s.match(func(mac hash.Hash) { s.content.write(mac, id, stamp, body) }, given)
	if !ok {
		return "", &Error{Reason: ErrMismatch, Header: s.header}
	}
	if id != "" {
		return id, nil
	}
	return hex.EncodeToString(first), nil
}

// given reads the signatures of the header. There is at least one.
func (s *HMAC) given(header func(string) []string) ([][]byte, error) {
	text, err := one(header, s.header)
	if err != nil {
		return nil, err
	}
	separators := " ,"
	if strings.Contains(s.prefix, ",") {
		separators = " "
	}
	texts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
	if len(texts) > maxSignatures {
		return nil, &Error{Reason: ErrMalformed, Header: s.header, Detail: "too many signatures"}
	}
	size := s.new().Size()
	var given [][]byte
	for _, text := range texts {
		encoded, ok := strings.CutPrefix(text, s.prefix)
		if !ok {
			continue
		}
		if sum, err := s.encoding.decode(encoded); err == nil && len(sum) == size {
			given = append(given, sum)
		}
	}
	if given == nil {
		return nil, &Error{Reason: ErrMalformed, Header: s.header, Detail: "it holds no signature of this kind"}
	}
	return given, nil
}

// Sign writes the signatures of all keys into the header, separated by commas.
func (s *HMAC) Sign(add func(name, value string), id string, body []byte, now time.Time) {
	stamp := ""
	if s.stamps.header != "" {
		stamp = s.stamps.write(now)
		add(s.stamps.header, stamp)
	}
	if s.idHeader != "" {
		id = safeID(id)
		add(s.idHeader, id)
	}
	texts := make([]string, len(s.keys))
	for i := range s.keys {
		texts[i] = s.prefix + s.encoding.encode(s.sum(i, func(mac hash.Hash) { s.content.write(mac, id, stamp, body) }))
	}
	separator := ","
	if strings.Contains(s.prefix, ",") {
		separator = " "
	}
	add(s.header, strings.Join(texts, separator))
}
