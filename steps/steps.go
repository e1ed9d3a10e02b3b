// Package steps changes, drops and fails records between a source and its sinks.
package steps

import (
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// Step does one thing with a record. Run is called by one goroutine at a time per Scope, and by many scopes at
// the same time: a step keeps no state. It returns the record itself or a changed clone, never changes its
// argument; nil means that the step drops the record on purpose (filtered). The scope shows record already.
type Step interface {
	Run(scope *expression.Scope, record *connector.Record) (*connector.Record, error)
	// String describes the step for outcomes and logs: "filter record.data.total > 0".
	String() string
}

// Chain is a pipeline's steps in their order. The zero Chain passes everything.
type Chain []Step

// Result is what a Chain made of a record: exactly one field is set.
type Result struct {
	Record  *connector.Record  // goes on
	Outcome *connector.Outcome // ends here: filtered, or failed with class invalid or panic
}

// Run sends record through the chain. It leaves scope showing the record that goes on. A panic in a step fails the record.
func (c Chain) Run(scope *expression.Scope, record *connector.Record) Result {
	panic("steps: not built")
}
