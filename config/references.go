package config

import (
	"fmt"
	"regexp"
	"strings"
)

var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// fill replaces the references in a scalar: ${NAME}, ${NAME:-default} when NAME is unset or empty, and $${
// for a literal ${.
func (r *reader) fill(n *node, path string) {
	n.text = n.raw
	if !strings.Contains(n.raw, "${") {
		return
	}
	var b strings.Builder
	put := func(text string, raw int, from origin) {
		n.pieces = append(n.pieces, piece{b.Len(), b.Len() + len(text), raw, from})
		b.WriteString(text)
	}
	for done := 0; done < len(n.raw); {
		rest := n.raw[done:]
		switch start := strings.Index(rest, "${"); {
		case start < 0:
			put(rest, done, fromText)
			done = len(n.raw)
		case start > 0 && rest[start-1] == '$':
			put(rest[:start-1], done, fromText)
			put("${", done+start, fromText)
			done += start + len("${")
		default:
			put(rest[:start], done, fromText)
			found := r.resolve(n, done+start, path)
			put(found.text, done+start, found.from)
			done += start + found.length
		}
	}
	n.text = b.String()
}

// resolved is what a reference stands for.
type resolved struct {
	text   string
	length int // of the reference
	from   origin
}

// resolve looks up the reference at offset of the scalar.
func (r *reader) resolve(n *node, offset int, path string) resolved {
	match := reference.FindStringSubmatch(n.raw[offset:])
	if match == nil {
		n.broken = true
		r.errorf(n.rawAt(offset), path, "write $${ for a literal ${", "%q is not a reference such as ${NAME} or ${NAME:-default}",
			shorten(n.raw[offset:], 30))
		return resolved{length: len("${")}
	}
	name, hasDefault := match[1], match[2] != ""
	value, set := r.lookup(name)
	if hasDefault && value == "" {
		return resolved{match[3], len(match[0]), fromDefault}
	}
	if !set {
		n.broken = true
		at := n.rawAt(offset)
		at.width = len(match[0])
		r.errorf(at, path, fmt.Sprintf("set it, or give a default: ${%s:-...}", name), "the environment variable %s is not set", name)
	}
	r.secrets.learn(value)
	return resolved{value, len(match[0]), fromEnvironment}
}
