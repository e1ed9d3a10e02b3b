package expression

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// The limits of a source text.
const (
	maxText  = 64 << 10 // bytes
	maxNodes = 10_000
)

// program is a compiled expression. It is immutable.
type program struct {
	text string
	code *vm.Program
}

// compile checks text as it was written, so that what is reported is what the author wrote, and then compiles it
// rewritten.
func compile(text string, k kind) (p *program, mistake *Error) {
	defer func() {
		if r := recover(); r != nil {
			p, mistake = nil, locate(text, fmt.Errorf("%v", r))
		}
	}()
	switch {
	case strings.TrimSpace(text) == "":
		return nil, &Error{Text: text, Detail: "the expression is empty"}
	case len(text) > maxText:
		return nil, &Error{Text: text, Offset: maxText, Detail: tooLong(text)}
	}
	if mistake := k.check(text); mistake != nil {
		return nil, mistake
	}
	options := append(functions(), expr.Env(k.rewritten()), expr.MaxNodes(maxNodes), expr.Patch(&fieldPatch{kind: k}),
		expr.Patch(budgetPatch{}))
	code, err := expr.Compile(text, options...)
	if err != nil {
		return nil, locate(text, err)
	}
	return &program{text: text, code: code}, nil
}

func tooLong(text string) string {
	return fmt.Sprintf("the text is %d bytes long; at most %d are allowed", len(text), maxText)
}

// check finds the mistakes of the author.
func (k kind) check(text string) *Error {
	names := &nameCheck{kind: k, bare: map[ast.Node]string{}}
	options := append(functions(), expr.Env(k.written()), expr.MaxNodes(maxNodes), expr.Optimize(false), expr.Patch(names))
	code, err := expr.Compile(text, options...)
	if mistake := names.mistake(text); mistake != nil {
		return mistake
	}
	if err != nil {
		return k.advise(locate(text, err))
	}
	if result := code.Node().Type(); k.condition && result.Kind() != reflect.Bool && result.Kind() != reflect.Interface {
		return &Error{Text: text, Detail: fmt.Sprintf("a condition must be true or false, this is %s; compare it with something",
			goTypes.Replace(result.String()))}
	}
	return nil
}

// advise says what would be right where a name is unknown.
func (k kind) advise(e *Error) *Error {
	name, ok := strings.CutPrefix(e.Detail, "unknown name ")
	switch {
	case !ok:
	case name == "response":
		e.Detail = "there is no response here: the expression is evaluated before the record is sent; only record can be used"
	default:
		e.Detail = fmt.Sprintf("unknown name %q%s", name, suggest(name, k.names()))
	}
	return e
}

// nameCheck is a visitor that changes nothing. It refuses what the rewriting could not follow, and fields that
// do not exist.
type nameCheck struct {
	kind  kind
	bare  map[ast.Node]string // record and response, as long as no field of them was seen
	at    file.Location
	wrong string
}

// Visit is called for a node after its children.
func (c *nameCheck) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			c.refuse(n, "$env cannot be used; name record.data or another field")
		} else if _, ok := c.kind.fields()[n.Value]; ok {
			c.bare[n] = n.Value
		}
	case *ast.MemberNode:
		c.member(n)
	}
}

func (c *nameCheck) member(n *ast.MemberNode) {
	property, ok := n.Property.(*ast.StringNode)
	if !ok {
		return
	}
	if object, ok := c.bare[n.Node]; ok {
		delete(c.bare, n.Node)
		fields := c.kind.fields()[object]
		if _, ok := fields[property.Value]; !ok {
			candidates := slices.Sorted(maps.Keys(fields))
			advice := suggest(property.Value, candidates)
			if advice == "" {
				advice = "; there are " + strings.Join(candidates, ", ")
			}
			c.refuse(property, fmt.Sprintf("%s has no field %q%s", object, property.Value, advice))
		}
		return
	}
	if lower := strings.ToLower(property.Value); isHeaders(n.Node) && lower != property.Value {
		c.refuse(property, fmt.Sprintf("header names are in lower case: write %q", lower))
	}
}

// isHeaders reports whether node is record.headers or response.headers, as written.
func isHeaders(node ast.Node) bool {
	member, ok := node.(*ast.MemberNode)
	if !ok {
		return false
	}
	object, isName := member.Node.(*ast.IdentifierNode)
	field, isField := member.Property.(*ast.StringNode)
	return isName && isField && (object.Value == "record" || object.Value == "response") && field.Value == "headers"
}

// refuse keeps the first mistake.
func (c *nameCheck) refuse(node ast.Node, wrong string) {
	if c.wrong == "" || node.Location().From < c.at.From {
		c.at, c.wrong = node.Location(), wrong
	}
}

func (c *nameCheck) mistake(text string) *Error {
	for node, object := range c.bare {
		c.refuse(node, fmt.Sprintf("%s alone is not a value; name one of its fields, such as %s.headers", object, object))
	}
	if c.wrong == "" {
		return nil
	}
	return &Error{Text: text, Offset: byteOffset(text, c.at.From), Detail: c.wrong}
}
