package expression

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

func order() *connector.Record {
	return &connector.Record{
		ID: "r-1", Key: "k-7", Time: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Headers: connector.Headers{{Name: "tenant", Value: "acme"}, {Name: "x-tenant", Value: "a"}, {Name: "x-tenant", Value: "b"}},
		Data: []byte(`{"id":7,"total":12.5,"big":9007199254740993,"huge":123456789012345678901234567890,` +
			`"items":[{"sku":"a","n":2},{"sku":"b","n":3}],"a":null,"paid":true,"html":"<b>&"}`),
	}
}

func answer() *connector.Response {
	return &connector.Response{
		Status: 201, Headers: connector.Headers{{Name: "location", Value: "/9"}}, Body: []byte(`{"code":0,"items":[1]}`),
	}
}

func scoped(record *connector.Record, response *connector.Response) *Scope {
	s := NewScope()
	s.Reset(record, response)
	return s
}

func TestValueGivesWhatTheRecordHolds(t *testing.T) {
	s := scoped(order(), nil)
	for source, want := range map[string]string{
		`record.id`:                                  `r-1`,
		`record["id"]`:                               `r-1`,
		`record?.key`:                                `k-7`,
		`record.id + "/" + record.key`:               `r-1/k-7`,
		`record.headers.tenant`:                      `acme`,
		`record.headers["x-tenant"]`:                 `a`,
		`record.headers["x-" + "tenant"]`:            `a`,
		`record.headers.absent`:                      ``,
		`record.headers`:                             `{"tenant":"acme","x-tenant":"a"}`,
		`"tenant" in record.headers`:                 `true`,
		`"absent" in record.headers`:                 `false`,
		`record.headers | keys() | sort()`:           `["tenant","x-tenant"]`,
		`record.data.id`:                             `7`,
		`record.data.id == 7`:                        `true`,
		`record.data.id + 1`:                         `8`,
		`record.data.total > 0`:                      `true`,
		`record.data.total * 2`:                      `25`,
		`record.data.big`:                            `9007199254740993`,
		`record.data.big == 9007199254740993`:        `true`,
		`record.data.big == 9007199254740992`:        `false`,
		`record.data.huge`:                           `123456789012345678901234567890`,
		`{"h": record.data.huge}`:                    `{"h":123456789012345678901234567890}`,
		`record.data.a`:                              ``,
		`record.data.missing`:                        ``,
		`record.data.a?.b`:                           ``,
		`record.data.a?.b.c ?? "none"`:               `none`,
		`record.data.items[1].sku`:                   `b`,
		`map(record.data.items, .n)`:                 `[2,3]`,
		`sum(record.data.items, .n)`:                 `5`,
		`filter(record.data.items, .n > 2)[0].sku`:   `b`,
		`record.data.items | filter(.n > 2) | len()`: `1`,
		`groupBy(record.data.items, .n)`:             `{"2":[{"n":2,"sku":"a"}],"3":[{"n":3,"sku":"b"}]}`,
		`reduce(record.data.items, #acc + .n, 0)`:    `5`,
		`join(map(record.data.items, .sku), "+")`:    `a+b`,
		`let d = record.data; d.id * 2`:              `14`,
		`record.data.paid ? "yes" : "no"`:            `yes`,
		`{"z": 1, "a": record.data.html}`:            `{"a":"<b>&","z":1}`,
		`record.text startsWith "{"`:                 `true`,
		`len(record.text) == record.size`:            `true`,
		`record.time`:                                `2026-05-04T03:02:01Z`,
		`{"at": record.time}`:                        `{"at":"2026-05-04T03:02:01Z"}`,
		`record.time.Year()`:                         `2026`,
		`duration("90s")`:                            `1m30s`,
		`upper(record.headers.tenant)`:               `ACME`,
		`replace(record.id, "-", "")`:                `r1`,
		`repeat("ab", 2)`:                            `abab`,
		`toJSON({"b": 1, "a": "<"})`:                 `{"a":"<","b":1}`,
		`fromJSON("[9007199254740993]")[0]`:          `9007199254740993`,
		`hash("a")`:                                  `ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb`,
		`string(record.data.items)`:                  `[{"n":2,"sku":"a"},{"n":3,"sku":"b"}]`,
		`string(nil) + string(record.data.id)`:       `7`,
		`1..3`:                                       `[1,2,3]`,
		`nil`:                                        ``,
		`7 / 2`:                                      `3.5`,
	} {
		value, err := Parse[Value](source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := value.EvalString(s); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestResponseExpressionsSeeRecordAndResponse(t *testing.T) {
	s := scoped(order(), answer())
	for source, want := range map[string]any{
		`response.status`: 201,
		`response.status < 300 && response.json.code == 0`: true,
		`response.headers.location`:                        "/9",
		`response.body contains "code"`:                    true,
		`response.json.items[0] + record.data.id`:          8,
		`"location" in response.headers`:                   true,
	} {
		value, err := Parse[ResponseValue](source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := value.Eval(s); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", source, got, err, want)
		}
	}
	yes, err := Must[ResponseCondition](`response.json.code == 0`).Test(s)
	if !yes || err != nil {
		t.Errorf("got %v, %v", yes, err)
	}
}

func TestMistakesAreFoundWhereTheyAre(t *testing.T) {
	for _, c := range []struct {
		source string
		offset int
		detail string
	}{
		{`recrod.key == "a"`, 0, `unknown name "recrod"; did you mean "record"?`},
		{`record.id == recrod.key`, 13, `did you mean "record"?`},
		{`"ü" == recrod.key`, 8, `did you mean "record"?`},
		{`record.kez == "a"`, 7, `record has no field "kez"; did you mean "key"?`},
		{`record["kez"] == "a"`, 7, `did you mean "key"?`},
		{`record.somethingelse == "a"`, 7, `there are data, headers, id, key, size, text, time`},
		{`uper(record.id) == "A"`, 0, `unknown name "uper"; did you mean "upper"?`},
		{`upper(recrod.id) == "A"`, 6, `did you mean "record"?`},
		{`any(record.data.items, recrod.id == "")`, 23, `did you mean "record"?`},
		{`record.id > 5`, 10, `mismatched types string and int`},
		{`response.status == 200`, 0, `there is no response here`},
		{`record.data.x == response.status`, 17, `there is no response here`},
		{`record.id`, 0, `a condition must be true or false, this is string`},
		{`record.size + 1`, 0, `a condition must be true or false, this is int`},
		{`record == nil`, 0, `record alone is not a value`},
		{`$env.record.id == ""`, 0, `$env cannot be used`},
		{`get($env, "record") == ""`, 4, `$env cannot be used`},
		{`record.headers["X-Tenant"] == ""`, 15, `write "x-tenant"`},
		{`record.headers[7] == ""`, 15, `cannot use int`},
		{`record.id ==`, 11, `unexpected token EOF`},
		{`record.id == "a`, 15, `literal not terminated`},
		{`record.id matches "("`, 10, `missing closing`},
		{``, 0, `the expression is empty`},
		{`   `, 0, `the expression is empty`},
		{strings.Repeat(" ", maxText) + "true", maxText, `at most 65536 are allowed`},
		{strings.Repeat("true and ", maxNodes*2/3) + "true", -1, `maximum allowed nodes`},
	} {
		_, err := Parse[Condition](c.source)
		mistake, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.60s: got %v", c.source, err)
			continue
		}
		if c.offset >= 0 && mistake.Offset != c.offset || !strings.Contains(mistake.Detail, c.detail) || mistake.Text != c.source {
			t.Errorf("%.60s: at %d: %s; want at %d: %s", c.source, mistake.Offset, mistake.Detail, c.offset, c.detail)
		}
		if strings.ContainsAny(mistake.Detail, "\n|") {
			t.Errorf("%.60s: drawing in %q", c.source, mistake.Detail)
		}
	}
}

func TestWhatGoesWrongAtRunTimeSaysWhat(t *testing.T) {
	cyclic := order()
	for _, c := range []struct {
		source string
		offset int
		detail string
	}{
		{`record.data.missing.x`, 20, `cannot read "x" of nil; write ?. where a field may be missing`},
		{`record.data.id.x`, 15, `cannot fetch x from int`},
		{`record.data.items[9]`, 17, `index out of range`},
		{`record.data.missing && record.data.paid`, -1, `found nil where bool is needed`},
		{`record.data.items + 1`, -1, `invalid operation`},
		{`record.headers[record.data.id]`, -1, `the name of a header is a text, not a number`},
		{`join([1, record.data.id], "")`, -1, `join takes a list of texts; found a number in it`},
		{`join(record.data.id, "")`, -1, `join takes a list of texts, not a number`},
		{`repeat("a", -1)`, -1, `0 or more`},
		{`fromJSON("{")`, -1, `unexpected EOF`},
		{`1 / 0`, -1, `cannot be written`},
	} {
		value, err := Parse[Value](c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		_, err = value.EvalString(scoped(cyclic, nil))
		failure, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(failure.Detail, c.detail) || c.offset >= 0 && failure.Offset != c.offset {
			t.Errorf("%s: got %#v; want at %d: %s", c.source, err, c.offset, c.detail)
		}
	}
}

func TestDataThatIsNotJSONIsAnErrorOnlyWhenItIsAskedFor(t *testing.T) {
	for _, data := range []string{`plain`, ``, `{} {}`, `{"a":1`} {
		s := scoped(&connector.Record{ID: "x", Data: []byte(data)}, &connector.Response{Body: []byte(data)})
		if yes, err := Must[Condition](`record.id == "y" && record.data.a == 1`).Test(s); yes || err != nil {
			t.Errorf("%q: got %v, %v before data was asked for", data, yes, err)
		}
		if _, err := Must[Condition](`record.data.a == 1`).Test(s); err == nil || !strings.Contains(err.Error(), "record.data: the data is not JSON") {
			t.Errorf("%q: got %v", data, err)
		}
		if _, err := Must[ResponseCondition](`response.json.a == 1`).Test(s); err == nil || !strings.Contains(err.Error(), "the body is not JSON") {
			t.Errorf("%q: got %v", data, err)
		}
		if got, err := Must[Value](`record.text`).EvalString(s); got != data || err != nil {
			t.Errorf("text = %q, %v", got, err)
		}
	}
}

func TestDataIsParsedOncePerReset(t *testing.T) {
	record := order()
	s := scoped(record, nil)
	value := Must[Value](`record.data`)
	first, _ := value.Eval(s)
	first.(map[string]any)["mark"] = true
	if second, _ := value.Eval(s); second.(map[string]any)["mark"] != true {
		t.Error("parsed again")
	}
	s.Reset(record, nil)
	if third, _ := value.Eval(s); third.(map[string]any)["mark"] != nil {
		t.Error("not parsed again after Reset")
	}
}

func TestTruncatedBodyIsNotReadAsJSON(t *testing.T) {
	s := scoped(order(), &connector.Response{Body: []byte(`1`), Truncated: true})
	if _, err := Must[ResponseValue](`response.json`).Eval(s); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
}

func TestAbsentRecordAndResponseAreErrors(t *testing.T) {
	s := NewScope()
	if _, err := Must[Value](`record.id`).Eval(s); !errors.Is(err, errNoRecord) {
		t.Errorf("got %v", err)
	}
	s.Reset(order(), nil)
	if _, err := Must[ResponseValue](`response.status`).Eval(s); !errors.Is(err, errNoResponse) {
		t.Errorf("got %v", err)
	}
}

func TestConditionThatGivesNoBoolIsAnError(t *testing.T) {
	for source, want := range map[string]string{
		`record.data.missing`: "this gave nil", `record.data.id`: "this gave a number",
		`record.data.html`: "this gave a text", `record.data.items`: "this gave a list", `record.data`: "this gave an object",
	} {
		if yes, err := Must[Condition](source).Test(scoped(order(), nil)); yes || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v", source, yes, err)
		}
	}
}

func TestEvaluationEndsAtItsBudget(t *testing.T) {
	long := &connector.Record{Data: fmt.Appendf(nil, `[0%s]`, strings.Repeat(",1", 4999)), Key: strings.Repeat("x", 1<<20)}
	doubling := "let a0 = record.key + record.key; "
	for i := range 40 {
		doubling += fmt.Sprintf("let a%d = a%d + a%d; ", i+1, i, i)
	}
	sharing := "let a0 = [record.key, record.key]; "
	for i := range 40 {
		sharing += fmt.Sprintf("let a%d = [a%d, a%d]; ", i+1, i, i)
	}
	for source, want := range map[string]string{
		`any(record.data, any(record.data, # == 2))`:   "passes through its loops",
		`map(1..2000000, #)`:                           "memory budget",
		`sum(map(1..1000, sum(map(1..100000, #))))`:    "memory budget",
		doubling + "a40":                               "of text",
		sharing + "toJSON(a40)":                        "of text",
		sharing + "a40":                                "of text",
		`repeat(record.key, 1000000)`:                  "of text",
		`replace(record.key, "", record.key)`:          "of text",
		`join(map(1..10000, record.key), "")`:          "of text",
		`len(map(record.data, upper(record.key)))`:     "of text",
		`len(map(record.data, record.key + "a"))`:      "of text",
		`len(map(record.data, split(record.key, "")))`: "of text",
		`reduce(record.data, #acc + #acc, "ab")`:       "of text",
	} {
		t.Run(source[max(0, len(source)-40):], func(t *testing.T) {
			value, err := Parse[Value](source)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := value.EvalString(scoped(long, nil)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %.60q, %v", got, err)
			}
		})
	}
}

func TestScopeIsUsableAfterAnError(t *testing.T) {
	s := scoped(order(), nil)
	for range 3 {
		if _, err := Must[Value](`map(record.data.items, map(record.data.items, .missing.x))`).Eval(s); err == nil {
			t.Fatal("no error")
		}
		if got, err := Must[Value](`sum(record.data.items, .n)`).EvalString(s); got != "5" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestUnsetExpressions(t *testing.T) {
	s := scoped(order(), nil)
	if !(Condition{}).IsZero() || !(Value{}).IsZero() || !(Template{}).IsZero() || !(ResponseValue{}).IsZero() || !(ResponseCondition{}).IsZero() {
		t.Error("the zero value is set")
	}
	if _, err := (Condition{}).Test(s); err == nil {
		t.Error("an unset condition gave an answer")
	}
	if _, err := (Value{}).EvalString(s); err == nil {
		t.Error("an unset value gave an answer")
	}
	var c Condition
	if c.UnmarshalText([]byte("1 +")) == nil || !c.IsZero() {
		t.Error("a mistake left something set")
	}
}

func TestKindsAndSourceTexts(t *testing.T) {
	type compiled interface {
		FieldKind() string
		MarshalText() ([]byte, error)
		String() string
	}
	for want, c := range map[string]compiled{
		"condition": Must[Condition]("true"), "response condition": Must[ResponseCondition]("true"),
		"expression": Must[Value]("true"), "response expression": Must[ResponseValue]("true"), "template": Must[Template]("true"),
	} {
		text, err := c.MarshalText()
		if c.FieldKind() != want || string(text) != "true" || c.String() != "true" || err != nil {
			t.Errorf("%T: %q, %q, %q, %v", c, c.FieldKind(), text, c.String(), err)
		}
	}
}

func TestCompiledExpressionsServeManyGoroutines(t *testing.T) {
	condition := Must[Condition](`any(record.data.items, .n == record.data.want) && record.headers.tenant != ""`)
	template := Must[Template](`{{ record.id }}/{{ record.data.want + 1 }}`)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			s := NewScope()
			for i := range 200 {
				record := order()
				record.ID = connector.RecordID(fmt.Sprint(n, i))
				record.Data = fmt.Appendf(nil, `{"want":%d,"items":[{"n":%d}]}`, i, i)
				s.Reset(record, nil)
				if yes, err := condition.Test(s); !yes || err != nil {
					t.Errorf("got %v, %v", yes, err)
				}
				if got, err := template.Render(s); got != fmt.Sprintf("%s/%d", record.ID, i+1) || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestHostileInputsAreErrors(t *testing.T) {
	for _, piece := range []string{"(", "[", "{", "!", "-", "not ", "a.", "a?.", "a[", "1+", "1..", "a ? ", "let a = ", "any(", "`a", "\x00", "\xff", "#", "/*", "if a {"} {
		source := strings.Repeat(piece, maxText/len(piece))
		if _, err := Parse[Condition](source); err == nil {
			t.Errorf("%q over and over was compiled", piece)
		} else {
			within(t, source, err)
		}
		if _, err := Parse[Template](opening + source[:maxText-4] + closing); err == nil {
			t.Errorf("%q over and over was compiled in a template", piece)
		}
	}
	for _, data := range []string{strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<18), "\xff", `{"a":1e999}x`, "\x00"} {
		if _, err := Must[Value](`record.data`).Eval(scoped(&connector.Record{Data: []byte(data)}, nil)); err == nil {
			t.Errorf("%.20q was parsed", data)
		}
	}
	deep := strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)
	if got, err := Must[Value](`record.data`).EvalString(scoped(&connector.Record{Data: []byte(deep)}, nil)); got != deep || err != nil {
		t.Errorf("deep data: %v", err)
	}
}
