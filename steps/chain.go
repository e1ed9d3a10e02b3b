package steps

import (
	"errors"
	"fmt"
	"runtime/debug"

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

// The bounds of what an outcome says, in bytes. A long step must not crowd out what went wrong in it.
const (
	maxName   = 160
	maxReason = 256
	maxDetail = 512
)

// Run sends record through the chain, and resets scope to it first. It leaves scope showing the record that goes
// on, without a response. A panic in a step fails the record. The outcome counts no attempt and names the step, with
// its place counted from 0: "steps[1] filter record.data.total > 0: ...".
func (c Chain) Run(scope *expression.Scope, record *connector.Record) Result {
	scope.Reset(record, nil)
	for i, step := range c {
		next, err := run(step, scope, record)
		switch {
		case err != nil:
			return Result{Outcome: failed(i, step, err)}
		case next == nil:
			return Result{Outcome: &connector.Outcome{
				State: connector.Filtered, Reason: connector.Bound(step.String(), maxReason),
			}}
		case next != record:
			record = next
			scope.Reset(record, nil)
		}
	}
	return Result{Record: record}
}

// run calls a step and turns a panic into a PanicError.
func run(step Step, scope *expression.Scope, record *connector.Record) (next *connector.Record, err error) {
	defer func() {
		if value := recover(); value != nil {
			next, err = nil, &connector.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return step.Run(scope, record)
}

func failed(index int, step Step, err error) *connector.Outcome {
	class := connector.Invalid
	if _, panicked := errors.AsType[*connector.PanicError](err); panicked {
		class = connector.Panicked
	}
	detail := fmt.Sprintf("steps[%d] %s: %s", index, connector.Bound(step.String(), maxName), err)
	return &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{
		Class: class, Retryable: class.Retryable(), Detail: connector.Bound(detail, maxDetail),
	}}
}

// Func makes a step of a function; name describes it in outcomes. The function is called by many goroutines at the
// same time. It returns the record or a changed clone, nil to drop the record, or an error to fail it; it must not
// change its argument.
func Func(name string, run func(record *connector.Record) (*connector.Record, error)) Step {
	return function{name: name, run: run}
}

type function struct {
	name string
	run  func(*connector.Record) (*connector.Record, error)
}

var _ Step = function{}

// Run calls the function.
func (f function) Run(_ *expression.Scope, record *connector.Record) (*connector.Record, error) {
	return f.run(record)
}

// String returns the name.
func (f function) String() string { return f.name }
