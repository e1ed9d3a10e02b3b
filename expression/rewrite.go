package expression

import (
	"reflect"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker/nature"
)

// call makes the call of a reader that returns what has the given nature.
func call(name string, result nature.Nature, arguments ...ast.Node) *ast.CallNode {
	callee := &ast.IdentifierNode{Value: name}
	callee.SetType(reflect.TypeFor[reader]())
	node := &ast.CallNode{Callee: callee, Arguments: arguments}
	node.SetNature(result)
	return node
}

// fieldPatch turns record.id into the call of a reader, so that a field costs nothing until it is asked for, and
// record.headers.name into the look-up of one header.
type fieldPatch struct{ kind kind }

// Visit is called for a node after its children.
func (p *fieldPatch) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	switch base := member.Node.(type) {
	case *ast.IdentifierNode:
		fields, isObject := p.kind.fields()[base.Value]
		if property, ok := member.Property.(*ast.StringNode); isObject && ok {
			ast.Patch(node, call(base.Value+"."+property.Value, fields[property.Value].Nature()))
		}
	case *ast.CallNode:
		if callee, ok := base.Callee.(*ast.IdentifierNode); ok {
			switch callee.Value {
			case "record.headers":
				ast.Patch(node, call("record"+headerCall, nature.FromType(reflect.TypeFor[string]()), member.Property))
			case "response.headers":
				ast.Patch(node, call("response"+headerCall, nature.FromType(reflect.TypeFor[string]()), member.Property))
			}
		}
	}
}

// budgetPatch makes an expression count what it does: passes through loops, and the size of the texts and lists
// that it makes where expr's own memory budget does not look.
type budgetPatch struct{}

// Visit is called for a node after its children.
func (budgetPatch) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		name := stepCall
		if ast.Find(n.Node, isLoop) != nil {
			name = nestCall
		}
		body := &ast.SequenceNode{Nodes: []ast.Node{call(name, nature.Nature{}), n.Node}}
		body.SetNature(*n.Node.Nature())
		ast.Patch(&n.Node, body)
	case *ast.BinaryNode:
		if n.Operator == "+" && mayBeText(n.Left) && mayBeText(n.Right) {
			ast.Patch(node, call(addCall, *n.Nature(), n.Left, n.Right))
		}
	case *ast.BuiltinNode:
		if makes(n.Name) {
			ast.Patch(node, call(chargeCall, *n.Nature(), n))
		}
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && makes(callee.Value) {
			ast.Patch(node, call(chargeCall, *n.Nature(), n))
		}
	}
}

func isLoop(node ast.Node) bool {
	n, ok := node.(*ast.BuiltinNode)
	if !ok {
		return false
	}
	id, known := builtin.Index[n.Name]
	return known && builtin.Builtins[id].Predicate
}

// mayBeText reports whether node can be a text; what is not known can.
func mayBeText(node ast.Node) bool {
	kind := node.Type().Kind()
	return kind == reflect.String || kind == reflect.Interface
}

// makes reports whether the function makes a text or list that may be large.
func makes(function string) bool {
	switch function {
	case "upper", "lower", "string", "toJSON", "fromJSON", "toBase64", "fromBase64", "join", "replace", "repeat",
		"split", "splitAfter", "keys", "values", "toPairs", "fromPairs", "reverse", "uniq", "concat", "flatten":
		return true
	}
	return false
}
