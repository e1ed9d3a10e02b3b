package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

const webhookKey = field.Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")

func webhooks(c *SinkConfig) {
	c.Auth = &credential.Auth{StandardWebhooks: &signature.SignStandardWebhooks{Keys: []field.Secret{webhookKey}}}
}

// verified checks a request as its receiver would, and returns its id.
func verified(t *testing.T, r request) string {
	t.Helper()
	verifier, err := signature.NewStandardVerifier(0, webhookKey)
	if err != nil {
		t.Fatal(err)
	}
	id, err := verifier.Verify(r.header.Values, []byte(r.body), time.Now())
	if err != nil {
		t.Errorf("the receiver does not accept it: %v", err)
	}
	return id
}

func TestEveryAttemptIsSignedWithTheSameID(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(503) })
	s := openSink(t, peer.URL, webhooks)
	for range 3 {
		wantFailure(t, write(t, s, record("a.1", `{"n": 1}`)), connector.Unavailable, false)
	}
	for _, r := range peer.requests() {
		if id := verified(t, r); id != "a%2E1" || r.header.Get("Idempotency-Key") != "a.1" {
			t.Errorf("the id is %q, the key %q", id, r.header.Get("Idempotency-Key"))
		}
	}
}

func TestWhatIsSignedIsTheRequestAsItGoesOut(t *testing.T) {
	peer := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL, webhooks, func(c *SinkConfig) { c.Body = template(`{"id": "{{ record.id }}"}`) }), record("1", "")))
	batched := openSink(t, peer.URL, webhooks, func(c *SinkConfig) { c.BatchFormat = batchArray })
	for _, result := range batched.Write(t.Context(), []*connector.Record{record("2", "1"), record("3", "2")}) {
		wantDelivered(t, result)
	}
	seen := peer.requests()
	if len(seen) != 2 || seen[0].body != `{"id": "1"}` || seen[1].body != "[1,2]" {
		t.Fatalf("the peer saw %+v", seen)
	}
	if one, many := verified(t, seen[0]), verified(t, seen[1]); one != "1" || many != seen[1].header.Get("Idempotency-Key") {
		t.Errorf("the ids are %q and %q", one, many)
	}
}

func TestKeysInTheURLAndSigV4ReplaceIt(t *testing.T) {
	peer := newPeer(t, nil)
	wantDelivered(t, write(t, openSink(t, peer.URL+"/in?a=1", withAuth(credential.Auth{
		APIKey: &credential.APIKey{Query: "key", Key: "k&1"},
		SigV4:  &credential.SigV4{AccessKey: "id", SecretKey: "secret", Region: "eu", Service: "x"},
	})), record("1", "{}")))
	got := peer.requests()[0]
	if got.url != "/in?a=1&key=k%261" || !strings.Contains(got.header.Get("Authorization"), "Credential=id/") || got.header.Get("X-Amz-Date") == "" {
		t.Errorf("the peer saw %s %v", got.url, got.header)
	}
}

func TestRedirectIsSignedAnewAndGoesBareToAnotherHost(t *testing.T) {
	other := newPeer(t, nil)
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		to := map[string]string{"/": "/second", "/second": other.URL + "/third"}[r.URL.Path]
		w.Header().Set("Location", to)
		w.WriteHeader(nethttp.StatusPermanentRedirect)
	})
	both := func(c *SinkConfig) {
		webhooks(c)
		c.Auth.APIKey = &credential.APIKey{Header: "X-Key", Key: "k"}
		c.FollowRedirects = 3
	}
	wantDelivered(t, write(t, openSink(t, peer.URL, nearby, both), record("1", "{}")))
	seen, away := peer.requests(), other.requests()
	if len(seen) != 2 || len(away) != 1 {
		t.Fatalf("%d and %d requests", len(seen), len(away))
	}
	for _, r := range seen {
		if id := verified(t, r); id != "1" || r.header.Get("X-Key") != "k" {
			t.Errorf("signed as %q, headers %v", id, r.header)
		}
	}
	for _, name := range []string{"Webhook-Id", "Webhook-Signature", "X-Key"} {
		if away[0].header.Get(name) != "" {
			t.Errorf("%s went to another host", name)
		}
	}
}

// tokenServer gives a new token each time.
func tokenServer(t *testing.T, status func(n int32) int) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	p := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		n := asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status(n))
		if status(n) == 200 {
			_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("t%d", n), "token_type": "Bearer", "expires_in": 3600})
		}
	})
	return p.URL, asked
}

func oauth(url string) func(*SinkConfig) {
	return withAuth(credential.Auth{OAuth2: &credential.OAuth2{TokenURL: url, ClientID: "c", ClientSecret: "s"}})
}

func TestRefusedTokenIsReplacedOnceInAnAttempt(t *testing.T) {
	url, asked := tokenServer(t, func(int32) int { return 200 })
	good := "Bearer t2"
	peer := newPeer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Header.Get("Authorization") != good {
			w.WriteHeader(nethttp.StatusUnauthorized)
		}
	})
	s := openSink(t, peer.URL, oauth(url))
	wantDelivered(t, write(t, s, record("1", "{}")))
	if n := len(peer.requests()); n != 2 || asked.Load() != 2 {
		t.Errorf("%d requests, %d tokens", n, asked.Load())
	}
	good = "no token at all"
	for range 3 {
		wantFailure(t, write(t, s, record("2", "{}")), connector.Rejected, false)
	}
	if n := len(peer.requests()); n > 2+2*3 || asked.Load() > 3 {
		t.Errorf("a peer that refuses everything got %d requests, the token endpoint %d", n, asked.Load())
	}
}

// hopeful believes each time that the next credential will do.
type hopeful struct{}

func (hopeful) Authorize(context.Context, *credential.Request, time.Time) error { return nil }

func (hopeful) Refused(nethttp.Header, time.Time) bool { return true }

func TestAttemptIsMadeTwiceAtMostHoweverOftenItIsRefused(t *testing.T) {
	peer := newPeer(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(nethttp.StatusUnauthorized) })
	s := openSink(t, peer.URL)
	s.auth = hopeful{}
	wantFailure(t, writeWithin(t, s, record("1", "{}"), time.Second), connector.Rejected, false)
	if n := len(peer.requests()); n != 2 {
		t.Errorf("the peer saw %d requests, want 2", n)
	}
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	peer := newPeer(t, nil)
	for status, class := range map[int]connector.Class{401: connector.Rejected, 503: connector.Unavailable} {
		url, _ := tokenServer(t, func(int32) int { return status })
		failure := wantFailure(t, write(t, openSink(t, peer.URL, oauth(url)), record("1", "{}")), class, false)
		if !strings.Contains(failure.Detail, fmt.Sprint("no token: status ", status)) {
			t.Errorf("detail is %q", failure.Detail)
		}
	}
	hangs := newPeer(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) { <-r.Context().Done() })
	wantFailure(t, writeWithin(t, openSink(t, peer.URL, oauth(hangs.URL)), record("1", "{}"), 50*time.Millisecond), connector.ConnectTimeout, false)
	if n := len(peer.requests()); n != 0 {
		t.Errorf("the peer saw %d requests", n)
	}
}

func TestClientCertificateFollowsItsFiles(t *testing.T) {
	directory := t.TempDir()
	config := SinkTLS{Cert: filepath.Join(directory, "cert"), Key: field.Secret(filepath.Join(directory, "key"))}
	put := func(minute int) {
		text, private := selfSigned(t)
		at := time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)
		for file, content := range map[string]string{config.Cert: text, config.Key.Reveal(): private} {
			if err := errors.Join(os.WriteFile(file, []byte(content), 0o600), os.Chtimes(file, at, at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(1)
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		made, err := newTLSConfig(&config, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil {
			t.Fatal(err)
		}
		shown := func() []byte {
			certificate, err := made.GetClientCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return certificate.Certificate[0]
		}
		first := shown()
		put(2)
		time.Sleep(2 * time.Second)
		if bytes.Equal(shown(), first) || !strings.Contains(said.String(), "was replaced") {
			t.Errorf("the old one is shown; the log says %q", said.String())
		}
		if made.ClientSessionCache != nil {
			t.Error("a session would be resumed with the certificate of before")
		}
	})
}
