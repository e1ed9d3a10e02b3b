package steps

import (
	"errors"
	"fmt"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// Map replaces the data by what Value gives: a text or bytes as they are; anything else as one line of JSON with
// sorted keys, and then the header content-type becomes application/json. What gives nil fails the record.
type Map struct{ Value expression.Value }

var _ Step = Map{}

var errNothing = errors.New("the expression gave nil, which is no data")

// Run makes the record with the new data.
func (m Map) Run(scope *expression.Scope, record *connector.Record) (*connector.Record, error) {
	value, err := m.Value.Eval(scope)
	if err != nil {
		return nil, err
	}
	mapped := record.Clone()
	switch v := value.(type) {
	case nil:
		return nil, errNothing
	case string:
		mapped.Data = []byte(v)
	case []byte:
		mapped.Data = v
	default:
		if mapped.Data, err = expression.AppendJSON(nil, v); err != nil {
			return nil, fmt.Errorf("encode the result: %w", err)
		}
		mapped.Headers.Set("content-type", "application/json")
	}
	return mapped, nil
}

// String returns "map" and the expression.
func (m Map) String() string { return "map " + m.Value.String() }
