package expression

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var seeds = []string{
	`record.data.total > 0`, `record.headers.tenant == "a"`, `any(record.data.items, .n > #index)`, `"a" + record.key`,
	`let x = record.data; x?.a.b ?? {"a": [1, 2.5, nil]}`, `record.text matches "^{"`, `1..10 | map(# * 2) | sum()`, `$env`,
	`record`, `(((`, `"\xff`, `{{ record.id }}`, `{{ "{{" }}`, `a {{ {"a": {"b": 1}} }} b`, `{{`, `}}`, "{{ `", `sort(record.data.items)`,
	`reduce(record.data.items, #acc + .n)`, `toJSON(groupBy(record.data.items, .sku))`, `record.time.Add(duration("1s"))`,
}

// FuzzCondition holds that compiling and testing never panic, and that a mistake lies within the text.
func FuzzCondition(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, `{"items":[{"n":1,"sku":"a"}],"total":3}`)
	}
	f.Fuzz(func(t *testing.T, source, data string) {
		condition, err := Parse[Condition](source)
		if err != nil {
			within(t, source, err)
			return
		}
		record := order()
		record.Data = []byte(data)
		if _, err := condition.Test(scoped(record, nil)); err != nil {
			within(t, source, err)
		}
	})
}

// FuzzTemplate holds the same for templates, and that one without an expression gives its own text.
func FuzzTemplate(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		template, err := Parse[Template](source)
		if err != nil {
			within(t, source, err)
			return
		}
		got, err := template.Render(scoped(order(), nil))
		if err != nil {
			within(t, source, err)
		} else if text, constant := template.Constant(); constant && (got != source || text != source) {
			t.Errorf("%q gave %q", source, got)
		}
	})
}

func within(t *testing.T, source string, err error) {
	t.Helper()
	mistake, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%q: %T is not an *Error", source, err)
	}
	if mistake.Offset < 0 || mistake.Offset > len(source) || mistake.Detail == "" || mistake.Text != source {
		t.Errorf("%q: %#v", source, mistake)
	}
}

func TestLiteralTextAroundExpressionsIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literal := rapid.StringOf(rapid.RuneFrom([]rune("ab }ü\"'`\n"))) // anything but {
		parts := rapid.SliceOfN(literal, 1, 6).Draw(t, "parts")
		template, err := Parse[Template](strings.Join(parts, `{{ record.id }}`))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := template.Render(scoped(order(), nil)); got != strings.Join(parts, "r-1") || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestJSONIsReadAndWrittenAsByTheStandardLibrary compares what a record holds, through record.data and back, with
// what encoding/json makes of it.
func TestJSONIsReadAndWrittenAsByTheStandardLibrary(t *testing.T) {
	var value *rapid.Generator[any]
	value = rapid.Deferred(func() *rapid.Generator[any] {
		return rapid.OneOf(
			rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(),
			rapid.SliceOfN(value, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), value, 0, 3).AsAny(),
		)
	})
	rapid.Check(t, func(t *rapid.T) {
		want, err := json.Marshal(value.Draw(t, "value"))
		if err != nil {
			t.Skip()
		}
		record := order()
		record.Data = want
		got, err := Must[Value](`record.data`).Eval(scoped(record, nil))
		if err != nil {
			t.Fatal(err)
		}
		written, err := AppendJSON(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(want, &a) != nil || json.Unmarshal(written, &b) != nil || !reflect.DeepEqual(a, b) || !utf8.Valid(written) {
			t.Errorf("%s became %s", want, written)
		}
	})
}
