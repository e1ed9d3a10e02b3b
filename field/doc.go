// Package field describes configuration: Go structs whose tags are the keys, the defaults, the
// limits and the documentation at once. From them come the decoder's checks, the JSON Schema, the
// reference documentation, and Defaults for those who configure in Go.
//
// The tags of a field:
//
//	config:"key"            the key; "key,required"; ",inline" merges a struct's keys
//	doc:"text"              one or two sentences
//	default:"text"          used when the key is absent; text as it would stand in YAML
//	example:"text"          for the documentation
//	enum:"a,b,c"            the values allowed
//	min:"n" max:"n"         limits, inclusive, in the field's own notation (1s, 64KiB, 0.5)
//
// A field without a config tag is not configuration, except that an embedded struct is merged with or
// without one. The types that a field may have: string, bool, int, int64, float64, time.Duration, Bytes,
// Secret, a struct, a pointer to a struct (absent: nil), a slice or a map[string] of these, and any type
// whose pointer is an encoding.TextUnmarshaler (such as the expressions); a type may name itself for
// documentation by a method FieldKind() string. On a slice or a map, enum, min and max are those of its
// elements. A pointer to a struct may have a method Validate() error, called after decoding; a
// *connector.ConfigError names the key.
package field
