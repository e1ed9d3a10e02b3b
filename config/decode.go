package config

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// decoder holds nodes against fields and fills the structs.
type decoder struct {
	*report
	registry *connector.Registry
	readFile func(string) ([]byte, error)
	sequence int // counts forms, so that a map of them can be put back in file order
	skipped  int // values left out because they were reported when they were read
}

// mistakes counts what is missing from the structs so far: while it stays the same, what was decoded is whole.
func (d *decoder) mistakes() int { return d.errors + d.skipped }

// form is a struct that decodes itself, because its keys depend on the connectors.
type form interface {
	decode(d *decoder, n *node, path string)
}

// value decodes n, which is not null, into target.
func (d *decoder) value(n *node, f *field.Field, target reflect.Value, path string) {
	if n.broken {
		d.skipped++
		return
	}
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	if own, ok := target.Addr().Interface().(form); ok {
		own.decode(d, n, path)
		return
	}
	switch {
	case f.Fields != nil:
		d.structure(n, f.Fields, target, path)
	case f.Element == nil:
		d.scalar(n, f, target, path)
	case target.Kind() == reflect.Slice:
		d.list(n, f, target, path)
	default:
		d.table(n, f, target, path)
	}
}

// structure decodes a mapping into a struct, defaults first, and lets the struct validate itself if all is well.
func (d *decoder) structure(n *node, fields []field.Field, target reflect.Value, path string) {
	config := target.Addr().Interface()
	field.SetDefaults(config)
	if !d.wants(n, mappingNode, path, "keys and values", keyExample(fields)) {
		return
	}
	before := d.mistakes()
	for _, e := range n.entries {
		if !hasKey(fields, e.key) {
			d.unknown(e, keys(fields), path)
		}
	}
	for i := range fields {
		f, at := &fields[i], join(path, fields[i].Key)
		switch value, ok := n.value(f.Key); {
		case ok:
			d.value(value, f, target.FieldByIndex(f.Index), at)
		case f.Required:
			d.errorf(n.owner, at, example(f), "the key %q is missing", f.Key)
		}
	}
	if validator, ok := config.(interface{ Validate() error }); ok && d.mistakes() == before {
		d.complaint(validator.Validate(), n, path)
	}
}

// unknown reports a key that no field has.
func (d *decoder) unknown(e entry, known []string, path string) {
	message := fmt.Sprintf("unknown key %q", e.key)
	if path != "" {
		message += " in " + path
	}
	d.add(Error, e.at, join(path, e.key), message, suggest(e.key, known))
}

func (d *decoder) list(n *node, f *field.Field, target reflect.Value, path string) {
	if !d.wants(n, sequenceNode, path, "a list", cmp.Or(f.Example, "[a, b]")) {
		return
	}
	list := reflect.MakeSlice(target.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		at := index(path, i)
		if item.kind == nullNode && !item.broken {
			d.errorf(item.place, at, "remove it, or say what it is", "an element is empty")
			continue
		}
		d.value(item, f.Element, list.Index(i), at)
	}
	target.Set(list)
}

// table decodes a mapping with free keys. An entry that is null is absent, unless it is a struct, which may have nothing but defaults.
func (d *decoder) table(n *node, f *field.Field, target reflect.Value, path string) {
	if !d.wants(n, mappingNode, path, "names and values", cmp.Or(f.Example, "{name: ...}")) {
		return
	}
	target.Set(reflect.MakeMap(target.Type()))
	for _, e := range n.entries {
		switch {
		case e.value.broken:
			d.skipped++
			continue
		case e.value.kind == nullNode && f.Element.Fields == nil:
			continue
		}
		element := reflect.New(target.Type().Elem()).Elem()
		d.value(e.value, f.Element, element, join(path, e.key))
		target.SetMapIndex(reflect.ValueOf(e.key).Convert(target.Type().Key()), element)
	}
}

// scalar decodes, checks, and remembers what must not be logged.
func (d *decoder) scalar(n *node, f *field.Field, target reflect.Value, path string) {
	if !d.wantsScalar(n, f, path) {
		return
	}
	text := n.text
	if target.Type() == reflect.TypeFor[field.Secret]() {
		text = d.secret(n, path)
	}
	if text == "" && f.Required {
		d.errorf(n.place, path, example(f), "%s is empty", cmp.Or(n.raw, `""`))
		return
	}
	if err := field.Parse(text, target); err != nil {
		d.misread(n, f, path, err)
		return
	}
	if err := field.Check(*f, target); err != nil {
		d.outside(n, f, path, err)
		return
	}
	if f.Enum == nil && isText(target) {
		d.secrets.keep(n.values()...)
	}
}

// isText reports whether target holds free text, rather than a number or a switch whose values are no secret.
func isText(target reflect.Value) bool {
	return target.Kind() == reflect.String || target.Kind() == reflect.Struct
}

// secret returns a secret's text: the text itself, or the content of the file that it names.
func (d *decoder) secret(n *node, path string) string {
	text := n.text
	if name, ok := strings.CutPrefix(text, "file:"); ok {
		content, err := d.readFile(name)
		if err != nil {
			d.errorf(n.place, path, "", "the secret's file cannot be read: %s", d.secrets.hide(err.Error()))
			n.broken = true
			return text
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	}
	d.secrets.learn(text)
	d.secrets.keep(text)
	return text
}
