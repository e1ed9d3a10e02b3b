package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// object is a JSON object; its keys are written sorted.
type object = map[string]any

// What a scalar looks like in a file beside its own JSON type. A reference may stand for anything.
const (
	referencePattern = `\$\{`
	intPattern       = `^[+-]?[0-9]+$|` + referencePattern
	floatPattern     = `^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|` + referencePattern
	boolPattern      = `^(true|false)$|` + referencePattern
	durationPattern  = `^\+?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h))+)$|` + referencePattern
	bytesPattern     = `^ *([0-9]+\.?[0-9]*|\.[0-9]+) *(KiB|MiB|GiB|KB|MB|GB|B)? *$|` + referencePattern
)

// Schema returns the JSON Schema (draft 2020-12) of a configuration file, for editors and other tools. It is
// made from the fields that Load checks against, and the same registry always gives the same bytes.
// It knows the form, not the meaning: whether an expression compiles only Load can tell.
func Schema(registry *connector.Registry) ([]byte, error) {
	definitions := object{
		sourceKind: oneConnector(registry, asSource),
		sinkKind:   guardedConnector(registry),
	}
	for _, definition := range registry.All() {
		for _, s := range []side{asSource, asSink} {
			if config := s.config(definition); config != nil {
				definitions[s.word+"."+definition.Name] = structSchema(field.Describe(config))
			}
		}
	}
	root := structSchema(field.Describe(document{}))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "acktor configuration"
	root["$defs"] = definitions
	named(root, "pipelines")
	named(root["properties"].(object)["pipelines"].(object)["additionalProperties"].(object), "sinks")

	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// named adds the rule for names to a property whose keys are names.
func named(parent object, key string) {
	property := parent["properties"].(object)[key].(object)
	property["propertyNames"] = object{"pattern": nameRule.String()}
}

// oneConnector is a mapping with exactly one connector.
func oneConnector(registry *connector.Registry, s side) object {
	return object{
		"type": "object", "properties": connectorProperties(registry, s), "additionalProperties": false,
		"minProperties": 1, "maxProperties": 1,
	}
}

// guardedConnector is a mapping with exactly one connector and the options of a sink.
func guardedConnector(registry *connector.Registry) object {
	schema := structSchema(field.Describe(sinkForm{}))
	schema["type"] = "object"
	properties := schema["properties"].(object)
	var one []object
	for name, property := range connectorProperties(registry, asSink) {
		properties[name] = property
		one = append(one, object{"required": []string{name}})
	}
	slices.SortFunc(one, func(a, b object) int { return slices.Compare(a["required"].([]string), b["required"].([]string)) })
	if len(one) > 0 {
		schema["oneOf"] = one
	}
	return schema
}

func connectorProperties(registry *connector.Registry, s side) object {
	properties := object{}
	for _, definition := range registry.All() {
		if s.config(definition) != nil {
			properties[definition.Name] = object{"$ref": "#/$defs/" + s.word + "." + definition.Name, "description": definition.Summary}
		}
	}
	return properties
}

// structSchema describes a mapping with known keys. Null stands for a mapping with nothing in it.
func structSchema(fields []field.Field) object {
	properties, required := object{}, []string{}
	for i := range fields {
		properties[fields[i].Key] = fieldSchema(&fields[i])
		if fields[i].Required {
			required = append(required, fields[i].Key)
		}
	}
	schema := object{"properties": properties, "additionalProperties": false, "type": []string{"object", "null"}}
	if len(required) > 0 {
		schema["required"] = required
		schema["type"] = "object"
	}
	return schema
}

// fieldSchema describes the value of one key, with its documentation.
func fieldSchema(f *field.Field) object {
	schema := shapeSchema(f)
	if f.Doc != "" {
		schema["description"] = f.Doc
	}
	if f.HasDefault {
		schema["default"] = literal(f, f.Default)
	}
	if f.Example != "" && (f.IsScalar() || f.Element != nil && f.Element.IsScalar() && f.Kind == "list") {
		schema["examples"] = []any{literal(f, f.Example)}
	}
	return schema
}

func shapeSchema(f *field.Field) object {
	switch {
	case f.Kind == sourceKind || f.Kind == sinkKind:
		return object{"$ref": "#/$defs/" + f.Kind}
	case f.Fields != nil:
		return structSchema(f.Fields)
	case f.Kind == "list":
		return object{"type": []string{"array", "null"}, "items": fieldSchema(f.Element)}
	case f.Kind == "map":
		return object{"type": []string{"object", "null"}, "additionalProperties": fieldSchema(f.Element)}
	case f.Enum != nil:
		return object{"anyOf": []object{{"enum": f.Enum}, {"type": "string", "pattern": referencePattern}}}
	}
	return scalarSchema(f)
}

func scalarSchema(f *field.Field) object {
	either := func(own object, pattern string) object {
		return object{"anyOf": []object{own, {"type": "string", "pattern": pattern}}}
	}
	switch f.Kind {
	case "bool":
		return either(object{"type": "boolean"}, boolPattern)
	case "int":
		return either(bounded(object{"type": "integer"}, f), intPattern)
	case "float":
		return either(bounded(object{"type": "number"}, f), floatPattern)
	case "duration":
		return either(object{"const": 0}, durationPattern)
	case "bytes":
		return either(object{"type": "integer", "minimum": 0}, bytesPattern)
	}
	schema := object{"type": []string{"string", "number", "boolean"}}
	if f.Kind == "secret" {
		schema["writeOnly"] = true
	}
	return schema
}

func bounded(schema object, f *field.Field) object {
	if f.Min != "" {
		schema["minimum"] = json.Number(f.Min)
	}
	if f.Max != "" {
		schema["maximum"] = json.Number(f.Max)
	}
	return schema
}

// literal turns the text of a default or an example into the JSON value that it is in YAML.
func literal(f *field.Field, text string) any {
	switch f.Kind {
	case "bool":
		return text == "true"
	case "int", "float":
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return json.Number(text)
		}
	case "list":
		elements := []any{}
		for part := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
			if part = strings.Trim(part, ` "'`); part != "" {
				elements = append(elements, literal(f.Element, part))
			}
		}
		return elements
	}
	return text
}
