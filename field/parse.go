package field

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Parse reads the text of a scalar into target, which must be settable and of a scalar type of the
// package. The error says what was found and gives an example of what would be right; for a
// TextUnmarshaler it is the type's own.
func Parse(text string, target reflect.Value) error {
	if target.Type() == durationType {
		return parseDuration(text, target)
	}
	if unmarshaler, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return unmarshaler.UnmarshalText([]byte(text))
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
		return nil
	case reflect.Bool:
		return parseBool(text, target)
	case reflect.Int, reflect.Int64:
		return parseInt(text, target)
	case reflect.Float64:
		return parseFloat(text, target)
	}
	return fmt.Errorf("field: %s is not a scalar", target.Type())
}

func parseDuration(text string, target reflect.Value) error {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 500ms, 10s or 5m", text)
	}
	if d < 0 {
		return fmt.Errorf("%q is negative; a duration is 0s or more", text)
	}
	target.SetInt(int64(d))
	return nil
}

func parseBool(text string, target reflect.Value) error {
	switch text {
	case "true", "false":
		target.SetBool(text == "true")
		return nil
	}
	return fmt.Errorf("%q is not true or false", text)
}

func parseInt(text string, target reflect.Value) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || target.OverflowInt(n) {
		return fmt.Errorf("%q is not a whole number such as 10", text)
	}
	target.SetInt(n)
	return nil
}

func parseFloat(text string, target reflect.Value) error {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Errorf("%q is not a number such as 0.5", text)
	}
	target.SetFloat(f)
	return nil
}
