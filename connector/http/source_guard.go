package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/ratelimit"
	"github.com/acktor/acktor/connector/http/signature"
)

// sourceGuard decides whose requests are taken. Its zero value takes those of everybody.
type sourceGuard struct {
	gate    *credential.Gate   // nil: nothing is asked for
	replay  *signature.Replay  // nil: nothing is remembered
	limiter *ratelimit.Limiter // nil: no limit
}

// newSourceGuard makes what verify, replay_entries and rate_limit ask for.
func newSourceGuard(config *SourceConfig) (g sourceGuard, err error) {
	if config.RateLimit != nil {
		if g.limiter, err = ratelimit.New(*config.RateLimit); err != nil {
			return g, within("rate_limit", err)
		}
	}
	if config.Verify == nil {
		return g, nil
	}
	if g.gate, err = config.Verify.Gate(); err != nil {
		return g, within("verify", err)
	}
	if tolerance, timed := timestamps(config.Verify); timed && config.ReplayEntries > 0 {
		g.replay = signature.NewReplay(tolerance, config.ReplayEntries)
	}
	return g, nil
}

// timestamps says whether messages have a signed timestamp, and how far it may be from now. Without one a message is known by what is in
// it alone, and two of the same content would pass for one.
func timestamps(v *credential.Verify) (tolerance time.Duration, timed bool) {
	switch {
	case v.StandardWebhooks != nil:
		return v.StandardWebhooks.Tolerance, true
	case v.Stripe != nil:
		return v.Stripe.Tolerance, true
	case v.Slack != nil:
		return v.Slack.Tolerance, true
	case v.HMAC != nil && v.HMAC.TimestampHeader != "":
		return v.HMAC.Tolerance, true
	}
	return 0, false
}

func (g *sourceGuard) wantsCertificate() bool { return g.gate != nil && g.gate.NeedsCertificate() }

// head judges a request before its body is read. A user's password or token, which has done its work then, is not part of the record.
func (g *sourceGuard) head(in *incoming) *problem {
	if g.limiter != nil {
		if ok, after := g.limiter.Allow(g.limiter.Client(in.values, in.client), time.Now()); !ok {
			return &problem{code: nethttp.StatusTooManyRequests, kind: "rate_limited", title: "too many requests of this client", after: after}
		}
	}
	if g.gate == nil {
		return nil
	}
	err := g.gate.Head(in.values, in.secure)
	if err == nil {
		if g.gate.Challenge() != "" {
			in.headers.Del("authorization")
		}
		return nil
	}
	refused := &problem{code: nethttp.StatusUnauthorized, kind: "unauthorized", title: "the request does not prove who sends it", challenge: g.gate.Challenge()}
	if known, ok := errors.AsType[*credential.RefusedError](err); ok {
		refused.detail = known.Scheme + ": " + known.Reason.Error()
		if known.Scheme == "certificate" {
			refused.code, refused.kind, refused.challenge = nethttp.StatusForbidden, "forbidden", ""
			refused.title = "the client certificate is not one of those that may send"
		}
	}
	return refused
}

// signatureChallenge is the challenge of a 401 for a signature, which has no scheme of its own in the registry of HTTP's.
const signatureChallenge = `Signature realm="acktor"`

// body judges the signature over the body as it came. The id tells the message from others; it is empty where nothing is
// remembered.
func (g *sourceGuard) body(in *incoming) (id string, refused *problem) {
	if g.gate == nil {
		return "", nil
	}
	id, err := g.gate.Body(in.values, in.data, time.Now())
	if err != nil {
		p := &problem{code: nethttp.StatusUnauthorized, kind: "unauthorized", title: "the request is not signed as it must be", challenge: signatureChallenge}
		if known, ok := errors.AsType[*signature.Error](err); ok {
			p.detail = strings.TrimPrefix(known.Error(), "signature: ")
		}
		return "", p
	}
	if g.replay == nil {
		return "", nil
	}
	return id, nil
}

// values returns all values of a header, whatever the case of the name.
func (in *incoming) values(name string) []string { return in.headers.Values(strings.ToLower(name)) }

// clientOf returns the address that a request came from.
func clientOf(r *nethttp.Request) netip.Addr {
	address, _ := netip.ParseAddrPort(r.RemoteAddr)
	return address.Addr()
}

// stateKey finds in the context of a request what its connection was handed over with.
type stateKey struct{}

// withState keeps what is known of TLS on a connection that net/http takes for a plain one.
func withState(ctx context.Context, conn net.Conn) context.Context {
	if begun, ok := conn.(*begunConn); ok && begun.state != nil {
		return context.WithValue(ctx, stateKey{}, begun.state)
	}
	return ctx
}

func stateOf(r *nethttp.Request) *tls.ConnectionState {
	if r.TLS != nil {
		return r.TLS
	}
	state, _ := r.Context().Value(stateKey{}).(*tls.ConnectionState)
	return state
}

// serverTLS reads the files; nil: there is no TLS.
func serverTLS(files *SourceTLS, log *slog.Logger) (*tls.Config, error) {
	if files == nil {
		return nil, nil
	}
	certificate, err := credential.LoadCertificate(files.Cert, files.Key, nil, reporting(log, "certificate of the source"))
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	c := &tls.Config{GetCertificate: certificate.GetCertificate, MinVersion: tls.VersionTLS12}
	if files.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(files.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("http: tls.client_ca: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("http: tls.client_ca: %s holds no certificate in PEM form", files.ClientCA)
	}
	return c, nil
}
