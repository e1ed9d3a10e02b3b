package config

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// wants reports a node of another kind than the field's.
func (d *decoder) wants(n *node, kind nodeKind, path, noun, example string) bool {
	if n.kind == kind || n.kind == nullNode && kind == mappingNode {
		return true
	}
	n.broken = true
	d.errorf(n.place, path, "", "wants %s such as %s, found %s", noun, example, n.describe())
	return false
}

func (d *decoder) wantsScalar(n *node, f *field.Field, path string) bool {
	if n.kind == scalarNode {
		return true
	}
	cure := ""
	if n.kind == mappingNode && strings.ContainsAny(n.place.file.line(n.place.line), "{") && !isNumber(f.Kind) {
		cure = "put an expression or a template that begins with { in quotes"
	}
	d.errorf(n.place, path, cure, "wants %s, found %s", noun(f), n.describe())
	return false
}

// misread reports a text that is not what the field takes. Where a part of it came from elsewhere, the parser's
// own word could show that part.
func (d *decoder) misread(n *node, f *field.Field, path string, err error) {
	n.broken = true
	at := n.place
	mistake, ok := errors.AsType[*expression.Error](err)
	if ok {
		at = n.at(mistake.Offset)
	}
	if n.filled() {
		d.errorf(at, path, "", "%s does not stand for %s", strconv.Quote(n.raw), noun(f))
		return
	}
	if ok {
		d.errorf(at, path, "", "%s", mistake.Detail)
		return
	}
	cure := ""
	if f.Enum != nil {
		cure = suggest(n.text, f.Enum)
	}
	d.errorf(at, path, cure, "%v", err)
}

// outside reports a value beyond the field's limits or not in its enum.
func (d *decoder) outside(n *node, f *field.Field, path string, err error) {
	n.broken = true
	switch {
	case f.Enum != nil && n.filled():
		d.errorf(n.place, path, "", "%s does not stand for one of %s", strconv.Quote(n.raw), strings.Join(f.Enum, ", "))
	case f.Enum != nil:
		cure := suggest(n.text, f.Enum)
		if strings.HasPrefix(cure, "known") { // the error lists them
			cure = ""
		}
		d.errorf(n.place, path, cure, "%v", err)
	case n.filled():
		d.errorf(n.place, path, limits(f), "%s stands for a value out of bounds", strconv.Quote(n.raw))
	default:
		d.errorf(n.place, path, "", "%v", err)
	}
}

// complaint reports what a struct or a connector has to say about its configuration, each at the key it names.
func (d *decoder) complaint(err error, n *node, path string) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			d.complaint(one, n, path)
		}
		return
	}
	mistake, ok := errors.AsType[*connector.ConfigError](err)
	if !ok {
		d.errorf(n.owner, path, "", "%s", d.secrets.hide(err.Error()))
		return
	}
	if mistake.Key != "" {
		path = join(path, mistake.Key)
	}
	d.errorf(n.find(mistake.Key), path, d.secrets.hide(mistake.Cure), "%s", d.secrets.hide(mistake.Text))
}

// noun says in words what a field takes.
func noun(f *field.Field) string {
	if len(f.Enum) > 0 {
		return "one of " + strings.Join(f.Enum, ", ")
	}
	switch f.Kind {
	case "bool":
		return "true or false"
	case "string", "secret":
		return "a text" + such(f)
	case "float":
		return "a number" + such(f)
	case "int":
		return "a whole number" + such(f)
	case "bytes":
		return "a size" + such(f)
	}
	if strings.ContainsAny(f.Kind[:1], "aeiou") {
		return "an " + f.Kind + such(f)
	}
	return "a " + f.Kind + such(f)
}

// such gives an example: the field's own, its default, or one that serves its kind.
func such(f *field.Field) string {
	fallback := map[string]string{"float": "0.5", "int": "10", "bytes": "1MiB", "duration": "10s"}[f.Kind]
	if text := cmp.Or(f.Example, f.Default, fallback); text != "" {
		return " such as " + text
	}
	return ""
}

func limits(f *field.Field) string {
	switch {
	case f.Min != "" && f.Max != "":
		return fmt.Sprintf("allowed: %s to %s", f.Min, f.Max)
	case f.Min != "":
		return "the minimum is " + f.Min
	}
	return "the maximum is " + f.Max
}

// example suggests how a missing key could look.
func example(f *field.Field) string {
	if text := cmp.Or(f.Example, f.Default); text != "" && f.IsScalar() {
		return fmt.Sprintf("for example %s: %s", f.Key, text)
	}
	return ""
}

// keyExample writes one key of a struct as a flow mapping.
func keyExample(fields []field.Field) string {
	for i := range fields {
		if text := cmp.Or(fields[i].Default, fields[i].Example); text != "" {
			return fmt.Sprintf("{%s: %s}", fields[i].Key, text)
		}
	}
	return "{key: value}"
}

func keys(fields []field.Field) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Key
	}
	return names
}

func hasKey(fields []field.Field, key string) bool {
	for i := range fields {
		if fields[i].Key == key {
			return true
		}
	}
	return false
}

func isNumber(kind string) bool {
	switch kind {
	case "bool", "int", "float", "duration", "bytes":
		return true
	}
	return false
}
