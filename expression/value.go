package expression

import "encoding"

// Value is any value over the record: record.key, {"id": record.data.id}. The zero Value is not set.
type Value struct{ program *program }

// UnmarshalText compiles the expression. The error is an *Error.
func (v *Value) UnmarshalText(text []byte) error { return compileInto(&v.program, text, kind{}) }

// MarshalText returns the source text.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// FieldKind names the type for documentation.
func (Value) FieldKind() string { return "expression" }

// IsZero reports whether no expression was set.
func (v Value) IsZero() bool { return v.program == nil }

// String returns the source text.
func (v Value) String() string { return v.program.source() }

// Eval evaluates the expression: nil, bool, int, float64, string, []any, map[string]any, or another type that
// AppendJSON writes. The result may be part of what the scope has parsed: it must not be changed. The error is an
// *Error.
func (v Value) Eval(s *Scope) (any, error) { return v.program.eval(s) }

// EvalString evaluates the expression and writes the result the way a template does: texts, times and durations
// as they are, nil as "", other values as JSON.
func (v Value) EvalString(s *Scope) (string, error) {
	value, err := v.Eval(s)
	if err != nil {
		return "", err
	}
	result, err := text(value)
	if err != nil {
		return "", &Error{Text: v.program.text, Detail: err.Error(), cause: err}
	}
	return result, nil
}

// ResponseValue is any value over record and response. The zero ResponseValue is not set.
type ResponseValue struct{ program *program }

// UnmarshalText compiles the expression. The error is an *Error.
func (v *ResponseValue) UnmarshalText(text []byte) error {
	return compileInto(&v.program, text, kind{response: true})
}

// MarshalText returns the source text.
func (v ResponseValue) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// FieldKind names the type for documentation.
func (ResponseValue) FieldKind() string { return "response expression" }

// IsZero reports whether no expression was set.
func (v ResponseValue) IsZero() bool { return v.program == nil }

// String returns the source text.
func (v ResponseValue) String() string { return v.program.source() }

// Eval evaluates the expression; see Value.Eval.
func (v ResponseValue) Eval(s *Scope) (any, error) { return v.program.eval(s) }

// Parse compiles text for those who configure in Go: Parse[Condition]("record.size > 0"). The error is an
// *Error.
func Parse[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) (T, error) {
	var compiled T
	err := P(&compiled).UnmarshalText([]byte(text))
	return compiled, err
}

// Must is Parse for a text that is part of the program: it panics where the text is wrong.
func Must[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) T {
	compiled, err := Parse[T, P](text)
	if err != nil {
		panic(err)
	}
	return compiled
}
