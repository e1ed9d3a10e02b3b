package http

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"slices"

	"github.com/acktor/acktor/connector"
)

// exchange sends a request and returns the answer, whose body is still to be read and closed. The answer to the
// last redirect counts. The error is an *connector.AttemptError.
func (s *sink) exchange(ctx context.Context, m *message) (peerAnswer, error) {
	var t trip
	for followed := 0; ; followed++ {
		a, err := s.ask(ctx, m, &t)
		if err != nil {
			return peerAnswer{}, t.judge(err)
		}
		if followed >= s.config.FollowRedirects || a.whole != nil || !redirects(a.Response) {
			return a, nil
		}
		next, err := m.redirected(a.Response)
		if err != nil {
			return a, nil // to nowhere that can be followed: the redirect itself is the answer
		}
		a.discard()
		t.follow(a.StatusCode, m, next)
		if err := s.border.check(next.url); err != nil {
			return peerAnswer{}, t.judge(err)
		}
		m = next
	}
}

func redirects(response *nethttp.Response) bool {
	switch response.StatusCode {
	case nethttp.StatusMovedPermanently, nethttp.StatusFound, nethttp.StatusSeeOther,
		nethttp.StatusTemporaryRedirect, nethttp.StatusPermanentRedirect:
		return response.Header.Get("Location") != ""
	}
	return false
}

var errDowngrade = errors.New("redirect from https to http")

// redirected returns the request that follows a redirect (RFC 9110, section 15.4): 307 and 308 repeat it, the others
// ask with GET. Credentials do not go to another host, nothing goes from https to http.
func (m *message) redirected(response *nethttp.Response) (*message, error) {
	location, err := m.url.Parse(response.Header.Get("Location"))
	if err != nil {
		return nil, fmt.Errorf("location: %w", err)
	}
	if location, err = parseURL(location.String()); err != nil {
		return nil, err
	}
	if m.url.Scheme == "https" && location.Scheme != "https" {
		return nil, errDowngrade
	}
	next := &message{envelope: envelope{method: m.method, place: placeOf(location), header: slices.Clone(m.header)}, body: m.body, id: m.id}
	status := response.StatusCode
	if status != nethttp.StatusTemporaryRedirect && status != nethttp.StatusPermanentRedirect && m.method != nethttp.MethodHead {
		next.method, next.body = nethttp.MethodGet, nil
		next.header.remove("Content-Type", "Content-Encoding")
	}
	if sameHost(location, m.url) {
		next.host = m.host
		return next, nil
	}
	next.header.remove("Authorization", "Cookie", "Www-Authenticate")
	return next, nil
}

// trip is the way of one attempt over redirects.
type trip struct {
	strayed   bool // it has left the host of the sink's URL
	refreshed bool // a refused credential was replaced
	taken     bool // a peer said see other: it has taken the request, most likely
}

// follow notes a redirect.
func (t *trip) follow(status int, from, to *message) {
	t.strayed = t.strayed || !sameHost(from.url, to.url)
	t.taken = t.taken || status == nethttp.StatusSeeOther
}

// judge says what a failure on the way means for the whole attempt.
func (t *trip) judge(err error) error {
	failure, ok := err.(*connector.AttemptError)
	if !ok || !t.taken || failure.Ambiguous {
		return err
	}
	changed := *failure
	changed.Ambiguous = true
	return &changed
}

func sameHost(a, b *url.URL) bool { return originOf(a) == originOf(b) }

// post makes one request for records, one or a batch, of which scope shows the first, and judges the answer.
// With batch_results the verdicts are one per record, else they are nil and err holds for all.
func (s *sink) post(ctx context.Context, m *message, look judge) (response *connector.Response, verdicts []error, err error) {
	a, err := s.exchange(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	response, broken := a.whole, error(nil)
	if response == nil {
		response, broken = s.read(a.Response)
	}
	verdicts, err = look.judge(s.plan, response, broken)
	s.trim(response)
	return response, verdicts, err
}
