package field

// Field describes one key of a configuration struct.
type Field struct {
	Key        string
	Kind       string // string, bool, int, float, duration, bytes, secret, object, list, map, or a type's own FieldKind
	Doc        string
	Default    string
	HasDefault bool
	Example    string
	Required   bool
	Enum       []string
	Min, Max   string
	Fields     []Field // of a struct, whatever its Kind; nil of anything else
	Element    *Field  // of a list or a map; its Key is empty
	Index      []int   // for reflect.Value.FieldByIndex
}

// IsScalar reports whether the field is written as one scalar, so that Parse reads it.
func (f *Field) IsScalar() bool {
	return f.Fields == nil && f.Element == nil
}

// The kinds that are not scalars.
const (
	kindObject = "object"
	kindList   = "list"
	kindMap    = "map"
)
