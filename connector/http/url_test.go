package http

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

func resolve(t testing.TB, text string, r *connector.Record) (string, error) {
	t.Helper()
	made, err := newTarget(template(text))
	if err != nil {
		t.Fatal(err)
	}
	scope := expression.NewScope()
	scope.Reset(r, nil)
	at, err := made.resolve(scope)
	if err != nil {
		return "", err
	}
	return at.url.String(), nil
}

func TestValueStaysInItsPartOfTheURL(t *testing.T) {
	for _, c := range []struct{ template, value, want string }{
		{"https://x/hook?tenant={{ record.key }}", "a b&admin=1#x", "https://x/hook?tenant=a+b%26admin%3D1%23x"},
		{"https://x/{{ record.key }}/end", "a/b?c#d", "https://x/a%2Fb%3Fc%23d/end"},
		{"https://x/{{ record.key }}", "\r\nHost: evil", "https://x/%0D%0AHost:%20evil"},
		{"https://x/a?b=1#{{ record.key }}", "f", "https://x/a?b=1"},
		{"https://{{ record.key }}.example/in", "acme", "https://acme.example/in"},
		{"https://{{ record.key }}/in", "acme:8443", "https://acme:8443/in"},
		{"{{ record.key }}", "https://any.example/a?b=c", "https://any.example/a?b=c"},
		{"{{ record.key }}", "https://any.example/?b= HTTP/1.0 ü%20", "https://any.example/?b=%20HTTP/1.0%20%C3%BC%20"},
		{"https://x/v?q={{ record.key }}&r={{ record.id }}", "?", "https://x/v?q=%3F&r=1"},
	} {
		got, err := resolve(t, c.template, &connector.Record{ID: "1", Key: c.value})
		if err != nil || got != c.want {
			t.Errorf("%s with %q: %q, %v, want %q", c.template, c.value, got, err, c.want)
		}
	}
}

func TestValueThatCannotStandInTheURLIsInvalid(t *testing.T) {
	for _, c := range []struct{ template, value string }{
		{"https://{{ record.key }}/in", "evil.example/x"},
		{"https://{{ record.key }}.example/in", "evil.example#"},
		{"https://{{ record.key }}.example/in", "user@evil"},
		{"https://{{ record.key }}.example/in", ""},
		{"https://{{ record.key }}/in", "a:b:c"},
		{"https://{{ record.key }}/in", "a:99999"},
		{"https://{{ record.key }}/in", ".."},
		{"https://x/{{ record.key }}/in", ".."},
		{"https://x/{{ record.key }}/in", "../../admin"},
		{"https://x/.{{ record.key }}/in", "."},
		{"{{ record.key }}", "ftp://x/"},
		{"{{ record.key }}", "/relative"},
		{"{{ record.key }}", "https://user:secret@x/"},
		{"{{ record.key }}", "https:opaque"},
		{"{{ record.key }}", "http://"},
		{"{{ record.key }}", "http://a b/"},
		{"{{ record.key }}", "http://a/\r\nX: y"},
		{"{{ record.key }}", ""},
		{"https://x/{{ record.data.missing.deep }}", "x"},
	} {
		got, err := resolve(t, c.template, &connector.Record{Key: c.value, Data: []byte("{}")})
		failure, ok := err.(*connector.AttemptError)
		if !ok || failure.Class != connector.Invalid || failure.Ambiguous {
			t.Errorf("%s with %q: %q, %v, want invalid", c.template, c.value, got, err)
		} else if strings.Contains(failure.Error(), "secret") {
			t.Errorf("the failure shows a secret: %v", failure)
		}
	}
}

func TestURLThatCannotBeRightIsRefusedEarly(t *testing.T) {
	for _, text := range []string{
		"crm.example/hook", "ftp://x/", "https://", "https://u:p@x/", "https://x:0/", "{{ record.key }}/path",
		"{{ record.key }}://x/", "https://a b/{{ record.key }}", "https://x/../y",
	} {
		if _, err := newTarget(template(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestOriginIsKnownWhereTheHostIsFixed(t *testing.T) {
	for text, want := range map[string]string{
		"https://CRM.example/x":              "https://crm.example:443",
		"http://crm.example":                 "http://crm.example:80",
		"http://[::1]:80/{{ record.key }}":   "http://[::1]:80",
		"https://x?y={{ record.key }}":       "https://x:443",
		"https://x{{ record.key }}/y":        "",
		"{{ record.key }}":                   "",
		"https://x:{{ record.key }}/y":       "",
		"http://my_service:8080/{{ \"a\" }}": "http://my_service:8080",
	} {
		made, err := newTarget(template(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if made.origin != want {
			t.Errorf("%s: origin %q, want %q", text, made.origin, want)
		}
	}
}

func TestNoValueLeavesItsPartOfTheURL(t *testing.T) {
	path, err := newTarget(template("https://host.example/a/{{ record.key }}/b?c={{ record.id }}&d=e"))
	if err != nil {
		t.Fatal(err)
	}
	scope := expression.NewScope()
	rapid.Check(t, func(t *rapid.T) {
		r := &connector.Record{Key: rapid.String().Draw(t, "key"), ID: connector.RecordID(rapid.String().Draw(t, "id"))}
		scope.Reset(r, nil)
		at, err := path.resolve(scope)
		if err != nil {
			return
		}
		u := at.url
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil || u.Host != "host.example" || u.Path != "/a/"+r.Key+"/b" || query.Get("c") != string(r.ID) || query.Get("d") != "e" {
			t.Fatalf("%q and %q became %s", r.Key, r.ID, u)
		}
	})
}
