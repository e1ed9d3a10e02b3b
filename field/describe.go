package field

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Describe lists the fields of a configuration struct, given a pointer to it or the struct itself.
// It panics when the struct breaks the rules of the package: that is a mistake in the program.
func Describe(config any) []Field {
	t := reflect.TypeOf(config)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("field: %T is not a configuration struct", config))
	}
	return describer{}.structure(t)
}

var (
	keyRule         = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
)

// describer holds the structs that are being described, outermost first: a struct within itself has
// no finite description.
type describer struct{ within []reflect.Type }

func (d describer) structure(t reflect.Type) []Field {
	if slices.Contains(d.within, t) {
		panic(fmt.Sprintf("field: %s contains itself", t))
	}
	d.within = append(slices.Clip(d.within), t)
	fields := []Field{}
	for i := range t.NumField() {
		fields = append(fields, d.member(t, t.Field(i))...)
	}
	for i := range fields {
		if slices.ContainsFunc(fields[:i], func(f Field) bool { return f.Key == fields[i].Key }) {
			panic(fmt.Sprintf("field: %s has the key %q twice", t, fields[i].Key))
		}
	}
	return fields
}

// member describes one struct field: none when it is not configuration, several when it is inline.
func (d describer) member(owner reflect.Type, sf reflect.StructField) []Field {
	tag, tagged := sf.Tag.Lookup("config")
	key, option, _ := strings.Cut(tag, ",")
	inline := option == "inline" || sf.Anonymous && !tagged && sf.Type.Kind() == reflect.Struct
	switch {
	case inline:
		return d.inline(owner, sf)
	case !tagged:
		return nil
	case !sf.IsExported():
		panic(fmt.Sprintf("field: %s.%s has a config tag and is not exported", owner, sf.Name))
	case !keyRule.MatchString(key), option != "" && option != "required":
		panic(fmt.Sprintf("field: %s.%s has the malformed tag config:%q", owner, sf.Name, tag))
	}
	f := d.shape(owner, sf, sf.Type)
	f.Key, f.Required, f.Index = key, option == "required", slices.Clone(sf.Index)
	f.Doc, f.Example = sf.Tag.Get("doc"), sf.Tag.Get("example")
	f.Default, f.HasDefault = sf.Tag.Lookup("default")
	f.restrict(sf.Tag)
	if err := f.verify(sf.Type); err != nil {
		panic(fmt.Sprintf("field: %s.%s: %v", owner, sf.Name, err))
	}
	return []Field{f}
}

func (d describer) inline(owner reflect.Type, sf reflect.StructField) []Field {
	if sf.Type.Kind() != reflect.Struct || !sf.Anonymous && !sf.IsExported() {
		panic(fmt.Sprintf("field: %s.%s cannot be inline: it is not an exported or embedded struct", owner, sf.Name))
	}
	fields := d.structure(sf.Type)
	for i := range fields {
		fields[i].Index = slices.Concat(sf.Index, fields[i].Index)
	}
	return fields
}

// shape describes a type: its kind and what is in it.
func (d describer) shape(owner reflect.Type, sf reflect.StructField, t reflect.Type) Field {
	if kind, ok := scalarKind(t); ok {
		return Field{Kind: kind}
	}
	switch {
	case t.Kind() == reflect.Struct:
		return Field{Kind: ownKind(t, kindObject), Fields: d.structure(t)}
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !isText(t.Elem()):
		return d.shape(owner, sf, t.Elem())
	case t.Kind() == reflect.Slice:
		return Field{Kind: kindList, Element: new(d.shape(owner, sf, t.Elem()))}
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && !isText(t.Key()):
		return Field{Kind: kindMap, Element: new(d.shape(owner, sf, t.Elem()))}
	}
	panic(fmt.Sprintf("field: %s.%s: a configuration cannot hold %s", owner, sf.Name, t))
}

func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// scalarKind names the kind of a type that is written as one scalar.
func scalarKind(t reflect.Type) (string, bool) {
	if t == durationType {
		return "duration", true
	}
	if isText(t) {
		return ownKind(t, "string"), true
	}
	switch t.Kind() {
	case reflect.String:
		return "string", true
	case reflect.Bool:
		return "bool", true
	case reflect.Int, reflect.Int64:
		return "int", true
	case reflect.Float64:
		return "float", true
	}
	return "", false
}

// ownKind is what the type calls itself, or otherwise.
func ownKind(t reflect.Type, otherwise string) string {
	if named, ok := reflect.New(t).Interface().(interface{ FieldKind() string }); ok {
		return named.FieldKind()
	}
	return otherwise
}

// restrict reads enum, min and max into the field, or into the innermost element of a list or a map.
func (f *Field) restrict(tag reflect.StructTag) {
	for f.Element != nil {
		f = f.Element
	}
	if enum, ok := tag.Lookup("enum"); ok {
		f.Enum = strings.Split(enum, ",")
	}
	f.Min, f.Max = tag.Get("min"), tag.Get("max")
}

// verify finds the mistakes in tags that would otherwise show when a user's file is read.
func (f *Field) verify(t reflect.Type) error {
	if f.Required && f.HasDefault {
		return fmt.Errorf("required and a default exclude each other")
	}
	if err := f.verifyLimits(t); err != nil {
		return err
	}
	if !f.HasDefault {
		return nil
	}
	if !f.IsScalar() && f.Kind != kindList {
		return fmt.Errorf("a default of kind %s: give its keys defaults", f.Kind)
	}
	if err := parseDefault(f, reflect.New(t).Elem()); err != nil {
		return fmt.Errorf("default: %w", err)
	}
	return nil
}

func (f *Field) verifyLimits(t reflect.Type) error {
	for f.Element != nil {
		f, t = f.Element, t.Elem()
	}
	if f.Enum != nil && !f.IsScalar() {
		return fmt.Errorf("an enum of kind %s", f.Kind)
	}
	for _, limit := range []string{f.Min, f.Max} {
		if limit == "" {
			continue
		}
		if !isNumber(t) {
			return fmt.Errorf("min and max are for numbers, durations and sizes")
		}
		if err := Parse(limit, reflect.New(t).Elem()); err != nil {
			return fmt.Errorf("limit: %w", err)
		}
	}
	return nil
}

func isNumber(t reflect.Type) bool {
	return t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Float64
}
