package steps

import (
	"errors"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// Config is one entry of a pipeline's list of steps: exactly one of its keys is set.
type Config struct {
	Filter expression.Condition `config:"filter" doc:"Condition; records for which it is false end here with the outcome filtered." example:"record.data.total > 0"`
	Map    expression.Value     `config:"map" doc:"Expression whose result becomes the data: a text as it is, anything else as JSON." example:"{\"id\": record.data.id}"`
	Set    *Set                 `config:"set" doc:"Changes the id, the key and headers."`
}

// Validate checks that exactly one step is given. The error is a *connector.ConfigError.
func (c *Config) Validate() error {
	given := 0
	for _, set := range []bool{!c.Filter.IsZero(), !c.Map.IsZero(), c.Set != nil} {
		if set {
			given++
		}
	}
	const cure = "give each entry of the list exactly one of filter, map, set"
	switch {
	case given == 0:
		return &connector.ConfigError{Text: "the step is empty", Cure: cure}
	case given > 1:
		return &connector.ConfigError{Text: "there is more than one step in the entry", Cure: cure}
	case c.Set != nil:
		return nested("set", c.Set.Validate())
	}
	return nil
}

// nested puts key in front of the key that an error of its value names.
func nested(key string, err error) error {
	mistake, ok := errors.AsType[*connector.ConfigError](err)
	if !ok {
		return err
	}
	if mistake.Key != "" {
		key += "." + mistake.Key
	}
	return &connector.ConfigError{Key: key, Text: mistake.Text, Cure: mistake.Cure}
}

// Step returns the step of a valid Config, and nil for the zero Config.
func (c *Config) Step() Step {
	switch {
	case !c.Filter.IsZero():
		return Filter{Condition: c.Filter}
	case !c.Map.IsZero():
		return Map{Value: c.Map}
	case c.Set != nil:
		return c.Set
	}
	return nil
}

// NewChain makes the chain of a list of valid entries.
func NewChain(configs []Config) Chain {
	var chain Chain
	for i := range configs {
		if step := configs[i].Step(); step != nil {
			chain = append(chain, step)
		}
	}
	return chain
}
