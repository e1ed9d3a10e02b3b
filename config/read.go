package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may be at most. The limits keep hostile input from exhausting memory and stack; no
// configuration written by people or generators comes near them.
const (
	maxFile    = 8 << 20 // bytes
	maxLine    = 64 << 10
	maxNesting = 500 // open brackets
)

// reader turns the parser's tree into nodes.
type reader struct {
	*report
	file    *file
	lookup  func(name string) (string, bool)
	anchors map[string]*node
}

// read parses a file. It returns nil when there is nothing in it to go on with.
func (r *reader) read() (root *node) {
	defer func() {
		if p := recover(); p != nil {
			r.errorf(r.file.at(1, 1, ""), "", "", "the YAML cannot be read: %v", p)
			root = nil
		}
	}()
	if text, line := r.file.excess(); text != "" {
		r.errorf(r.file.at(line, 1, ""), "", "", "%s", text)
		return nil
	}
	tree, err := parser.ParseBytes([]byte(r.file.text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, document := range tree.Docs {
		switch {
		case document.Body == nil || document.Body.Type() == ast.DirectiveType:
		case root != nil:
			r.errorf(r.convert(document.Body, "").place, "", "put it into a file of its own", "a second document")
		default:
			root = r.convert(document.Body, "")
		}
	}
	return root
}

// excess says which limit the file breaks, and in which line.
func (f *file) excess() (string, int) {
	if len(f.text) > maxFile {
		return fmt.Sprintf("the file has %d bytes; at most %d are read", len(f.text), maxFile), 1
	}
	nesting := 0
	for i, line := range f.lines {
		if len(line) > maxLine {
			return fmt.Sprintf("the line has %d bytes; at most %d are read", len(line), maxLine), i + 1
		}
		opened := strings.Count(line, "[") + strings.Count(line, "{")
		closed := strings.Count(line, "]") + strings.Count(line, "}")
		if nesting+opened > maxNesting && opened > closed {
			return fmt.Sprintf("more than %d open brackets", maxNesting), i + 1
		}
		nesting = max(0, nesting+opened-closed)
	}
	return "", 0
}

// syntax reports the parser's error and, for the mistakes made most often, what would be right.
func (r *reader) syntax(err error) {
	failure, ok := errors.AsType[yaml.Error](err)
	if !ok || failure.GetToken() == nil {
		r.errorf(r.file.at(1, 1, ""), "", "", "the YAML cannot be read: %v", err)
		return
	}
	at, cure := r.at(failure.GetToken()), ""
	line := r.file.line(at.line)
	switch message := failure.GetMessage(); {
	case strings.Contains(line, "{{"):
		cure = "put a template in quotes: '{{ ... }}'"
	case strings.Contains(line, "\t"):
		cure = "indent with spaces"
	case strings.Contains(message, "mapping value is not allowed"):
		cure = `put a text with ": " in it in quotes, and indent the keys of a mapping alike`
	case strings.Contains(message, "reserved character"):
		cure = "put the text in quotes"
	}
	r.errorf(at, "", cure, "not YAML: %s", failure.GetMessage())
}

// at is the place of a token.
func (r *reader) at(t *token.Token) place {
	if t == nil || t.Position == nil {
		return r.file.at(1, 1, "")
	}
	first, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	if t.Type == token.ImplicitNullType {
		first = ""
	}
	return r.file.at(t.Position.Line, t.Position.Column, strings.TrimRight(first, " \t"))
}

// convert makes a node of a value. It never returns nil.
func (r *reader) convert(value ast.Node, path string) *node {
	switch value := value.(type) {
	case nil:
		return &node{place: r.file.at(1, 1, "")}
	case *ast.NullNode:
		return r.leaf(nullNode, value.Token)
	case *ast.MappingNode:
		return r.mapping(value.Start, value.Values, path)
	case *ast.MappingValueNode:
		return r.mapping(value.Start, []*ast.MappingValueNode{value}, path)
	case *ast.SequenceNode:
		n := r.leaf(sequenceNode, value.Start)
		for i, item := range value.Values {
			n.items = append(n.items, r.convert(item, index(path, i)))
		}
		return n
	case *ast.AnchorNode:
		return r.anchor(value, path)
	case *ast.AliasNode:
		return r.alias(value, path)
	case *ast.TagNode:
		return r.tagged(value, path)
	case *ast.LiteralNode:
		return r.block(value, path)
	case ast.ScalarNode:
		return r.scalar(value, path)
	}
	n := r.leaf(nullNode, value.GetToken())
	r.errorf(n.place, path, "", "%s is not supported here", strings.ToLower(value.Type().YAMLName()))
	return n
}

func (r *reader) leaf(kind nodeKind, t *token.Token) *node {
	at := r.at(t)
	return &node{kind: kind, place: at, owner: at}
}

func (r *reader) scalar(value ast.ScalarNode, path string) *node {
	t := value.GetToken()
	n := r.leaf(scalarNode, t)
	n.raw = t.Value
	switch t.Type {
	case token.SingleQuoteType:
		n.style = singleStyle
	case token.DoubleQuoteType:
		n.style = doubleStyle
	}
	r.fill(n, path)
	return n
}

func (r *reader) block(value *ast.LiteralNode, path string) *node {
	n := r.leaf(scalarNode, value.Start)
	n.style = literalStyle
	if value.Start.Type == token.FoldedType {
		n.style = foldedStyle
	}
	if value.Value != nil {
		n.raw = value.Value.Value
	}
	r.fill(n, path)
	return n
}

func (r *reader) anchor(value *ast.AnchorNode, path string) *node {
	n := r.convert(value.Value, path)
	if value.Name != nil {
		r.anchors[value.Name.GetToken().Value] = n
	}
	return n
}

// alias returns what the anchor stands for, with the owner left for whoever uses it.
func (r *reader) alias(value *ast.AliasNode, path string) *node {
	name := ""
	if value.Value != nil {
		name = value.Value.GetToken().Value
	}
	if n, ok := r.anchors[name]; ok {
		return new(*n)
	}
	n := r.leaf(nullNode, value.Start)
	n.broken = true
	r.errorf(n.place, path, fmt.Sprintf("define it before with &%s", name), "the alias *%s stands for nothing", name)
	return n
}

// tagged accepts the tags of YAML's core schema, which say no more than the field does, and no others.
func (r *reader) tagged(value *ast.TagNode, path string) *node {
	n := r.convert(value.Value, path)
	switch tag := value.Start.Value; tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
	default:
		r.errorf(r.at(value.Start), path, "leave it out", "the tag %s is not supported", tag)
	}
	return n
}
