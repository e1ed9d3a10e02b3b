package signature

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// SignStandardWebhooks configures a StandardSigner.
type SignStandardWebhooks struct {
	Keys []field.Secret `config:"keys,required" doc:"The keys to sign with, whsec_... (HMAC-SHA256) or whsk_... (Ed25519). Several while one replaces another: every message is signed with each." example:"[\"file:/run/secrets/webhook-key\"]"`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *SignStandardWebhooks) Validate() error {
	_, err := c.Signer()
	return err
}

// Signer makes the signer. The error is a *connector.ConfigError.
func (c *SignStandardWebhooks) Signer() (Signer, error) {
	s, err := NewStandardSigner(c.Keys...)
	return s, keyMistake("keys", err)
}

// VerifyStandardWebhooks configures a StandardVerifier.
type VerifyStandardWebhooks struct {
	Keys      []field.Secret `config:"keys,required" doc:"The keys that are accepted, whsec_... (HMAC-SHA256) or whpk_... (Ed25519)." example:"[\"file:/run/secrets/webhook-key\"]"`
	Tolerance time.Duration  `config:"tolerance" default:"5m" min:"1s" doc:"How far the message's timestamp may be from now, in either direction."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *VerifyStandardWebhooks) Validate() error {
	_, err := c.Verifier()
	return err
}

// Verifier makes the verifier. The error is a *connector.ConfigError.
func (c *VerifyStandardWebhooks) Verifier() (Verifier, error) {
	v, err := NewStandardVerifier(c.Tolerance, c.Keys...)
	return v, keyMistake("keys", err)
}

// VerifySecrets configures a provider whose messages have no timestamp: GitHub, Shopify.
type VerifySecrets struct {
	Secrets []field.Secret `config:"secrets,required" doc:"The secrets that are accepted." example:"[\"${WEBHOOK_SECRET}\"]"`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *VerifySecrets) Validate() error {
	_, err := c.GitHub()
	return err
}

// GitHub makes the verifier for GitHub. The error is a *connector.ConfigError.
func (c *VerifySecrets) GitHub() (Verifier, error) {
	v, err := GitHub(c.Secrets...)
	return v, keyMistake("secrets", err)
}

// Shopify makes the verifier for Shopify. The error is a *connector.ConfigError.
func (c *VerifySecrets) Shopify() (Verifier, error) {
	v, err := Shopify(c.Secrets...)
	return v, keyMistake("secrets", err)
}

// VerifyTimed configures a provider whose messages have a timestamp: Stripe, Slack.
type VerifyTimed struct {
	Secrets   []field.Secret `config:"secrets,required" doc:"The secrets that are accepted, whole, with their prefix where they have one." example:"[\"${WEBHOOK_SECRET}\"]"`
	Tolerance time.Duration  `config:"tolerance" default:"5m" min:"1s" doc:"How far the message's timestamp may be from now, in either direction."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *VerifyTimed) Validate() error {
	_, err := c.Slack()
	return err
}

// Slack makes the verifier for Slack. The error is a *connector.ConfigError.
func (c *VerifyTimed) Slack() (Verifier, error) {
	v, err := Slack(c.Tolerance, c.Secrets...)
	return v, keyMistake("secrets", err)
}

// Stripe makes the verifier for Stripe. The error is a *connector.ConfigError.
func (c *VerifyTimed) Stripe() (Verifier, error) {
	v, err := NewStripe(c.Tolerance, c.Secrets...)
	return v, keyMistake("secrets", err)
}

// HMACConfig configures an HMAC, for signing and for verifying. Use field.Defaults[HMACConfig] to start from the documented defaults.
type HMACConfig struct {
	Header          string         `config:"header,required" doc:"The header that holds the signature." example:"X-Signature"`
	Secrets         []field.Secret `config:"secrets,required" doc:"The secrets. Several while one replaces another: a sink signs with each, a source accepts any." example:"[\"${WEBHOOK_SECRET}\"]"`
	Algorithm       string         `config:"algorithm" default:"sha256" enum:"sha256,sha512,sha1" doc:"The hash of the HMAC."`
	Encoding        string         `config:"encoding" default:"hex" enum:"hex,base64" doc:"How the signature is written."`
	Prefix          string         `config:"prefix" doc:"What stands before each signature." example:"sha256="`
	Signed          string         `config:"signed" default:"{body}" doc:"What is signed: text, with {body}, {timestamp} and {id}." example:"{timestamp}.{body}"`
	TimestampHeader string         `config:"timestamp_header" doc:"The header that holds the timestamp; it must be signed." example:"X-Timestamp"`
	TimestampUnit   string         `config:"timestamp_unit" default:"s" enum:"s,ms" doc:"Whether timestamps are seconds or milliseconds since 1970."`
	IDHeader        string         `config:"id_header" doc:"The header that holds the message's id; it must be signed." example:"X-Message-Id"`
}

// VerifyHMAC configures an HMAC that verifies.
type VerifyHMAC struct {
	HMACConfig
	Tolerance time.Duration `config:"tolerance" default:"5m" min:"1s" doc:"How far the message's timestamp may be from now, in either direction, where there is one."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *VerifyHMAC) Validate() error { return c.HMACConfig.Validate() }

// Verifier makes the verifier. The error is a *connector.ConfigError.
func (c *VerifyHMAC) Verifier() (Verifier, error) { return c.build(c.Tolerance) }

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *HMACConfig) Validate() error {
	_, err := c.build(0)
	return err
}

// Signer makes the signer. The error is a *connector.ConfigError.
func (c *HMACConfig) Signer() (Signer, error) { return c.build(0) }

func (c *HMACConfig) build(tolerance time.Duration) (*HMAC, error) {
	keys, err := newKeyring(c.Secrets)
	if err != nil {
		return nil, keyMistake("secrets", err)
	}
	keys.new = algorithm(c.Algorithm)
	signed := c.Signed
	if signed == "" {
		signed = partBody
	}
	parts, err := parseContent(signed)
	if err != nil {
		return nil, &connector.ConfigError{Key: "signed", Text: err.Error(), Cure: "write for example {timestamp}.{body}"}
	}
	if err := c.checkHeaders(parts); err != nil {
		return nil, err
	}
	scheme := &HMAC{
		keyring: keys, header: c.Header, prefix: c.Prefix, encoding: encoding{base64: c.Encoding == "base64"},
		content: parts, stamps: newStamps(c.TimestampHeader, tolerance), idHeader: c.IDHeader,
	}
	if c.TimestampUnit == "ms" {
		scheme.stamps.unit = time.Millisecond
	}
	return scheme, nil
}

// checkHeaders sees to it that what has a header is signed, and the other way round: what is not signed could be anything.
func (c *HMACConfig) checkHeaders(parts content) error {
	for _, header := range []struct{ key, name, part string }{
		{"header", c.Header, ""}, {"timestamp_header", c.TimestampHeader, partTimestamp}, {"id_header", c.IDHeader, partID},
	} {
		signed := header.part != "" && parts.has(header.part)
		switch {
		case header.name == "" && signed:
			return &connector.ConfigError{Key: "signed", Text: "has " + header.part + ", and no header holds it", Cure: "set " + header.key + ", or leave " + header.part + " out"}
		case header.name == "" && header.part != "":
		case !httpguts.ValidHeaderFieldName(header.name):
			return &connector.ConfigError{Key: header.key, Text: fmt.Sprintf("%q is not the name of a header", header.name), Cure: "write for example X-Signature"}
		case header.part != "" && !signed:
			return &connector.ConfigError{Key: header.key, Text: "is set, and " + header.part + " is not signed: anybody could change it", Cure: "put " + header.part + " into signed"}
		}
	}
	if strings.EqualFold(c.Header, c.TimestampHeader) || strings.EqualFold(c.Header, c.IDHeader) || c.IDHeader != "" && strings.EqualFold(c.IDHeader, c.TimestampHeader) {
		return &connector.ConfigError{Key: "header", Text: "two of header, timestamp_header and id_header are the same", Cure: "give each a header of its own"}
	}
	if strings.ContainsAny(c.Prefix, " \t\r\n") || !httpguts.ValidHeaderFieldValue(c.Prefix) {
		return &connector.ConfigError{Key: "prefix", Text: "holds a character that cannot stand there", Cure: "write it without spaces, for example sha256="}
	}
	return nil
}

// keyMistake puts the complaint about a secret at its key of the configuration.
func keyMistake(key string, err error) error {
	if mistake, ok := errors.AsType[*KeyError](err); ok {
		return &connector.ConfigError{Key: key, Text: fmt.Sprintf("number %d %s", mistake.Number, mistake.Text), Cure: mistake.Cure}
	}
	if err != nil {
		return &connector.ConfigError{Key: key, Text: "is empty", Cure: "name at least one"}
	}
	return nil
}
