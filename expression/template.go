package expression

import (
	"strings"
)

// Template is a text with expressions in it: "https://x/{{ record.headers.tenant }}". A literal {{ is written
// {{ "{{" }}. The zero Template is not set, as is one that was made of an empty text.
type Template struct {
	text  string
	parts []part // nil when there is no expression in it
}

// part is a piece of literal text and the expression that follows it.
type part struct {
	before  string
	program *program // nil in the last part, where the text does not end with an expression
	offset  int      // of the expression in the template
}

// UnmarshalText compiles the template. The error is an *Error.
func (t *Template) UnmarshalText(text []byte) error {
	compiled, mistake := compileTemplate(string(text))
	if mistake != nil {
		return mistake
	}
	*t = compiled
	return nil
}

// MarshalText returns the source text.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// FieldKind names the type for documentation.
func (Template) FieldKind() string { return "template" }

// IsZero reports whether no template was set.
func (t Template) IsZero() bool { return t.text == "" }

// String returns the source text.
func (t Template) String() string { return t.text }

// Constant returns the text when there is no expression in it.
func (t Template) Constant() (string, bool) { return t.text, t.parts == nil }

// Render fills in the template: texts, times and durations as they are, nil as "", other values as JSON. The
// error is an *Error.
func (t Template) Render(s *Scope) (string, error) { return t.RenderWith(s, nil) }

// RenderWith fills in the template, every value passed through escape first, which also sees what
// has been rendered before the value. A nil escape leaves values as they are.
func (t Template) RenderWith(s *Scope, escape func(before, value string) (string, error)) (string, error) {
	if t.parts == nil {
		return t.text, nil
	}
	var out strings.Builder
	out.Grow(len(t.text))
	for i := range t.parts {
		p := &t.parts[i]
		out.WriteString(p.before)
		if p.program == nil {
			break
		}
		value, mistake := p.render(s)
		if mistake != nil {
			return "", mistake.within(t.text, p.offset)
		}
		if escape != nil {
			escaped, err := escape(out.String(), value)
			if err != nil {
				return "", &Error{Text: t.text, Offset: p.offset, Detail: err.Error(), cause: err}
			}
			value = escaped
		}
		if out.Len()+len(value) > maxBytes {
			return "", &Error{Text: t.text, Offset: p.offset, Detail: ErrTooLarge.Error(), cause: ErrTooLarge}
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

func (p *part) render(s *Scope) (string, *Error) {
	value, mistake := s.run(p.program)
	if mistake != nil {
		return "", mistake
	}
	result, err := text(value)
	if err != nil {
		return "", &Error{Text: p.program.text, Detail: err.Error(), cause: err}
	}
	return result, nil
}

const (
	opening = "{{"
	closing = "}}"
)

func compileTemplate(text string) (Template, *Error) {
	if len(text) > maxText {
		return Template{}, &Error{Text: text, Offset: maxText, Detail: tooLong(text)}
	}
	t := Template{text: text}
	for rest := 0; rest < len(text); {
		start := strings.Index(text[rest:], opening)
		if start < 0 {
			if t.parts != nil {
				t.parts = append(t.parts, part{before: text[rest:]})
			}
			break
		}
		start += rest
		inside := start + len(opening)
		length := expressionLength(text[inside:])
		if length < 0 {
			return Template{}, &Error{Text: text, Offset: start, Detail: `{{ without }}; a literal {{ is written {{ "{{" }}`}
		}
		program, mistake := compile(text[inside:inside+length], kind{})
		if mistake != nil {
			return Template{}, mistake.within(text, inside)
		}
		t.parts = append(t.parts, part{before: text[rest:start], program: program, offset: inside})
		rest = inside + length + len(closing)
	}
	return t, nil
}

// expressionLength finds the }} that ends the expression at the start of text: the first that is neither within
// a quoted text nor closes an object. It returns -1 when there is none.
func expressionLength(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'', '`':
			length := quotedLength(text[i:])
			if length < 0 {
				return -1
			}
			i += length - 1
		case '{':
			depth++
		case '}':
			if depth == 0 && strings.HasPrefix(text[i:], closing) {
				return i
			}
			depth = max(depth-1, 0)
		}
	}
	return -1
}

// quotedLength returns the length of the quoted text at the start of text, with its quotes, or -1 when it does not
// end. A backquoted text has no escapes.
func quotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[i] == '\\' && text[0] != '`':
			i++
		}
	}
	return -1
}
