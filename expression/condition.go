package expression

import "fmt"

// Condition is a bool over the record: record.data.total > 0. The zero Condition is not set.
type Condition struct{ program *program }

// UnmarshalText compiles the condition. The error is an *Error.
func (c *Condition) UnmarshalText(text []byte) error {
	return compileInto(&c.program, text, kind{condition: true})
}

// MarshalText returns the source text.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// FieldKind names the type for documentation.
func (Condition) FieldKind() string { return "condition" }

// IsZero reports whether no condition was set.
func (c Condition) IsZero() bool { return c.program == nil }

// String returns the source text.
func (c Condition) String() string { return c.program.source() }

// Test evaluates the condition. The error is an *Error; what is neither true nor false is one.
func (c Condition) Test(s *Scope) (bool, error) { return c.program.test(s) }

// ResponseCondition is a bool over record and response: response.status < 300 && response.json.code == 0.
type ResponseCondition struct{ program *program }

// UnmarshalText compiles the condition. The error is an *Error.
func (c *ResponseCondition) UnmarshalText(text []byte) error {
	return compileInto(&c.program, text, kind{condition: true, response: true})
}

// MarshalText returns the source text.
func (c ResponseCondition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// FieldKind names the type for documentation.
func (ResponseCondition) FieldKind() string { return "response condition" }

// IsZero reports whether no condition was set.
func (c ResponseCondition) IsZero() bool { return c.program == nil }

// String returns the source text.
func (c ResponseCondition) String() string { return c.program.source() }

// Test evaluates the condition. The error is an *Error; what is neither true nor false is one.
func (c ResponseCondition) Test(s *Scope) (bool, error) { return c.program.test(s) }

// compileInto compiles text into target, which stays as it was when there is a mistake.
func compileInto(target **program, text []byte, k kind) error {
	p, mistake := compile(string(text), k)
	if mistake != nil {
		return mistake
	}
	*target = p
	return nil
}

func (p *program) source() string {
	if p == nil {
		return ""
	}
	return p.text
}

// eval evaluates the program, which may be nil where none was set.
func (p *program) eval(s *Scope) (any, error) {
	if p == nil {
		return nil, &Error{Detail: "no expression is set"}
	}
	value, mistake := s.run(p)
	if mistake != nil {
		return nil, mistake
	}
	return value, nil
}

func (p *program) test(s *Scope) (bool, error) {
	value, err := p.eval(s)
	if err != nil {
		return false, err
	}
	yes, ok := value.(bool)
	if !ok {
		return false, &Error{Text: p.text, Detail: fmt.Sprintf("a condition must be true or false, this gave %s", describe(value))}
	}
	return yes, nil
}
