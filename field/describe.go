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
	Fields     []Field // of an object
	Element    *Field  // of a list or a map; its Key is empty
	Index      []int   // for reflect.Value.FieldByIndex
}

// Describe lists the fields of a configuration struct, given a pointer to it or the struct itself.
// It panics when the struct breaks the rules of the package: that is a mistake in the program.
func Describe(config any) []Field { panic("field: not built") }

// SetDefaults fills every field of the struct that config points to that is zero and has a default,
// nested structs included, nil pointers left nil.
func SetDefaults(config any) { panic("field: not built") }

// Defaults returns a C with its defaults, to be changed by those who configure in Go.
func Defaults[C any]() C {
	var config C
	SetDefaults(&config)
	return config
}
