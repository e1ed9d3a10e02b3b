package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	nethttp "net/http"
	"slices"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
)

// newAuthorizer makes what the key auth asks for; nil: nothing.
func newAuthorizer(config *SinkConfig, tlsConfig *tls.Config) (credential.Authorizer, error) {
	if config.Auth == nil {
		return nil, nil
	}
	client, err := tokenClient(config, tlsConfig)
	if err != nil {
		return nil, err
	}
	authorizer, err := config.Auth.Authorizer(client)
	return authorizer, within("auth", err)
}

// tokenClient asks for tokens. It connects as the sink does, but for the name in the certificate, which is that of the token
// endpoint and is always verified, by the authorities of the system and by those of tls.ca. It keeps no connection.
func tokenClient(config *SinkConfig, tlsConfig *tls.Config) (*nethttp.Client, error) {
	proxy, err := newProxy(config.Proxy.Reveal())
	if err != nil {
		return nil, err
	}
	own := tlsConfig.Clone()
	own.ServerName, own.InsecureSkipVerify, own.ClientSessionCache = "", false, nil
	if config.TLS.CA != "" {
		system, err := x509.SystemCertPool()
		if err != nil {
			system = x509.NewCertPool()
		}
		if pem, err := readPEM(config.TLS.CA); err == nil {
			system.AppendCertsFromPEM(pem)
		}
		own.RootCAs = system
	}
	dialer := &net.Dialer{Timeout: config.ConnectTimeout}
	return &nethttp.Client{Transport: &nethttp.Transport{
		DialContext: dialer.DialContext, Proxy: proxy, TLSClientConfig: own, TLSHandshakeTimeout: config.TLSTimeout,
		MaxResponseHeaderBytes: maxResponseHeader, DisableKeepAlives: true,
	}}, nil
}

// authHeaders are the names of the headers that auth sets, those of SigV4's details left out.
func authHeaders(auth *credential.Auth) []string {
	if auth == nil {
		return nil
	}
	var names []string
	if auth.Basic != nil || auth.Bearer != nil || auth.OAuth2 != nil || auth.SigV4 != nil {
		names = append(names, "Authorization")
	}
	if auth.APIKey != nil {
		names = append(names, auth.APIKey.Header)
	}
	if auth.StandardWebhooks != nil {
		names = append(names, "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature")
	}
	if auth.HMAC != nil {
		names = append(names, auth.HMAC.Header, auth.HMAC.TimestampHeader, auth.HMAC.IDHeader)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// ask sends one request and returns the answer. A request to the host of the sink's URL proves who sends it. Where that is
// refused and there is another proof, such as a token that is newer, it is sent once more: a 401 says that nothing was done.
func (s *sink) ask(ctx context.Context, m *message, t *trip) (peerAnswer, error) {
	if s.auth == nil || t.strayed {
		return s.exchanger.roundTrip(ctx, m)
	}
	for {
		signed, shown, err := s.authorize(ctx, m)
		if err != nil {
			return peerAnswer{}, err
		}
		a, err := s.exchanger.roundTrip(ctx, signed)
		if err != nil || t.refreshed || a.status() != nethttp.StatusUnauthorized || !s.auth.Refused(shown, time.Now()) {
			return a, err
		}
		t.refreshed = true
		a.discard()
	}
}

// authorize returns m with what auth adds, and the headers by which Refused knows it again. It leaves m as it is: the next attempt, and the
// next request of a redirect, are signed anew. The error is an *connector.AttemptError; nothing was sent then.
func (p *plan) authorize(ctx context.Context, m *message) (*message, nethttp.Header, error) {
	request := credential.Request{Method: m.method, URL: m.url, Host: m.host, Header: m.header.standard(), Body: m.body, ID: m.id}
	before := maps.Clone(request.Header)
	if err := p.auth.Authorize(ctx, &request, time.Now()); err != nil {
		return nil, nil, unauthorized(ctx, err)
	}
	signed := *m
	signed.header = slices.Grow(slices.Clone(m.header), len(request.Header)-len(m.header))
	for name, values := range request.Header {
		if old, was := before[name]; len(values) == 0 || was && old[0] == values[0] {
			continue
		}
		signed.header.put(headerName(name), values[0])
	}
	if request.URL != m.url {
		signed.place = placeOf(request.URL)
	}
	return &signed, request.Header, nil
}

// unauthorized is the failure of an attempt that had nothing to prove who sends it. Where the time of the attempt is over, that is
// why. Else a token endpoint has not answered well, which passes, unless it says that it does not know us.
func unauthorized(ctx context.Context, err error) *connector.AttemptError {
	if ctx.Err() != nil {
		return noAnswer(ctx, context.Cause(ctx), progress{})
	}
	failure := &connector.AttemptError{Class: connector.Unavailable, Err: err, Detail: connector.Bound(legible(err.Error()), maxDetail)}
	token, isToken := errors.AsType[*credential.TokenError](err)
	switch {
	case !isToken:
		failure.Class = connector.Invalid // the request cannot be signed
	case token.Permanent():
		failure.Class = connector.Rejected
	}
	return failure
}

// within puts the key of a part before that of a mistake in it.
func within(key string, err error) error {
	mistake, ok := errors.AsType[*connector.ConfigError](err)
	if !ok {
		return err
	}
	changed := *mistake
	changed.Key = strings.TrimSuffix(key+"."+mistake.Key, ".")
	return &changed
}
