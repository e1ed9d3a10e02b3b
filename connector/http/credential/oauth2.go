package credential

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// again is how long a token that was asked for because of a 401 stays, whatever else is answered: a peer that always answers 401
// is not to have a token asked for with every request.
const again = time.Minute

// tokens gets tokens and keeps the last one. One question is asked at a time, by one of those who need its answer; the others wait
// until their own time is up.
type tokens struct {
	question clientcredentials.Config
	client   *http.Client
	early    time.Duration
	timeout  time.Duration
	turn     chan struct{} // holds one when nobody asks

	mu      sync.Mutex
	current token
	refused time.Time // when the token before current was refused; zero when it was not
	asked   uint64    // how many questions have been answered, or not
	err     error     // of the last one
}

type token struct {
	value string    // of the header; empty: none
	until time.Time // when to get another; zero: only when it is refused
}

func (o *OAuth2) authorizer(client *http.Client) (Authorizer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	own := &http.Client{}
	if client != nil {
		*own = *client
	}
	// A redirect could take the secret elsewhere.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t := &tokens{
		question: clientcredentials.Config{
			ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), TokenURL: o.TokenURL, Scopes: o.Scopes,
			AuthStyle: oauth2.AuthStyleInHeader, EndpointParams: url.Values{},
		},
		client: own, early: o.Early, timeout: cmp.Or(o.Timeout, 10*time.Second), turn: make(chan struct{}, 1),
	}
	if o.ClientAuth == "post" {
		t.question.AuthStyle = oauth2.AuthStyleInParams
	}
	for name, value := range o.Parameters {
		t.question.EndpointParams.Set(name, value)
	}
	t.turn <- struct{}{}
	return t, nil
}

// Authorize sets the header Authorization.
func (t *tokens) Authorize(ctx context.Context, r *Request, now time.Time) error {
	value, err := t.get(ctx, now)
	if err != nil {
		return err
	}
	r.Header["Authorization"] = []string{value}
	return nil
}

func (t *tokens) get(ctx context.Context, now time.Time) (string, error) {
	value, before, _ := t.look(now)
	if value != "" {
		return value, nil
	}
	select {
	case <-t.turn:
	case <-ctx.Done():
		return "", &TokenError{Err: context.Cause(ctx)}
	}
	defer func() { t.turn <- struct{}{} }()
	value, asked, err := t.look(now)
	switch {
	case value != "":
		return value, nil
	case asked != before && err != nil:
		return "", err // the question that we waited for was ours as well
	}
	return t.ask(ctx, now)
}

// look returns the current token, or none when it is time for another.
func (t *tokens) look(now time.Time) (value string, asked uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.value != "" && (t.current.until.IsZero() || now.Before(t.current.until)) {
		return t.current.value, t.asked, nil
	}
	return "", t.asked, t.err
}

// ask asks the endpoint. Only who has the turn calls it.
func (t *tokens) ask(ctx context.Context, now time.Time) (string, error) {
	limited, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	answer, err := t.question.Token(context.WithValue(limited, oauth2.HTTPClient, t.client))
	made := token{}
	if err == nil {
		made, err = t.read(answer, now)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		err = tokenError(err)
		if ctx.Err() == nil { // else it was the time of this attempt that was up: the next in turn asks for itself
			t.asked++
			t.err = err
		}
		return "", err
	}
	t.asked++
	t.current, t.err = made, nil
	return made.value, nil
}

func (t *tokens) read(answer *oauth2.Token, now time.Time) (token, error) {
	made := token{value: answer.Type() + " " + answer.AccessToken}
	if answer.Type() != "Bearer" {
		return token{}, errors.New("the token is not of the type Bearer")
	}
	if !httpguts.ValidHeaderFieldValue(made.value) {
		return token{}, errors.New("the token holds a character that a header cannot carry")
	}
	if !answer.Expiry.IsZero() {
		life := time.Until(answer.Expiry)
		made.until = now.Add(max(life-t.early, life/2))
	}
	return made, nil
}

// tokenError keeps what may be shown: an answer could repeat the question.
func tokenError(err error) *TokenError {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e := &TokenError{Code: answer.ErrorCode}
		if answer.Response != nil {
			e.Status = answer.Response.StatusCode
		}
		if len(e.Code) > 64 || !httpguts.ValidHeaderFieldValue(e.Code) {
			e.Code = ""
		}
		return e
	}
	return &TokenError{Err: err}
}

// Refused forgets the token if it is still the one that the request had, and was not itself asked for because of a 401 a moment ago.
func (t *tokens) Refused(header http.Header, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case header.Get("Authorization") != t.current.value:
		return true // there is another already
	case !t.refused.IsZero() && now.Sub(t.refused) < again:
		return false
	}
	t.current, t.refused = token{}, now
	return true
}
