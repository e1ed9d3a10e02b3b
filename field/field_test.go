package field_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/field"
)

type colour struct{ name string }

func (c *colour) UnmarshalText(text []byte) error {
	if strings.Contains(string(text), " ") {
		return errors.New("a colour is one word")
	}
	c.name = string(text)
	return nil
}

func (colour) FieldKind() string { return "colour" }

type mode string

type limits struct {
	Retries int           `config:"retries" default:"3" min:"0" max:"9" doc:"How often."`
	Wait    time.Duration `config:"wait" default:"2s" min:"1s"`
}

type shared struct {
	Name string `config:"name,required" doc:"A name." example:"crm"`
}

type everything struct {
	shared
	Limits   limits            `config:"limits"`
	Optional *limits           `config:"optional"`
	Size     field.Bytes       `config:"size" default:"64KiB" max:"1MiB"`
	Token    field.Secret      `config:"token"`
	Mode     mode              `config:"mode" enum:"fast,safe" default:"safe"`
	Ratio    float64           `config:"ratio" default:"0.5"`
	On       bool              `config:"on" default:"true"`
	Paint    colour            `config:"paint" default:"blue"`
	Methods  []string          `config:"methods" default:"[POST, PUT]" enum:"GET,POST,PUT"`
	Codes    []int             `config:"codes" min:"100" max:"599"`
	Headers  map[string]colour `config:"headers"`
	Parts    []limits          `config:"parts"`
	Internal chan int
}

func byKey(t *testing.T, fields []field.Field, key string) field.Field {
	t.Helper()
	for _, f := range fields {
		if f.Key == key {
			return f
		}
	}
	t.Fatalf("no field %q", key)
	return field.Field{}
}

func TestDescribeListsTheKeysInTheOrderOfTheStruct(t *testing.T) {
	var got []string
	for _, f := range field.Describe(&everything{}) {
		kind := f.Kind
		if f.Element != nil {
			kind += " of " + f.Element.Kind
		}
		got = append(got, f.Key+" "+kind)
	}
	want := []string{
		"name string", "limits object", "optional object", "size bytes", "token secret", "mode string", "ratio float",
		"on bool", "paint colour", "methods list of string", "codes list of int", "headers map of colour", "parts list of object",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

type choice struct{}

func (choice) FieldKind() string { return "choice" }

func TestAStructMayNameItsKind(t *testing.T) {
	fields := field.Describe(struct {
		Out  *choice           `config:"out"`
		More map[string]choice `config:"more"`
	}{})
	if fields[0].Kind != "choice" || fields[0].IsScalar() || fields[1].Element.Kind != "choice" {
		t.Errorf("got %+v", fields)
	}
}

func TestDescribeReadsTheTags(t *testing.T) {
	fields := field.Describe(everything{})
	if f := byKey(t, fields, "name"); !f.Required || f.Doc != "A name." || f.Example != "crm" || f.HasDefault {
		t.Errorf("name: %+v", f)
	}
	retries := byKey(t, byKey(t, fields, "limits").Fields, "retries")
	if retries.Default != "3" || !retries.HasDefault || retries.Min != "0" || retries.Max != "9" {
		t.Errorf("retries: %+v", retries)
	}
	methods := byKey(t, fields, "methods")
	if methods.Enum != nil || len(methods.Element.Enum) != 3 {
		t.Errorf("an enum on a list is that of its elements: %+v", methods)
	}
}

func TestIndexLeadsToTheFieldAlsoWhenItIsEmbedded(t *testing.T) {
	config := everything{shared: shared{Name: "crm"}, Size: 7}
	fields := field.Describe(config)
	value := reflect.ValueOf(config)
	if got := value.FieldByIndex(byKey(t, fields, "name").Index).String(); got != "crm" {
		t.Errorf("name: %q", got)
	}
	if got := value.FieldByIndex(byKey(t, fields, "size").Index).Int(); got != 7 {
		t.Errorf("size: %d", got)
	}
}

func TestSetDefaultsFillsWhatIsZeroAndLeavesTheRest(t *testing.T) {
	config := everything{Ratio: 0.25, Limits: limits{Retries: 1}}
	field.SetDefaults(&config)
	want := everything{
		Limits: limits{Retries: 1, Wait: 2 * time.Second}, Size: 64 << 10, Mode: "safe", Ratio: 0.25, On: true,
		Paint: colour{"blue"}, Methods: []string{"POST", "PUT"},
	}
	if !reflect.DeepEqual(config, want) {
		t.Errorf("got  %+v\nwant %+v", config, want)
	}
}

func TestSetDefaultsFillsAPointerOnlyWhenItIsSet(t *testing.T) {
	if field.Defaults[everything]().Optional != nil {
		t.Error("a nil pointer was filled")
	}
	config := everything{Optional: &limits{}}
	field.SetDefaults(&config)
	if *config.Optional != (limits{3, 2 * time.Second}) {
		t.Errorf("got %+v", *config.Optional)
	}
}

func TestDefaultsShareNothing(t *testing.T) {
	a, b := field.Defaults[everything](), field.Defaults[everything]()
	a.Methods[0] = "GET"
	if b.Methods[0] != "POST" {
		t.Error("two defaults share a slice")
	}
}

func TestDescribePanicsOnAMistakeInTheProgram(t *testing.T) {
	type recursive struct {
		Next []struct {
			Self *everything `config:"self"`
		} `config:"next"`
	}
	field.Describe(recursive{}) // no mistake
	tests := map[string]any{
		"not a configuration struct": 5,
		"malformed tag": struct {
			A int `config:"Bad-Key"`
		}{},
		"malformed tag config:\"a,om": struct {
			A int `config:"a,omitempty"`
		}{},
		"cannot hold chan": struct {
			A chan int `config:"a"`
		}{},
		"cannot hold *int": struct {
			A *int `config:"a"`
		}{},
		"the key \"a\" twice": struct {
			A, B int `config:"a"`
		}{},
		"exclude each other": struct {
			A int `config:"a,required" default:"1"`
		}{},
		"default: \"x\" is not a": struct {
			A int `config:"a" default:"x"`
		}{},
		"less than the minimum": struct {
			A int `config:"a" default:"1" min:"2"`
		}{},
		"not one of": struct {
			A string `config:"a" default:"z" enum:"x,y"`
		}{},
		"limit: \"1\" is not a dur": struct {
			A time.Duration `config:"a" min:"1"`
		}{},
		"min and max are for": struct {
			A string `config:"a" min:"1"`
		}{},
		"not exported": struct {
			a int `config:"a"`
		}{},
		"not a list of scalars": struct {
			A []string `config:"a" default:"x"`
		}{},
		"default of kind object": struct {
			A limits `config:"a" default:"x"`
		}{},
		"enum of kind object": struct {
			A limits `config:"a" enum:"x"`
		}{},
		"contains itself": node{},
		"cannot be inline": struct {
			A int `config:",inline"`
		}{},
	}
	for want, config := range tests {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panic %q does not say %q", got, want)
				}
			}()
			field.Describe(config)
		})
	}
}

type node struct {
	Children []node `config:"children"`
}

func TestParseReadsEveryScalar(t *testing.T) {
	tests := []struct {
		text   string
		target any
		want   any
	}{
		{"text", new(string), "text"}, {"fast", new(mode), mode("fast")}, {"true", new(bool), true}, {"-7", new(int), -7},
		{"9000000000", new(int64), int64(9e9)}, {"0.25", new(float64), 0.25}, {"1m30s", new(time.Duration), 90 * time.Second},
		{"2KiB", new(field.Bytes), field.Bytes(2048)}, {"hush", new(field.Secret), field.Secret("hush")}, {"red", new(colour), colour{"red"}},
	}
	for _, test := range tests {
		target := reflect.ValueOf(test.target).Elem()
		if err := field.Parse(test.text, target); err != nil || target.Interface() != test.want {
			t.Errorf("%s: got %v, %v", test.text, target, err)
		}
	}
}

func TestParseSaysWhatIsWrongAndWhatWouldBeRight(t *testing.T) {
	tests := []struct {
		text   string
		target any
		want   string
	}{
		{"yes", new(bool), `"yes" is not true or false`},
		{"ten", new(int), `"ten" is not a whole number such as 10`},
		{"1.5", new(int), `"1.5" is not a whole number such as 10`},
		{"NaN", new(float64), `"NaN" is not a number such as 0.5`},
		{"5", new(time.Duration), `"5" is not a duration such as 500ms, 10s or 5m`},
		{"-5s", new(time.Duration), `"-5s" is negative; a duration is 0s or more`},
		{"12XB", new(field.Bytes), `"12XB" is not a size such as 512, 64KiB or 1MiB`},
		{"two words", new(colour), "a colour is one word"},
	}
	for _, test := range tests {
		err := field.Parse(test.text, reflect.ValueOf(test.target).Elem())
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.text, err, test.want)
		}
	}
}

func TestCheckHoldsAValueAgainstItsField(t *testing.T) {
	tests := []struct {
		field field.Field
		value any
		want  string
	}{
		{field.Field{Kind: "int", Min: "1", Max: "3"}, 1, ""},
		{field.Field{Kind: "int", Min: "1", Max: "3"}, 3, ""},
		{field.Field{Kind: "int", Min: "1"}, 0, "0 is less than the minimum of 1"},
		{field.Field{Kind: "float", Max: "1"}, 1.5, "1.5 is more than the maximum of 1"},
		{field.Field{Kind: "duration", Min: "1s"}, time.Millisecond, "1ms is less than the minimum of 1s"},
		{field.Field{Kind: "bytes", Max: "1MiB"}, field.Bytes(2 << 20), "2MiB is more than the maximum of 1MiB"},
		{field.Field{Kind: "string", Enum: []string{"a", "b"}}, "c", `"c" is not one of a, b`},
		{field.Field{Kind: "secret", Enum: []string{"a"}}, field.Secret("hush"), `"[redacted]" is not one of a`},
		{field.Field{Kind: "object"}, struct{}{}, ""},
	}
	for _, test := range tests {
		err := field.Check(test.field, reflect.ValueOf(test.value))
		if got := fmt.Sprint(err); got != test.want && (err != nil || test.want != "") {
			t.Errorf("%v: got %q, want %q", test.value, got, test.want)
		}
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	secret := field.Secret("hush")
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", secret, "in", struct{ S field.Secret }{secret})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, secret)
		fmt.Fprintf(&out, verb, struct{ S field.Secret }{secret})
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"a": secret, "b": []field.Secret{secret}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hush") {
		t.Errorf("the secret shows:\n%s", out.String())
	}
	if secret.Reveal() != "hush" {
		t.Error("Reveal does not return the secret")
	}
}
