package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
)

// Request is a request that is about to be sent, with all else that it will have: what is added may be a signature over it.
type Request struct {
	Method string
	URL    *url.URL    // may be shared: an Authorizer that wants another puts a copy in its place
	Host   string      // the Host header, where it is not that of the URL
	Header http.Header // belongs to the request; its values may be shared
	Body   []byte      // as it goes out; only read
	ID     string      // of the record
}

// Authorizer adds to a request what proves who sends it. Any number of goroutines may use one.
type Authorizer interface {
	// Authorize changes the request. It is called anew for each attempt. It may ask a server for a token, until ctx ends; others
	// that need the token wait for the same answer. A *TokenError says that there was none.
	Authorize(ctx context.Context, r *Request, now time.Time) error
	// Refused is told that the answer to a request with that header was 401. It reports whether another attempt may be made
	// at once, with a credential that is not the refused one.
	Refused(header http.Header, now time.Time) bool
}

// TokenError is a token that could not be had. It holds no secret.
type TokenError struct {
	Status int    // of the answer; 0 when there was none
	Code   string // what the server called it (RFC 6749, section 5.2), such as invalid_client; may be empty
	Err    error  // why there was no answer, or none that could be read
}

// Error says what the token endpoint answered.
func (e *TokenError) Error() string {
	text := "credential: no token"
	if e.Status != 0 {
		text += fmt.Sprintf(": status %d", e.Status)
	}
	if e.Code != "" {
		text += ": " + e.Code
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// Permanent says that the same question would get the same answer: the server knows no such client, or refuses what it asks for.
func (e *TokenError) Permanent() bool {
	return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout && e.Status != http.StatusTooManyRequests
}

// fixed sets the same header in each request.
type fixed struct{ name, value string }

func (f fixed) Authorize(_ context.Context, r *Request, _ time.Time) error {
	r.Header[f.name] = []string{f.value}
	return nil
}

func (f fixed) Refused(http.Header, time.Time) bool { return false }

// query sets a parameter of the URL.
type query struct{ name, value string }

func (q query) Authorize(_ context.Context, r *Request, _ time.Time) error {
	if r.URL == nil {
		return errors.New("credential: the request has no URL")
	}
	changed := *r.URL
	parameter := url.QueryEscape(q.name) + "=" + url.QueryEscape(q.value)
	if changed.RawQuery != "" {
		parameter = changed.RawQuery + "&" + parameter
	}
	changed.RawQuery = parameter
	r.URL = &changed
	return nil
}

func (q query) Refused(http.Header, time.Time) bool { return false }

// signed adds the headers of a signature over the body.
type signed struct{ signature.Signer }

func (s signed) Authorize(_ context.Context, r *Request, now time.Time) error {
	s.Sign(r.Header.Set, r.ID, r.Body, now)
	return nil
}

func (s signed) Refused(http.Header, time.Time) bool { return false }

// all adds what several authorizers add, in their order.
type all []Authorizer

func (a all) Authorize(ctx context.Context, r *Request, now time.Time) error {
	for _, one := range a {
		if err := one.Authorize(ctx, r, now); err != nil {
			return err
		}
	}
	return nil
}

func (a all) Refused(header http.Header, now time.Time) bool {
	again := false
	for _, one := range a {
		again = one.Refused(header, now) || again
	}
	return again
}
