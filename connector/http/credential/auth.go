package credential

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

// Auth configures what each request carries. Of basic, bearer, oauth2 and sigv4, which all use the header Authorization, there may be
// one; the others go with any.
type Auth struct {
	Basic  *Basic  `config:"basic" doc:"A user and a password."`
	Bearer *Bearer `config:"bearer" doc:"A token that does not change."`
	APIKey *APIKey `config:"api_key" doc:"A key in a header or in the URL."`
	OAuth2 *OAuth2 `config:"oauth2" doc:"A token of OAuth 2.0, by client credentials. It is asked for when it is needed, and again shortly before it expires or when the peer answers 401."`
	SigV4  *SigV4  `config:"sigv4" doc:"AWS Signature Version 4."`

	StandardWebhooks *signature.SignStandardWebhooks `config:"standard_webhooks" doc:"Signatures by www.standardwebhooks.com: webhook-id, webhook-timestamp and webhook-signature."`
	HMAC             *signature.HMACConfig           `config:"hmac" doc:"An HMAC over the body in a header of your choice."`
}

// Basic is a user and a password.
type Basic struct {
	Username string       `config:"username,required" doc:"The user, without a colon."`
	Password field.Secret `config:"password" doc:"The password."`
}

// Bearer is a token.
type Bearer struct {
	Token field.Secret `config:"token,required" doc:"The token." example:"${API_TOKEN}"`
}

// APIKey is a key in a header or a parameter of the URL.
type APIKey struct {
	Header string       `config:"header" doc:"The header that holds the key." example:"X-Api-Key"`
	Query  string       `config:"query" doc:"The parameter of the URL that holds the key. URLs get into logs more easily than headers." example:"key"`
	Key    field.Secret `config:"key,required" doc:"The key." example:"${API_KEY}"`
}

// Validate names the key that is wrong, as a *connector.ConfigError. Mistakes within one of the parts are told by the part itself.
func (a *Auth) Validate() error {
	var present []string
	for _, part := range a.exclusive() {
		if part.there {
			present = append(present, part.key)
		}
	}
	switch {
	case len(present) > 1:
		return &connector.ConfigError{Key: present[1], Text: "stands beside " + present[0] + ", and both are the header Authorization", Cure: "leave one of them out"}
	case present == nil && a.APIKey == nil && a.StandardWebhooks == nil && a.HMAC == nil:
		return &connector.ConfigError{Text: "is empty", Cure: "name one of api_key, basic, bearer, hmac, oauth2, sigv4, standard_webhooks"}
	}
	if a.APIKey != nil && strings.EqualFold(a.APIKey.Header, "Authorization") && present != nil {
		return &connector.ConfigError{Key: "api_key.header", Text: "is that of " + present[0], Cure: "leave one of them out"}
	}
	return nil
}

type part struct {
	key   string
	there bool
}

func (a *Auth) exclusive() []part {
	return []part{{"basic", a.Basic != nil}, {"bearer", a.Bearer != nil}, {"oauth2", a.OAuth2 != nil}, {"sigv4", a.SigV4 != nil}}
}

// Authorizer makes what adds all that is configured. Client asks for tokens; nil is a client of its own, for which only the time limits
// of OAuth2 hold. The error is a *connector.ConfigError.
func (a *Auth) Authorizer(client *http.Client) (Authorizer, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	var made all
	for _, one := range []struct {
		key   string
		there bool
		build func() (Authorizer, error)
	}{
		{"basic", a.Basic != nil, func() (Authorizer, error) { return a.Basic.authorizer() }},
		{"bearer", a.Bearer != nil, func() (Authorizer, error) { return a.Bearer.authorizer() }},
		{"api_key", a.APIKey != nil, func() (Authorizer, error) { return a.APIKey.authorizer() }},
		{"oauth2", a.OAuth2 != nil, func() (Authorizer, error) { return a.OAuth2.authorizer(client) }},
		{"standard_webhooks", a.StandardWebhooks != nil, func() (Authorizer, error) { return sign(a.StandardWebhooks.Signer()) }},
		{"hmac", a.HMAC != nil, func() (Authorizer, error) { return sign(a.HMAC.Signer()) }},
		{"sigv4", a.SigV4 != nil, func() (Authorizer, error) { return a.SigV4.authorizer() }}, // last: it signs the headers of the others
	} {
		if !one.there {
			continue
		}
		authorizer, err := one.build()
		if err != nil {
			return nil, within(one.key, err)
		}
		made = append(made, authorizer)
	}
	if len(made) == 1 {
		return made[0], nil
	}
	return made, nil
}

func sign(signer signature.Signer, err error) (Authorizer, error) { return signed{signer}, err }

// within puts the key of a part before that of a mistake in it.
func within(key string, err error) error {
	mistake, ok := errors.AsType[*connector.ConfigError](err)
	if !ok {
		return fmt.Errorf("%s: %w", key, err)
	}
	changed := *mistake
	changed.Key = strings.TrimSuffix(key+"."+mistake.Key, ".")
	return &changed
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (b *Basic) Validate() error {
	_, err := b.authorizer()
	return err
}

func (b *Basic) authorizer() (Authorizer, error) {
	if b.Username == "" || strings.Contains(b.Username, ":") {
		return nil, &connector.ConfigError{Key: "username", Text: fmt.Sprintf("%q is no user", b.Username), Cure: "write one without a colon, which would end it (RFC 7617)"}
	}
	value := base64.StdEncoding.EncodeToString([]byte(b.Username + ":" + b.Password.Reveal()))
	return fixed{"Authorization", "Basic " + value}, nil
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (b *Bearer) Validate() error {
	_, err := b.authorizer()
	return err
}

func (b *Bearer) authorizer() (Authorizer, error) {
	if err := checkText("token", b.Token); err != nil {
		return nil, err
	}
	return fixed{"Authorization", "Bearer " + b.Token.Reveal()}, nil
}

// checkText wants a secret that can stand in a header.
func checkText(key string, secret field.Secret) error {
	switch text := secret.Reveal(); {
	case text == "":
		return &connector.ConfigError{Key: key, Text: "is empty", Cure: "write it as ${NAME} or file:/path"}
	case !httpguts.ValidHeaderFieldValue(text) || strings.TrimSpace(text) != text:
		return &connector.ConfigError{Key: key, Text: "holds a character that a header cannot carry", Cure: "take spaces and line breaks away"}
	}
	return nil
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (k *APIKey) Validate() error {
	_, err := k.authorizer()
	return err
}

func (k *APIKey) authorizer() (Authorizer, error) {
	if err := checkText("key", k.Key); err != nil {
		return nil, err
	}
	switch {
	case (k.Header == "") == (k.Query == ""):
		return nil, &connector.ConfigError{Key: "header", Text: "one of header and query must say where the key goes", Cure: "write for example header: X-Api-Key"}
	case k.Query != "":
		return query{k.Query, k.Key.Reveal()}, nil
	case !httpguts.ValidHeaderFieldName(k.Header) || slices.Contains(framing(), http.CanonicalHeaderKey(k.Header)):
		return nil, &connector.ConfigError{Key: "header", Text: fmt.Sprintf("%q cannot be set", k.Header), Cure: "write for example X-Api-Key"}
	}
	return fixed{http.CanonicalHeaderKey(k.Header), k.Key.Reveal()}, nil
}

// framing are the headers that belong to the connection or to the message's framing.
func framing() []string {
	return []string{
		"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade",
	}
}

// OAuth2 configures tokens by client credentials (RFC 6749, section 4.4).
type OAuth2 struct {
	TokenURL     string            `config:"token_url,required" doc:"The token endpoint. http is refused but for this machine itself." example:"https://login.example/oauth2/token"`
	ClientID     string            `config:"client_id,required" doc:"The client."`
	ClientSecret field.Secret      `config:"client_secret,required" doc:"The client's secret." example:"${CLIENT_SECRET}"`
	Scopes       []string          `config:"scopes" doc:"What to ask for." example:"[orders.write]"`
	Parameters   map[string]string `config:"parameters" doc:"Further parameters of the question, such as audience." example:"{audience: https://api.example}"`
	ClientAuth   string            `config:"client_auth" default:"basic" enum:"basic,post" doc:"How client and secret are sent: basic authentication, or as parameters of the question."`
	Early        time.Duration     `config:"early" default:"30s" min:"0s" doc:"A token is replaced so long before it expires, but never before half of its life is over."`
	Timeout      time.Duration     `config:"timeout" default:"10s" min:"1ms" doc:"For one question. The time of the attempt that asks holds as well."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (o *OAuth2) Validate() error {
	target, err := url.Parse(o.TokenURL)
	switch {
	case err != nil || target.Host == "" || target.Scheme != "https" && target.Scheme != "http" || target.User != nil || target.Fragment != "":
		return &connector.ConfigError{Key: "token_url", Text: fmt.Sprintf("%q is not the URL of a token endpoint", o.TokenURL), Cure: "write for example https://login.example/oauth2/token"}
	case target.Scheme == "http" && !isLocal(target.Hostname()):
		return &connector.ConfigError{Key: "token_url", Text: "has no TLS: the secret could be read on its way", Cure: "write https"}
	case o.ClientID == "":
		return &connector.ConfigError{Key: "client_id", Text: "is empty"}
	case o.ClientSecret == "":
		return &connector.ConfigError{Key: "client_secret", Text: "is empty", Cure: "write it as ${NAME} or file:/path"}
	}
	for name := range o.Parameters {
		if slices.Contains([]string{"grant_type", "scope", "client_id", "client_secret"}, name) {
			return &connector.ConfigError{Key: "parameters." + name, Text: "is set by keys of its own", Cure: "take it away here"}
		}
	}
	return nil
}

func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
