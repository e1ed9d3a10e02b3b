package credential

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// Verify configures what a request must bring. All that is named must be there, so that a token and a signature can be asked for
// together.
type Verify struct {
	Basic       *VerifyBasic       `config:"basic" doc:"A user and a password."`
	Bearer      *VerifyBearer      `config:"bearer" doc:"A token."`
	Certificate *VerifyCertificate `config:"certificate" doc:"A client certificate that names one of these. It needs an authority for client certificates."`

	StandardWebhooks *signature.VerifyStandardWebhooks `config:"standard_webhooks" doc:"A signature by www.standardwebhooks.com."`
	GitHub           *signature.VerifySecrets          `config:"github" doc:"A signature of GitHub, X-Hub-Signature-256."`
	Stripe           *signature.VerifyTimed            `config:"stripe" doc:"A signature of Stripe, Stripe-Signature."`
	Slack            *signature.VerifyTimed            `config:"slack" doc:"A signature of Slack, X-Slack-Signature."`
	Shopify          *signature.VerifySecrets          `config:"shopify" doc:"A signature of Shopify, X-Shopify-Hmac-Sha256."`
	HMAC             *signature.VerifyHMAC             `config:"hmac" doc:"An HMAC over the body in a header of your choice."`
}

// VerifyBasic is users and their passwords.
type VerifyBasic struct {
	Users map[string]field.Secret `config:"users,required" doc:"The users, each with the password." example:"{shop: \"${SHOP_PASSWORD}\"}"`
}

// VerifyBearer is tokens.
type VerifyBearer struct {
	Tokens []field.Secret `config:"tokens,required" doc:"The tokens that are accepted. Several while one replaces another." example:"[\"${API_TOKEN}\"]"`
}

// VerifyCertificate is the names of which a client certificate must have one.
type VerifyCertificate struct {
	Subjects []string `config:"subjects" doc:"Whole subjects, as RFC 2253 writes them." example:"[\"CN=shop,O=Example\"]"`
	DNS      []string `config:"dns" doc:"DNS names among the alternative names." example:"[shop.example]"`
	URIs     []string `config:"uris" doc:"URIs among the alternative names." example:"[spiffe://example/shop]"`
}

// Validate names the key that is wrong, as a *connector.ConfigError. Mistakes within one of the parts are told by the part itself.
func (v *Verify) Validate() error {
	signatures := 0
	for _, there := range []bool{v.StandardWebhooks != nil, v.GitHub != nil, v.Stripe != nil, v.Slack != nil, v.Shopify != nil, v.HMAC != nil} {
		if there {
			signatures++
		}
	}
	switch {
	case v.Basic != nil && v.Bearer != nil:
		return &connector.ConfigError{Key: "bearer", Text: "stands beside basic, and a request has one Authorization", Cure: "leave one of them out"}
	case signatures > 1:
		return &connector.ConfigError{Text: "asks for several signatures, and no sender makes them", Cure: "leave all out but one"}
	case signatures == 0 && v.Basic == nil && v.Bearer == nil && v.Certificate == nil:
		return &connector.ConfigError{Text: "is empty: nothing would be checked", Cure: "name one of basic, bearer, certificate, github, hmac, shopify, slack, standard_webhooks, stripe"}
	}
	return nil
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (b *VerifyBasic) Validate() error {
	if len(b.Users) == 0 {
		return &connector.ConfigError{Key: "users", Text: "is empty", Cure: "name at least one"}
	}
	for _, user := range slices.Sorted(maps.Keys(b.Users)) {
		if user == "" || strings.Contains(user, ":") {
			return &connector.ConfigError{Key: "users", Text: fmt.Sprintf("%q is no user", user), Cure: "write one without a colon, which would end it (RFC 7617)"}
		}
		if b.Users[user] == "" {
			return &connector.ConfigError{Key: "users." + user, Text: "has an empty password", Cure: "write it as ${NAME} or file:/path"}
		}
	}
	return nil
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (b *VerifyBearer) Validate() error {
	if len(b.Tokens) == 0 {
		return &connector.ConfigError{Key: "tokens", Text: "is empty", Cure: "name at least one"}
	}
	for i, token := range b.Tokens {
		if token == "" {
			return &connector.ConfigError{Key: "tokens", Text: fmt.Sprintf("number %d is empty", i+1), Cure: "write it as ${NAME} or file:/path"}
		}
	}
	return nil
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (c *VerifyCertificate) Validate() error {
	if len(c.Subjects)+len(c.DNS)+len(c.URIs) == 0 {
		return &connector.ConfigError{Text: "names nobody", Cure: "set subjects, dns or uris"}
	}
	if slices.Contains(slices.Concat(c.Subjects, c.DNS, c.URIs), "") {
		return &connector.ConfigError{Text: "holds an empty name", Cure: "take it away"}
	}
	return nil
}

// Gate makes what checks requests. The error is a *connector.ConfigError.
func (v *Verify) Gate() (*Gate, error) {
	g := &Gate{}
	if err := v.Validate(); err != nil {
		return nil, err
	}
	if v.Basic != nil {
		if err := v.Basic.Validate(); err != nil {
			return nil, within("basic", err)
		}
		g.basic = newUsers(v.Basic.Users)
	}
	if v.Bearer != nil {
		if err := v.Bearer.Validate(); err != nil {
			return nil, within("bearer", err)
		}
		g.bearer = newTokens(v.Bearer.Tokens)
	}
	if v.Certificate != nil {
		if err := v.Certificate.Validate(); err != nil {
			return nil, within("certificate", err)
		}
		names := *v.Certificate
		g.names = &names
	}
	key, build := v.signature()
	if build == nil {
		return g, nil
	}
	var err error
	if g.verifier, err = build(); err != nil {
		return nil, within(key, err)
	}
	return g, nil
}

// signature returns what makes the verifier of the one signature that is asked for, with its key.
func (v *Verify) signature() (string, func() (signature.Verifier, error)) {
	switch {
	case v.StandardWebhooks != nil:
		return "standard_webhooks", v.StandardWebhooks.Verifier
	case v.GitHub != nil:
		return "github", v.GitHub.GitHub
	case v.Stripe != nil:
		return "stripe", v.Stripe.Stripe
	case v.Slack != nil:
		return "slack", v.Slack.Slack
	case v.Shopify != nil:
		return "shopify", v.Shopify.Shopify
	case v.HMAC != nil:
		return "hmac", v.HMAC.Verifier
	}
	return "", nil
}

// The reasons why a head was refused. The set is closed: a *RefusedError wraps one of these.
var (
	// ErrMissing: the request brought nothing of this kind.
	ErrMissing = errors.New("missing")
	// ErrMalformed: what it brought cannot be read.
	ErrMalformed = errors.New("malformed")
	// ErrUnknown: what it brought is not known here.
	ErrUnknown = errors.New("not known")
)

// RefusedError is a request that may not come in. It holds nothing of what the request brought.
type RefusedError struct {
	Scheme string // basic, bearer or certificate
	Reason error  // one of the three
}

// Error names the scheme and the reason.
func (e *RefusedError) Error() string { return "credential: " + e.Scheme + ": " + e.Reason.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }
