package steps

import (
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// Filter passes the records for which Condition is true and drops the others.
type Filter struct{ Condition expression.Condition }

var _ Step = Filter{}

// Run tests the condition.
func (f Filter) Run(scope *expression.Scope, record *connector.Record) (*connector.Record, error) {
	pass, err := f.Condition.Test(scope)
	if err != nil || !pass {
		return nil, err
	}
	return record, nil
}

// String returns "filter" and the condition.
func (f Filter) String() string { return "filter " + f.Condition.String() }
