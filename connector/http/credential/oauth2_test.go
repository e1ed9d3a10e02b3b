package credential_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/field"
)

// endpoint answers for a token endpoint, without a network.
type endpoint struct {
	asked  atomic.Int32
	answer func(r *http.Request, number int32) (status int, body string)
	takes  time.Duration
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	number := e.asked.Add(1)
	select {
	case <-time.After(e.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	status, body := http.StatusOK, fmt.Sprintf(`{"access_token": "token-%d", "token_type": "bearer", "expires_in": 3600}`, number)
	if e.answer != nil {
		status, body = e.answer(r, number)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Location": {"https://elsewhere.example/"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func oauth(t *testing.T, e *endpoint, change func(*credential.OAuth2)) credential.Authorizer {
	t.Helper()
	config := field.Defaults[credential.OAuth2]()
	config.TokenURL, config.ClientID, config.ClientSecret = "https://login.example/token", "me", "hush"
	if change != nil {
		change(&config)
	}
	auth := credential.Auth{OAuth2: &config}
	authorizer, err := auth.Authorizer(&http.Client{Transport: e})
	if err != nil {
		t.Fatal(err)
	}
	return authorizer
}

// authorize returns the header of a request made now.
func authorize(ctx context.Context, a credential.Authorizer) (http.Header, error) {
	r := &credential.Request{Method: "POST", URL: &url.URL{Scheme: "https", Host: "a.example"}, Header: http.Header{}}
	err := a.Authorize(ctx, r, time.Now())
	return r.Header, err
}

func expectToken(t *testing.T, a credential.Authorizer, want string) http.Header {
	t.Helper()
	header, err := authorize(t.Context(), a)
	if got := header.Get("Authorization"); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	return header
}

func TestATokenIsKeptUntilShortlyBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{}
		a := oauth(t, e, nil)
		expectToken(t, a, "Bearer token-1")
		time.Sleep(time.Hour - 31*time.Second)
		expectToken(t, a, "Bearer token-1")
		time.Sleep(time.Second)
		expectToken(t, a, "Bearer token-2")
		if e.asked.Load() != 2 {
			t.Errorf("asked %d times", e.asked.Load())
		}
	})
}

func TestAShortTokenIsUsedForHalfOfItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: func(_ *http.Request, n int32) (int, string) {
			return 200, fmt.Sprintf(`{"access_token": "t%d", "token_type": "Bearer", "expires_in": 20}`, n)
		}}
		a := oauth(t, e, nil)
		expectToken(t, a, "Bearer t1")
		time.Sleep(9 * time.Second)
		expectToken(t, a, "Bearer t1")
		time.Sleep(time.Second)
		expectToken(t, a, "Bearer t2")
	})
}

func TestATokenWithoutAnEndIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: func(*http.Request, int32) (int, string) { return 200, `{"access_token": "t", "token_type": "Bearer"}` }}
		a := oauth(t, e, nil)
		expectToken(t, a, "Bearer t")
		time.Sleep(1000 * time.Hour)
		expectToken(t, a, "Bearer t")
		if e.asked.Load() != 1 {
			t.Errorf("asked %d times", e.asked.Load())
		}
	})
}

func TestManyAskOnceAndGetTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{takes: time.Second}
		a := oauth(t, e, nil)
		for range 50 {
			go expectToken(t, a, "Bearer token-1")
		}
		time.Sleep(2 * time.Second)
		if e.asked.Load() != 1 {
			t.Errorf("asked %d times", e.asked.Load())
		}
	})
}

func TestManyFailTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{takes: time.Second, answer: func(*http.Request, int32) (int, string) { return 503, "" }}
		a := oauth(t, e, nil)
		var failed atomic.Int32
		for range 50 {
			go func() {
				if _, err := authorize(t.Context(), a); err != nil {
					failed.Add(1)
				}
			}()
		}
		time.Sleep(1500 * time.Millisecond)
		if e.asked.Load() != 1 || failed.Load() != 50 {
			t.Errorf("asked %d times, %d failed", e.asked.Load(), failed.Load())
		}
	})
}

func TestWhoWaitsWaitsNoLongerThanItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{takes: 5 * time.Second}
		a := oauth(t, e, nil)
		go expectToken(t, a, "Bearer token-1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := authorize(ctx, a)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		time.Sleep(5 * time.Second)
	})
}

// The first to ask gives up: the next in turn asks for itself, and is not told of a time that was not its own.
func TestWhoAsksAndGivesUpLeavesTheTurnToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{takes: 3 * time.Second}
		a := oauth(t, e, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go authorize(ctx, a) //nolint:errcheck // its time is up
		synctest.Wait()
		expectToken(t, a, "Bearer token-2")
	})
}

func TestAQuestionEndsAtItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := oauth(t, &endpoint{takes: time.Hour}, func(c *credential.OAuth2) { c.Timeout = 2 * time.Second })
		began := time.Now()
		_, err := authorize(t.Context(), a)
		if _, ok := errors.AsType[*credential.TokenError](err); !ok || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{}
		a := oauth(t, e, nil)
		first := expectToken(t, a, "Bearer token-1")
		if !a.Refused(first, time.Now()) {
			t.Error("a refused token is not worth another attempt")
		}
		if !a.Refused(first, time.Now()) {
			t.Error("nor is it for the second who had it")
		}
		second := expectToken(t, a, "Bearer token-2")
		if !a.Refused(first, time.Now()) {
			t.Error("there is a newer one, and that is not said")
		}
		if a.Refused(second, time.Now()) {
			t.Error("a peer that always answers 401 gets tokens for ever")
		}
		expectToken(t, a, "Bearer token-2")
		time.Sleep(time.Minute)
		if !a.Refused(second, time.Now()) {
			t.Error("a token that was good for a minute is not replaced")
		}
		expectToken(t, a, "Bearer token-3")
	})
}

func TestTheQuestionIsTheStandards(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(*credential.OAuth2)
		user, body  string
		hasPassword bool
	}{
		"basic": {func(c *credential.OAuth2) { c.Scopes = []string{"a", "b"} }, "me", "grant_type=client_credentials&scope=a+b", true},
		"post": {func(c *credential.OAuth2) {
			c.ClientAuth, c.Parameters = "post", map[string]string{"audience": "https://api"}
		}, "", "audience=https%3A%2F%2Fapi&client_id=me&client_secret=hush&grant_type=client_credentials", false},
	} {
		e := &endpoint{answer: func(r *http.Request, _ int32) (int, string) {
			user, password, ok := r.BasicAuth()
			body, _ := io.ReadAll(r.Body)
			if r.Method != "POST" || user != c.user || ok != c.hasPassword || ok && password != "hush" || string(body) != c.body {
				t.Errorf("%s: %s by %q: %s", name, r.Method, user, body)
			}
			return 200, `{"access_token": "t", "token_type": "Bearer"}`
		}}
		expectToken(t, oauth(t, e, c.change), "Bearer t")
	}
}

func TestWhatIsNoTokenIsAnErrorWithoutSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		body      string
		permanent bool
		text      string
	}{
		"unknown client": {401, `{"error": "invalid_client", "error_description": "hush is wrong"}`, true, "credential: no token: status 401: invalid_client"},
		"down":           {503, "hush", false, "credential: no token: status 503"},
		"busy":           {429, "", false, "credential: no token: status 429"},
		"redirect":       {307, "", false, "credential: no token: status 307"},
		"strange code":   {400, `{"error": "a\nb"}`, true, "credential: no token: status 400"},
		"no JSON":        {200, "hush", false, ""},
		"no token":       {200, `{"token_type": "Bearer"}`, false, ""},
		"another type":   {200, `{"access_token": "hush", "token_type": "mac"}`, false, "credential: no token: the token is not of the type Bearer"},
		"line break":     {200, `{"access_token": "hush\nX: y", "token_type": "Bearer"}`, false, "credential: no token: the token holds a character that a header cannot carry"},
	} {
		e := &endpoint{answer: func(*http.Request, int32) (int, string) { return c.status, c.body }}
		_, err := authorize(t.Context(), oauth(t, e, nil))
		failure, ok := errors.AsType[*credential.TokenError](err)
		if !ok || failure.Permanent() != c.permanent || c.text != "" && failure.Error() != c.text || strings.Contains(fmt.Sprint(err), "hush") {
			t.Errorf("%s: %v", name, err)
		}
		if e.asked.Load() != 1 {
			t.Errorf("%s: asked %d times", name, e.asked.Load())
		}
	}
}
