package credential

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/field"
)

// published is one request of the test suite that AWS publishes for Signature Version 4 (awslabs/aws-c-auth,
// tests/aws-signing-test-suite/v4), as it stands on the wire, and its signature.
type published struct {
	name, method, target, body string
	header                     http.Header
	token                      string
	signed, signature          string
}

func suite() []published {
	const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	const few, vanilla = "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	return []published{
		{"get-vanilla", "GET", "/", "", nil, "", few, vanilla},
		{"get-vanilla-empty-query-key", "GET", "/?Param1=value1", "", nil, "", few, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "", nil, "", few, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "", nil, "", few, "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
		{"get-vanilla-query-unreserved", "GET", "/?" + unreserved + "=" + unreserved, "", nil, "", few, "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
		{"get-vanilla-utf8-query", "GET", "/?ሴ=bar", "", nil, "", few, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"get-vanilla-with-session-token", "GET", "/", "", nil, "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267", "host;x-amz-date;x-amz-security-token", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
		{"get-utf8", "GET", "/ሴ", "", nil, "", few, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{"get-space-normalized", "GET", "/example space/", "", nil, "", few, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
		{"get-relative-relative-normalized", "GET", "/example1/example2/../..", "", nil, "", few, vanilla},
		{"get-slash-pointless-dot-normalized", "GET", "/./example", "", nil, "", few, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
		{"get-header-value-trim", "GET", "/", "", http.Header{"My-Header1": {" value1"}, "My-Header2": {` "a   b   c"`}}, "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"get-header-key-duplicate", "GET", "/", "", http.Header{"My-Header1": {"value2", "value2", "value1"}}, "", "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		{"post-vanilla", "POST", "/", "", nil, "", few, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-header-key-sort", "POST", "/", "", http.Header{"My-Header1": {"value1"}}, "", "host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
		{"post-x-www-form-urlencoded, without Content-Length", "POST", "/", "Param1=value1", form, "", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	}
}

func example() SigV4 {
	return SigV4{AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "us-east-1", Service: "service"}
}

var exampleTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

func TestThePublishedRequestsOfSigV4AreSignedExactly(t *testing.T) {
	for _, p := range suite() {
		config := example()
		config.SessionToken = field.Secret(p.token)
		authorizer, err := config.authorizer()
		if err != nil {
			t.Fatal(err)
		}
		path, rawQuery, _ := strings.Cut(p.target, "?")
		// The suite's paths are those on the wire,. A URL escapes some of them.
		target := &url.URL{Scheme: "https", Host: "example.amazonaws.com", Path: path, RawPath: path, RawQuery: rawQuery}
		r := &Request{Method: p.method, URL: target, Header: http.Header{}, Body: []byte(p.body)}
		for name, values := range p.header {
			r.Header[name] = values
		}
		if err := authorizer.Authorize(t.Context(), r, exampleTime); err != nil {
			t.Fatal(err)
		}
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + p.signed + ", Signature=" + p.signature
		got := r.Header.Get("Authorization")
		if target.EscapedPath() != path { // what a URL would not carry is signed without one
			signer := authorizer.(*sigV4)
			names, block := canonicalHeaders("example.amazonaws.com", r.Header)
			got = signer.authorization(exampleTime, strings.Join([]string{p.method, canonicalPath(path), "", block, names, emptyHash}, "\n"), names)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", p.name, got, want)
		}
		if r.Header.Get("X-Amz-Date") != "20150830T123600Z" {
			t.Errorf("%s: %s", p.name, r.Header.Get("X-Amz-Date"))
		}
	}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestPathsAreEscapedTwiceExceptForS3(t *testing.T) {
	for path, want := range map[string]string{
		"":               "/",
		"/":              "/",
		"/a%20b":         "/a%2520b",
		"/a//b/./c/../d": "/a/b/d",
		"/../../a/":      "/a/",
		"/a/.":           "/a/",
		"/a/b/..":        "/a/",
		"/..":            "/",
	} {
		if got := canonicalPath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	config := example()
	config.Service = "s3"
	a, b := signPath(t, config, "/a//b/../%20"), signPath(t, config, "/a/%20")
	if a == b {
		t.Error("two objects of S3 have one signature")
	}
}

func signPath(t *testing.T, config SigV4, path string) string {
	t.Helper()
	authorizer, err := config.authorizer()
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse("https://bucket.example" + path)
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Method: "PUT", URL: target, Header: http.Header{}}
	if err := authorizer.Authorize(t.Context(), r, exampleTime); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("X-Amz-Content-Sha256"); got != emptyHash {
		t.Errorf("hash %q", got)
	}
	return r.Header.Get("Authorization")
}

func TestTheKeyOfSigV4IsThatOfTheDay(t *testing.T) {
	at := func(authorizer Authorizer, now time.Time) string {
		r := &Request{Method: "GET", URL: &url.URL{Host: "example.amazonaws.com", Path: "/"}, Header: http.Header{}}
		if err := authorizer.Authorize(t.Context(), r, now); err != nil {
			t.Fatal(err)
		}
		return r.Header.Get("Authorization")
	}
	config := example()
	used, err := config.authorizer()
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{exampleTime, exampleTime.AddDate(0, 0, 1), exampleTime, exampleTime.In(time.FixedZone("", 20*3600))} {
		fresh, err := config.authorizer()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := at(used, now), at(fresh, now.UTC()); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

func TestWhatSigV4CannotSignIsAnError(t *testing.T) {
	config := example()
	authorizer, err := config.authorizer()
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]*url.URL{"no URL": nil, "no host": {Path: "/"}, "query": {Host: "a", RawQuery: "a=%zz"}} {
		if err := authorizer.Authorize(t.Context(), &Request{URL: target, Header: http.Header{}}, exampleTime); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTheQueryThatIsSentIsTheOneThatIsSigned(t *testing.T) {
	config := example()
	authorizer, err := config.authorizer()
	if err != nil {
		t.Fatal(err)
	}
	shared := &url.URL{Host: "a", RawQuery: "b=x+y&a=%7e&&a"}
	r := &Request{Method: "GET", URL: shared, Header: http.Header{}}
	if err := authorizer.Authorize(t.Context(), r, exampleTime); err != nil {
		t.Fatal(err)
	}
	if r.URL.RawQuery != "a=&a=~&b=x%20y" || shared.RawQuery != "b=x+y&a=%7e&&a" {
		t.Errorf("%q, and the shared URL has %q", r.URL.RawQuery, shared.RawQuery)
	}
}

// Whatever the query, its canonical form is that of itself and says the same.
func FuzzCanonicalQuery(f *testing.F) {
	f.Add("Param2=value2&Param1=value1")
	f.Add("a=%zz&b")
	f.Add("a=b=c&&=&+=%20")
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := canonicalQuery(raw)
		if err != nil {
			return
		}
		if twice, err := canonicalQuery(once); err != nil || twice != once {
			t.Errorf("%q: %q, then %q, %v", raw, once, twice, err)
		}
		if strings.Contains(raw, ";") {
			return // url.ParseQuery refuses it
		}
		before, err := url.ParseQuery(raw)
		after, _ := url.ParseQuery(once)
		if err == nil && len(before) != len(after) {
			t.Errorf("%q says %v, %q says %v", raw, before, once, after)
		}
	})
}

// A path keeps to its root, whatever is in it.
func FuzzCanonicalPath(f *testing.F) {
	f.Add("/a/../../b/./c//")
	f.Add("..")
	f.Fuzz(func(t *testing.T, path string) {
		clean := canonicalPath(path)
		if !strings.HasPrefix(clean, "/") || strings.Contains(clean, "//") || strings.Contains(clean+"/", "/../") || strings.Contains(clean+"/", "/./") {
			t.Errorf("%q: %q", path, clean)
		}
	})
}
