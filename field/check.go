package field

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Check holds a scalar value against the enum and the limits of its field. It takes the value that Parse
// has filled. The error says what was found and what is allowed. Values of other kinds pass.
func Check(f Field, value reflect.Value) error {
	if !f.IsScalar() {
		return nil
	}
	if text := written(value); f.Enum != nil && !slices.Contains(f.Enum, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(f.Enum, ", "))
	}
	if f.Min != "" && less(value, limit(f.Min, value)) {
		return fmt.Errorf("%s is less than the minimum of %s", written(value), f.Min)
	}
	if f.Max != "" && less(limit(f.Max, value), value) {
		return fmt.Errorf("%s is more than the maximum of %s", written(value), f.Max)
	}
	return nil
}

// limit reads a limit in the notation of value's type. Describe has seen to it that it can be read.
func limit(text string, value reflect.Value) reflect.Value {
	parsed := reflect.New(value.Type()).Elem()
	if err := Parse(text, parsed); err != nil {
		panic(fmt.Sprintf("field: limit %q: %v", text, err))
	}
	return parsed
}

func less(a, b reflect.Value) bool {
	switch {
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanFloat():
		return a.Float() < b.Float()
	}
	return false
}

// written is the value as it is shown to people. A Secret stays hidden.
func written(value reflect.Value) string {
	if value.Kind() == reflect.String && value.Type() != reflect.TypeFor[Secret]() {
		return value.String()
	}
	return fmt.Sprint(value.Interface())
}
