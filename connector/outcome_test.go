package connector_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// filled returns a value of type T in which nothing is zero, so that a field without its place in the JSON form shows.
func filled(t *testing.T, of reflect.Type, depth int) reflect.Value {
	t.Helper()
	v := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)))
	case of == reflect.TypeFor[connector.State](), of == reflect.TypeFor[connector.Class]():
		v.SetUint(2)
	case of.Kind() == reflect.Struct:
		for i := range of.NumField() {
			v.Field(i).Set(filled(t, of.Field(i).Type, depth))
		}
	case of.Kind() == reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(filled(t, of.Elem(), depth))
	case of.Kind() == reflect.Slice:
		if of.Elem() == reflect.TypeFor[connector.Outcome]() {
			if depth--; depth < 0 {
				return v
			}
		}
		v.Set(reflect.Append(v, filled(t, of.Elem(), depth), filled(t, of.Elem(), depth)))
	case of.Kind() == reflect.String:
		v.SetString("<ü\x00>")
	case of.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(7)
	case v.CanUint():
		v.SetUint(7)
	default:
		t.Fatalf("a field of type %s: teach the test about it", of)
	}
	return v
}

func TestOutcomeSurvivesJSONFieldByField(t *testing.T) {
	outcome := filled(t, reflect.TypeFor[connector.Outcome](), 2).Interface().(connector.Outcome)
	for _, want := range []connector.Outcome{{}, outcome} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got connector.Outcome
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nbecomes %+v, %v", text, got, err)
		}
	}
}

func TestEveryStateAndClassIsReadAsItIsWritten(t *testing.T) {
	for _, want := range []connector.State{connector.Delivered, connector.Failed, connector.Filtered, connector.Accepted} {
		text, _ := want.MarshalText()
		var got connector.State
		if err := got.UnmarshalText(text); err != nil || got != want || strings.Contains(string(text), "(") {
			t.Errorf("%q becomes %v, %v", text, got, err)
		}
	}
	for _, want := range connector.Classes() {
		text, _ := want.MarshalText()
		var got connector.Class
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%q becomes %v, %v", text, got, err)
		}
	}
}

func TestUnknownStateIsRefused(t *testing.T) {
	for _, text := range []string{"", "Delivered", "State(0)", "lost"} {
		state := connector.Failed
		if err := state.UnmarshalText([]byte(text)); err == nil || state != connector.Failed {
			t.Errorf("%q: got %v, %v", text, state, err)
		}
	}
	if got := connector.State(99).String(); got != "State(99)" {
		t.Errorf("got %s", got)
	}
}
