package expression

import (
	"maps"
	"slices"
	"time"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/types"
)

// reader is what a field compiles to: the one kind of function that expr calls without reflection.
type reader = func(...any) any

// kind tells what an expression is for.
type kind struct {
	response  bool // it sees a response
	condition bool // it must give a bool
}

// fields lists what an expression sees: by the object's name, its fields and their types.
func (k kind) fields() map[string]types.Map {
	headers := types.TypeOf(map[string]string{})
	seen := map[string]types.Map{"record": {
		"id": types.String, "key": types.String, "headers": headers, "data": types.Any,
		"text": types.String, "size": types.Int, "time": types.TypeOf(time.Time{}),
	}}
	if k.response {
		seen["response"] = types.Map{
			"status": types.Int, "headers": headers, "body": types.String, "json": types.Any,
		}
	}
	return seen
}

// written is the environment that an expression is checked against as it was written.
func (k kind) written() types.Map {
	env := types.Map{}
	for name, fields := range k.fields() {
		env[name] = fields
	}
	return env
}

// rewritten is the environment after every field has become the call of a reader. Nobody can write the names of
// readers in an expression: each has a dot or parentheses in it.
func (k kind) rewritten() types.Map {
	env := k.written()
	call := types.TypeOf(reader(nil))
	for object, fields := range k.fields() {
		for field := range fields {
			env[object+"."+field] = call
		}
		env[object+headerCall] = call
	}
	for _, name := range []string{stepCall, nestCall, chargeCall, addCall} {
		env[name] = call
	}
	return env
}

// The readers that are not fields: one header, and what keeps the budget.
const (
	headerCall = ".headers()"
	stepCall   = "step()"   // before each pass through a loop
	nestCall   = "nest()"   // the same, where the pass contains a loop
	chargeCall = "charge()" // around what makes a text or a list
	addCall    = "add()"    // for + where it may join texts
)

// names returns what can stand alone at the beginning of an expression.
func (k kind) names() []string {
	names := slices.Collect(maps.Keys(k.fields()))
	return slices.Sorted(slices.Values(append(append(names, builtin.Names...), "hash")))
}
