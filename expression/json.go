package expression

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// parse reads one JSON value. Integers of 64 bits become int, other numbers float64; a number that fits neither
// stays a json.Number.
func parse(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is nothing in it")
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the first value")
	}
	return numbers(value), nil
}

// numbers replaces every json.Number in value, in place.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key, element := range v {
			switch element.(type) {
			case json.Number:
				v[key] = numbers(element)
			case []any, map[string]any:
				numbers(element)
			}
		}
	}
	return value
}

func number(n json.Number) any {
	if !strings.ContainsAny(string(n), ".eE") {
		if i, err := strconv.Atoi(string(n)); err == nil {
			return i
		}
		return n
	}
	if f, err := strconv.ParseFloat(string(n), 64); err == nil {
		return f
	}
	return n
}

// AppendJSON appends value, the result of an expression, to dst as one line of JSON: keys sorted, without
// escapes for HTML, times in RFC 3339 and durations as text. It refuses what JSON cannot say and more than
// 64 MiB.
func AppendJSON(dst []byte, value any) ([]byte, error) {
	if len(dst) > maxBytes {
		return dst, ErrTooLarge
	}
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		return appendFloat(dst, v)
	case string:
		return appendText(dst, v), nil
	case json.Number:
		return append(dst, v...), nil
	case []byte:
		return appendText(dst, base64.StdEncoding.EncodeToString(v)), nil
	case time.Time:
		return appendText(dst, v.Format(time.RFC3339Nano)), nil
	case time.Duration:
		return appendText(dst, v.String()), nil
	case map[string]any:
		return appendObject(dst, v)
	case []any:
		return appendList(dst, len(v), func(i int) any { return v[i] })
	}
	return appendOther(dst, reflect.ValueOf(value))
}

// appendOther writes the less usual types that expr makes, such as []int, and map[any][]any from groupBy.
func appendOther(dst []byte, v reflect.Value) ([]byte, error) {
	switch {
	case v.CanInt():
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case v.CanUint():
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case v.CanFloat():
		return appendFloat(dst, v.Float())
	}
	switch v.Kind() {
	case reflect.String:
		return appendText(dst, v.String()), nil
	case reflect.Slice, reflect.Array:
		return appendList(dst, v.Len(), func(i int) any { return v.Index(i).Interface() })
	case reflect.Map:
		object := make(map[string]any, v.Len())
		for key, element := range v.Seq2() {
			name, err := text(key.Interface())
			if err != nil {
				return dst, err
			}
			object[name] = element.Interface()
		}
		return appendObject(dst, object)
	}
	return dst, fmt.Errorf("%s cannot be written as JSON", describe(v.Interface()))
}

func appendObject(dst []byte, object map[string]any) ([]byte, error) {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	var err error
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, key), ':')
		if dst, err = AppendJSON(dst, object[key]); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendList(dst []byte, length int, element func(int) any) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range length {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = AppendJSON(dst, element(i)); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// appendFloat writes a number as encoding/json does: the shortest text that reads back as the same number.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, fmt.Errorf("the number %v cannot be written", f)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64), nil
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	plain := 0 // where the text begins that is not yet written and needs no escape
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				dst = appendEscape(append(dst, s[plain:i]...), c)
				plain = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = utf8.AppendRune(append(dst, s[plain:i]...), r)
			plain = i + 1
		}
		i += size
	}
	return append(append(dst, s[plain:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// text writes a value the way a template does.
func text(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case time.Duration:
		return v.String(), nil
	}
	b, err := AppendJSON(nil, value)
	return string(b), err
}

// describe names the kind of a value for people.
func describe(value any) string {
	switch value.(type) {
	case nil:
		return "nil"
	case bool:
		return "a bool"
	case string:
		return "a text"
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.Map:
		return "an object"
	case v.Kind() == reflect.Slice:
		return "a list"
	case v.CanInt() || v.CanUint() || v.CanFloat():
		return "a number"
	case v.Kind() == reflect.Func:
		return "a function"
	}
	return fmt.Sprintf("a %T", value)
}
