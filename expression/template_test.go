package expression

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

func TestTemplateIsFilledIn(t *testing.T) {
	s := scoped(order(), nil)
	for source, want := range map[string]string{
		`https://x/{{ record.headers.tenant }}`:                               `https://x/acme`,
		`{{record.id}}{{record.key}}`:                                         `r-1k-7`,
		`{{ record.data.a }}|`:                                                `|`,
		`{{ record.data.paid }} {{ record.data.total }} {{ record.data.id }}`: `true 12.5 7`,
		`{{ record.data.items[0] }}`:                                          `{"n":2,"sku":"a"}`,
		`{{ "{{" }}`:                                                          `{{`,
		`{{ "}}" }}`:                                                          `}}`,
		"{{ `}}` }}{{ '}}\\'' }}":                                             `}}}}'`,
		`{{ {"a": {"b": record.data.id}} }}`:                                  `{"a":{"b":7}}`,
		`{{{"a":1}}}`:                                                         `{"a":1}`,
		`{"id":{{ record.data.id }}}`:                                         `{"id":7}`,
		`{"a":{"b":1}}`:                                                       `{"a":{"b":1}}`,
		`} }} {`:                                                              `} }} {`,
		`ü{{ record.id }}ü`:                                                   `ür-1ü`,
		`{{ map(record.data.items, {.n}) }}`:                                  `[2,3]`,
	} {
		template, err := Parse[Template](source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := template.Render(s); got != want || err != nil {
			t.Errorf("%s = %q, %v; want %q", source, got, err, want)
		}
		if _, constant := template.Constant(); constant != !strings.Contains(source, "{{") {
			t.Errorf("%s: constant is %v", source, constant)
		}
	}
}

func TestMistakesInATemplateAreFoundWhereTheyAre(t *testing.T) {
	for _, c := range []struct {
		source string
		offset int
		detail string
	}{
		{`ü {{ record.kez }}`, 13, `did you mean "key"?`},
		{`{{ record.id }} {{ recrod.id }}`, 19, `did you mean "record"?`},
		{`abc {{ record.id }`, 4, `{{ without }}`},
		{`abc {{ "x }}`, 4, `{{ without }}`},
		{`{{ {"a": 1 }}`, 0, `{{ without }}`},
		{`{{`, 0, `{{ without }}`},
		{`a{{ }}`, 3, `the expression is empty`},
		{`{{ response.status }}`, 3, `there is no response here`},
		{strings.Repeat("x", maxText+1), maxText, `at most 65536`},
	} {
		_, err := Parse[Template](c.source)
		mistake, ok := errors.AsType[*Error](err)
		if !ok || mistake.Offset != c.offset || !strings.Contains(mistake.Detail, c.detail) || mistake.Text != c.source {
			t.Errorf("%.40s: got %#v; want at %d: %s", c.source, err, c.offset, c.detail)
		}
	}
}

func TestRenderErrorPointsIntoTheWholeTemplate(t *testing.T) {
	source := `abc {{ record.id }} {{ record.data.missing.x }}`
	_, err := Must[Template](source).Render(scoped(order(), nil))
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Offset != strings.LastIndex(source, "x") || failure.Text != source {
		t.Errorf("got %#v", err)
	}
}

func TestRenderWithEscapesEveryValueAndShowsWhatIsBefore(t *testing.T) {
	record := &connector.Record{ID: "a/b", Key: "c d"}
	var seen []string
	template := Must[Template](`https://x/{{ record.id }}?k={{ record.key }}`)
	got, err := template.RenderWith(scoped(record, nil), func(before, value string) (string, error) {
		seen = append(seen, before)
		return url.PathEscape(value), nil
	})
	if want := `https://x/a%2Fb?k=c%20d`; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if strings.Join(seen, "|") != `https://x/|https://x/a%2Fb?k=` {
		t.Errorf("saw %q", seen)
	}
	refused := errors.New("refused")
	_, err = template.RenderWith(scoped(record, nil), func(string, string) (string, error) { return "", refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}

func TestRenderedTextIsBounded(t *testing.T) {
	record := &connector.Record{Key: strings.Repeat("x", 1<<20)}
	_, err := Must[Template](strings.Repeat("{{ record.key }}", 65)).Render(scoped(record, nil))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
