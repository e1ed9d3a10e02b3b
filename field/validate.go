package field

import (
	"fmt"
	"reflect"
)

// Validate checks every field of the struct that config points to against its limits, nested structs included, and calls
// their Validate methods. The error names the first key that is wrong. It serves those who configure in Go; for
// YAML the decoder checks each key in its place.
func Validate(config any) error {
	return validate("", Describe(config), reflect.ValueOf(config).Elem())
}

func validate(path string, fields []Field, value reflect.Value) error {
	for _, f := range fields {
		key := path + f.Key
		inner := value.FieldByIndex(f.Index)
		if inner.Kind() == reflect.Pointer {
			if inner.IsNil() {
				continue
			}
			inner = inner.Elem()
		}
		if err := Check(f, inner); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if f.Kind == "object" && inner.Kind() == reflect.Struct {
			if err := validate(key+".", f.Fields, inner); err != nil {
				return err
			}
		}
	}
	if v, ok := value.Addr().Interface().(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("%s%w", path, err)
		}
	}
	return nil
}
