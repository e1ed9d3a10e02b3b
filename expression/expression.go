// Package expression compiles the conditions, values and templates of a configuration.
package expression

import "github.com/acktor/acktor/connector"

// Scope is what expressions are evaluated over: one record and, for those that ask for it, one
// response. It parses record.data at most once per Reset. A Scope serves one goroutine.
type Scope struct {
	record   *connector.Record
	response *connector.Response
}

// NewScope returns an empty scope, to be Reset before use.
func NewScope() *Scope { return &Scope{} }

// Reset makes the scope show record and response, which may be nil.
func (s *Scope) Reset(record *connector.Record, response *connector.Response) {
	s.record, s.response = record, response
}

// Condition is a bool over the record: record.data.total > 0. The zero Condition is not set.
type Condition struct{ text string }

// UnmarshalText compiles the condition. The error is an *Error.
func (c *Condition) UnmarshalText(text []byte) error { panic("expression: not built") }

// IsZero reports whether no condition was set.
func (c Condition) IsZero() bool { return c.text == "" }

// String returns the source text.
func (c Condition) String() string { return c.text }

// Test evaluates the condition.
func (c Condition) Test(s *Scope) (bool, error) { panic("expression: not built") }

// ResponseCondition is a bool over record and response: response.status < 300 && response.json.code == 0.
type ResponseCondition struct{ text string }

// UnmarshalText compiles the condition. The error is an *Error.
func (c *ResponseCondition) UnmarshalText(text []byte) error { panic("expression: not built") }

// IsZero reports whether no condition was set.
func (c ResponseCondition) IsZero() bool { return c.text == "" }

// String returns the source text.
func (c ResponseCondition) String() string { return c.text }

// Test evaluates the condition.
func (c ResponseCondition) Test(s *Scope) (bool, error) { panic("expression: not built") }

// Value is any value over the record: record.key, {"id": record.data.id}.
type Value struct{ text string }

// UnmarshalText compiles the expression. The error is an *Error.
func (v *Value) UnmarshalText(text []byte) error { panic("expression: not built") }

// IsZero reports whether no expression was set.
func (v Value) IsZero() bool { return v.text == "" }

// String returns the source text.
func (v Value) String() string { return v.text }

// Eval evaluates the expression.
func (v Value) Eval(s *Scope) (any, error) { panic("expression: not built") }

// EvalString evaluates the expression and writes the result the way a template does: strings as they are,
// nil as "", other values as JSON.
func (v Value) EvalString(s *Scope) (string, error) { panic("expression: not built") }

// ResponseValue is any value over record and response.
type ResponseValue struct{ text string }

// UnmarshalText compiles the expression. The error is an *Error.
func (v *ResponseValue) UnmarshalText(text []byte) error { panic("expression: not built") }

// IsZero reports whether no expression was set.
func (v ResponseValue) IsZero() bool { return v.text == "" }

// String returns the source text.
func (v ResponseValue) String() string { return v.text }

// Eval evaluates the expression.
func (v ResponseValue) Eval(s *Scope) (any, error) { panic("expression: not built") }

// Template is a text with expressions in it: "https://x/{{ record.headers.tenant }}". The zero Template is not set.
type Template struct{ text string }

// UnmarshalText compiles the template. The error is an *Error.
func (t *Template) UnmarshalText(text []byte) error { panic("expression: not built") }

// IsZero reports whether no template was set.
func (t Template) IsZero() bool { return t.text == "" }

// String returns the source text.
func (t Template) String() string { return t.text }

// Constant returns the text when there is no expression in it.
func (t Template) Constant() (string, bool) { panic("expression: not built") }

// Render fills in the template.
func (t Template) Render(s *Scope) (string, error) { panic("expression: not built") }

// RenderWith fills in the template, every value passed through escape first, which also sees what
// has been rendered before the value.
func (t Template) RenderWith(s *Scope, escape func(before, value string) (string, error)) (string, error) {
	panic("expression: not built")
}

// Error is a mistake in an expression or template.
type Error struct {
	Text   string // the whole source text
	Offset int    // in bytes into Text, where the mistake is
	Detail string // what is wrong and what would be right
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }
