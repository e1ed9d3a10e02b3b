package field

import (
	"fmt"
	"reflect"
	"strings"
)

// Defaults returns a C with its defaults, to be changed by those who configure in Go.
func Defaults[C any]() C {
	var config C
	SetDefaults(&config)
	return config
}

// SetDefaults fills every field of the struct that config points to that is zero and has a default,
// nested structs included, nil pointers left nil. It looks into no list and no map. Call it before the
// fields are set on purpose: it cannot tell a zero that was meant from one that was left.
func SetDefaults(config any) {
	setDefaults(Describe(config), reflect.ValueOf(config).Elem())
}

func setDefaults(fields []Field, structure reflect.Value) {
	for i := range fields {
		f, target := &fields[i], structure.FieldByIndex(fields[i].Index)
		if f.Fields != nil {
			if target.Kind() == reflect.Pointer {
				target = target.Elem()
			}
			if target.IsValid() {
				setDefaults(f.Fields, target)
			}
			continue
		}
		if f.HasDefault && target.IsZero() {
			if err := parseDefault(f, target); err != nil {
				panic(fmt.Sprintf("field: default of %s: %v", f.Key, err)) // Describe has parsed it before
			}
		}
	}
}

// parseDefault reads f.Default into target: a scalar, or a flow list of scalars such as [POST, PUT].
func parseDefault(f *Field, target reflect.Value) error {
	if f.Kind != kindList {
		return parseElement(f, f.Default, target)
	}
	inner, ok := strings.CutPrefix(f.Default, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed || !f.Element.IsScalar() {
		return fmt.Errorf("%q is not a list of scalars such as [a, b]", f.Default)
	}
	list := reflect.MakeSlice(target.Type(), 0, 0)
	for text := range strings.SplitSeq(inner, ",") {
		if strings.TrimSpace(inner) == "" {
			break
		}
		element := reflect.New(target.Type().Elem()).Elem()
		if err := parseElement(f.Element, strings.Trim(text, ` "'`), element); err != nil {
			return err
		}
		list = reflect.Append(list, element)
	}
	target.Set(list)
	return nil
}

func parseElement(f *Field, text string, target reflect.Value) error {
	if err := Parse(text, target); err != nil {
		return err
	}
	return Check(*f, target)
}
