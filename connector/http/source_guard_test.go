package http

import (
	"crypto/tls"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/connector/http/ratelimit"
	"github.com/acktor/acktor/connector/http/signature"
	"github.com/acktor/acktor/field"
)

func wantProblem(t *testing.T, got received, status int, kind string) {
	t.Helper()
	if got.status != status || got.object(t)["type"] != "urn:acktor:problem:"+kind || got.header.Get("Content-Type") != problemType {
		t.Errorf("answered %d %s, want %d %s", got.status, got.body, status, kind)
	}
}

func TestOnlyThoseWithTheSecretAreServed(t *testing.T) {
	for _, c := range []struct {
		verify          credential.Verify
		good, challenge string
		bad             []string
	}{
		{credential.Verify{Basic: &credential.VerifyBasic{Users: map[string]field.Secret{"u": "p"}}}, "Basic dTpw", `Basic realm="acktor", charset="UTF-8"`,
			[]string{"Basic dTpx", "Basic", "Basic dTpw=", "Bearer dTpw", "Basic !"}},
		{credential.Verify{Bearer: &credential.VerifyBearer{Tokens: []field.Secret{"t1", "t2"}}}, "bearer t2", `Bearer realm="acktor"`,
			[]string{"Bearer t3", "Bearer t1 t2", "Bearer t", "t1"}},
	} {
		r := newRig(t, func(config *SourceConfig) { config.Verify = &c.verify })
		r.engine(ample, delivered)
		for _, bad := range append(c.bad, "") {
			var header []string
			if bad != "" {
				header = []string{"Authorization", bad}
			}
			got := r.post("{}", header...)
			wantProblem(t, got, 401, "unauthorized")
			if got.header.Get("Www-Authenticate") != c.challenge {
				t.Errorf("challenge %q", got.header.Get("Www-Authenticate"))
			}
		}
		wantProblem(t, r.post("{}", "Authorization", c.good, "Authorization", c.good), 401, "unauthorized")
		if got := r.post("{}", "Authorization", c.good); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
		taken := r.taken()
		if len(taken) != 1 || taken[0].Headers.Has("authorization") {
			t.Errorf("%d records, with the headers %v", len(taken), taken[0].Headers)
		}
	}
}

// signedBy returns the headers of a message by Standard Webhooks.
func signedBy(t *testing.T, id, body string, at time.Time, more ...string) []string {
	t.Helper()
	signer, err := signature.NewStandardSigner(webhookKey)
	if err != nil {
		t.Fatal(err)
	}
	signer.Sign(func(name, value string) { more = append(more, name, value) }, id, []byte(body), at)
	return more
}

func signedOnly(c *SourceConfig) {
	c.Verify = &credential.Verify{StandardWebhooks: &signature.VerifyStandardWebhooks{Keys: []field.Secret{webhookKey}}}
}

func TestSignatureIsOverTheBytesAsTheyCame(t *testing.T) {
	r := newRig(t, signedOnly)
	r.engine(ample, delivered)
	const body = "\x1f\x8b any bytes\x00"
	now := time.Now()
	if got := r.post(body, signedBy(t, "1", body, now, "Content-Encoding", "gzip")...); got.status != 200 || got.object(t)["id"] != "1" {
		t.Errorf("%d %s", got.status, got.body)
	}
	for name, got := range map[string]received{
		"another body": r.post(body+" ", signedBy(t, "2", body, now)...),
		"stale":        r.post(body, signedBy(t, "3", body, now.Add(-time.Hour))...),
		"unsigned":     r.post(body),
		"signed twice": r.post(body, append(signedBy(t, "4", body, now), signedBy(t, "4", body, now)...)...),
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, got, 401, "unauthorized")
			if got.header.Get("Www-Authenticate") == "" {
				t.Error("a 401 without a challenge (RFC 9110, section 15.5.2)")
			}
		})
	}
	if n := len(r.taken()); n != 1 || r.source.waiting.bytes.Load() != 0 {
		t.Errorf("%d records, %d bytes held", n, r.source.waiting.bytes.Load())
	}
}

func TestMessageThatWasTakenIsADuplicate(t *testing.T) {
	r := newRig(t, signedOnly)
	r.engine(ample, delivered)
	first := signedBy(t, "1", "{}", time.Now())
	again := signedBy(t, "1", "{}", time.Now().Add(time.Second)) // its sender signs anew when it tries again
	for i, header := range [][]string{first, first, again} {
		got := r.post("{}", header...)
		want := "duplicate"
		if i == 0 {
			want = "delivered"
		}
		if object := got.object(t); got.status != 200 || object["outcome"] != want || object["id"] != "1" {
			t.Errorf("%d: %d %s", i, got.status, got.body)
		}
	}
	if n := len(r.taken()); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestMessageThatWasNotTakenMayComeAgain(t *testing.T) {
	for _, class := range []connector.Class{connector.Unavailable, connector.Rejected} {
		r := newRig(t, signedOnly)
		fail := true
		r.engine(ample, func(record *connector.Record) *connector.Outcome {
			if fail {
				return failed(class)(record)
			}
			return delivered(record)
		})
		header := signedBy(t, "1", "{}", time.Now())
		if got := r.post("{}", header...); got.status != answerStatus(class) {
			t.Errorf("%d %s", got.status, got.body)
		}
		fail = false
		if got := r.post("{}", header...); got.object(t)["outcome"] != "delivered" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
}

func TestMessageThatIsBeingWorkedOnIsToComeLater(t *testing.T) {
	r := newRig(t, signedOnly)
	header := signedBy(t, "1", "{}", time.Now())
	first := make(chan received, 1)
	go func() { first <- r.post("{}", header...) }()
	records, err := r.source.Read(t.Context(), ample)
	if err != nil {
		t.Fatal(err)
	}
	got := r.post("{}", header...)
	wantProblem(t, got, 503, "in_progress")
	if got.header.Get("Retry-After") == "" {
		t.Error("it does not say when")
	}
	r.settle(records, delivered)
	if got := <-first; got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestDuplicateOfABatchIsAnsweredAsABatch(t *testing.T) {
	r := newRig(t, signedOnly)
	r.engine(ample, delivered)
	body := `[{` + required + `}]`
	header := signedBy(t, "1", body, time.Now(), "Content-Type", batchType)
	r.post(body, header...)
	if got := r.post(body, header...); got.body != `[{"id":"1","outcome":"duplicate","attempts":0}]` {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestMessagesWithoutATimestampAreNotTakenForDuplicates(t *testing.T) {
	github := credential.Verify{GitHub: &signature.VerifySecrets{Secrets: []field.Secret{"It's a Secret to Everybody"}}}
	r := newRig(t, func(c *SourceConfig) { c.Verify = &github })
	r.engine(ample, delivered)
	for range 2 {
		got := r.post("Hello, World!", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
		if got.status != 200 || got.object(t)["outcome"] != "delivered" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
}

func TestClientCertificateMustHaveOneOfTheNames(t *testing.T) {
	known, strange := newAuthority(t), newAuthority(t)
	r := newRig(t, func(c *SourceConfig) {
		c.TLS = known.files()
		c.Verify = &credential.Verify{Certificate: &credential.VerifyCertificate{DNS: []string{"shop.example"}}}
	})
	r.engine(ample, delivered)
	url := strings.Replace(r.url, "http:", "https:", 1)
	ask := func(certificates []tls.Certificate, version2 bool, body io.Reader) (int, string) {
		transport := &nethttp.Transport{ForceAttemptHTTP2: version2, TLSClientConfig: &tls.Config{RootCAs: known.pool, Certificates: certificates}}
		defer transport.CloseIdleConnections()
		response, err := (&nethttp.Client{Transport: transport}).Post(url, "", body)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	for _, c := range []struct {
		name   string
		shown  []tls.Certificate
		status int
	}{
		{"right", []tls.Certificate{known.client("shop.example")}, 200}, {"another name", []tls.Certificate{known.client("evil.example")}, 403},
		{"another authority", []tls.Certificate{strange.client("shop.example")}, 0}, {"none", nil, 0},
	} {
		for _, version2 := range []bool{false, true} {
			for _, body := range []io.Reader{strings.NewReader("{}"), io.MultiReader(strings.NewReader("{}"))} { // declared, and in chunks
				if status, text := ask(c.shown, version2, body); status != c.status {
					t.Errorf("%s (HTTP/2 %t): %d %s, want %d", c.name, version2, status, text, c.status)
				}
			}
		}
	}
}

func TestClientsThatAskTooOftenAreToldWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newBubble(t, func(c *SourceConfig) {
			c.RateLimit = &ratelimit.Config{PerSecond: 0.1, Burst: 2, Header: "X-Customer"}
		})
		go func() {
			for range s.waiting.arrived {
				for batch := s.waiting.take(ample); batch != nil; batch = s.waiting.take(ample) {
					batch[0].Ref.(*ticket).settle(delivered(batch[0]))
				}
			}
		}()
		defer close(s.waiting.arrived)
		ask := func(customer string) (int, string) {
			w, _ := serveInBubble(s, h, "{}", "X-Customer", customer)
			return w.Code, w.Header().Get("Retry-After")
		}
		for i, want := range []string{"200 ", "200 ", "429 10"} {
			if code, after := ask("a"); fmt.Sprint(code, " ", after) != want {
				t.Errorf("%d: %d after %q, want %s", i, code, after, want)
			}
		}
		if code, _ := ask("b"); code != 200 {
			t.Errorf("another client: %d", code)
		}
		time.Sleep(10 * time.Second)
		if code, _ := ask("a"); code != 200 {
			t.Errorf("later: %d", code)
		}
	})
}

func TestClientsAreToldApartByTheirAddresses(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) { c.RateLimit = &ratelimit.Config{PerSecond: 0.001, Burst: 1} })
	r.engine(ample, delivered)
	if got := r.post("{}"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	wantProblem(t, r.post("{}"), 429, "rate_limited")
	if r.source.guard.limiter.Len() != 1 {
		t.Errorf("%d clients", r.source.guard.limiter.Len())
	}
}

func TestSenderThatAsksIsAnswered(t *testing.T) {
	r := newRig(t, func(c *SourceConfig) {
		signedOnly(c)
		c.Webhooks = &SourceWebhooks{Origins: []string{"eventemitter.example"}, Rate: 120}
	})
	for _, c := range []struct {
		header        []string
		status        int
		origin, grant string
	}{
		{[]string{"WebHook-Request-Origin", "EventEmitter.example"}, 200, "EventEmitter.example", "120"},
		{[]string{"WebHook-Request-Origin", "eventemitter.example", "WebHook-Request-Rate", "60", "WebHook-Request-Callback", "http://127.0.0.1:1/"}, 200, "eventemitter.example", "60"},
		{[]string{"WebHook-Request-Origin", "eventemitter.example", "WebHook-Request-Rate", "1000"}, 200, "eventemitter.example", "120"},
		{[]string{"WebHook-Request-Origin", "evil.example"}, 403, "", ""},
		{nil, 405, "", ""},
	} {
		got := r.send("OPTIONS", r.url, "", c.header...)
		if got.status != c.status || got.header.Get("WebHook-Allowed-Origin") != c.origin || got.header.Get("WebHook-Allowed-Rate") != c.grant {
			t.Errorf("%v: %d %v", c.header, got.status, got.header)
		}
		if c.status == 200 && got.header.Get("Allow") != "POST" {
			t.Errorf("allow is %q", got.header.Get("Allow"))
		}
	}
	open := newRig(t, func(c *SourceConfig) { c.Webhooks = &SourceWebhooks{Origins: []string{"*"}} })
	if got := open.send("OPTIONS", open.url, "", "WebHook-Request-Origin", "x"); got.header.Get("WebHook-Allowed-Origin") != "*" || got.header.Get("WebHook-Allowed-Rate") != "*" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func TestPagesOfAllowedOriginsMaySend(t *testing.T) {
	const page = "https://shop.example"
	r := newRig(t, func(c *SourceConfig) {
		c.CORS = &SourceCORS{Origins: []string{page}, Headers: []string{"content-type", "x-a"}, MaxAge: time.Minute}
	})
	r.engine(ample, delivered)
	preflight := []string{"Access-Control-Request-Method", "POST", "Origin"}
	got := r.send("OPTIONS", r.url, "", append(preflight, page)...)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": page, "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type, x-a",
		"Access-Control-Max-Age": "60", "Vary": "Origin",
	} {
		if got.status != 204 || got.header.Get(name) != want {
			t.Errorf("%d, %s is %q, want %q", got.status, name, got.header.Get(name), want)
		}
	}
	for _, got := range []received{
		r.send("OPTIONS", r.url, "", append(preflight, "https://evil.example")...), r.post("{}", "Origin", "https://evil.example"), r.post("{}", "Origin", "null"), r.post("{}"),
	} {
		if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Access-Control-Allow-Methods") != "" || got.header.Get("Vary") != "Origin" {
			t.Errorf("%d %v", got.status, got.header)
		}
	}
	for _, url := range []string{r.url, r.url + "none"} { // a page may read a refusal as well
		if got := r.send("POST", url, "{}", "Origin", page); got.header.Get("Access-Control-Allow-Origin") != page {
			t.Errorf("%d %v", got.status, got.header)
		}
	}
}
