package steps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// Set changes the record's id, key and headers. All expressions see the record as it came into the step.
type Set struct {
	ID      expression.Value               `config:"id" doc:"Expression for the record's id, which must not be empty. It is the idempotency key of every attempt." example:"record.data.id"`
	Key     expression.Value               `config:"key" doc:"Expression for the record's key, by which records are ordered. An empty result clears it." example:"record.headers.tenant"`
	Headers map[string]expression.Template `config:"headers" doc:"Headers to set, each in place of all of that name." example:"{x-tenant: '{{ record.data.tenant }}'}"`
}

var _ Step = (*Set)(nil)

// The header that repeats the id where a record carries a CloudEvent.
const cloudEventID = "ce-id"

// Validate checks the names of the headers. The error is a *connector.ConfigError.
func (s *Set) Validate() error {
	if s.ID.IsZero() && s.Key.IsZero() && len(s.Headers) == 0 {
		return &connector.ConfigError{Text: "the step sets nothing", Cure: "give it an id, a key or headers"}
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		lower := strings.ToLower(name)
		if !isToken(name) {
			return &connector.ConfigError{
				Key: "headers." + name, Text: fmt.Sprintf("%q is not the name of a header", name),
				Cure: "use letters, digits and any of !#$%&'*+-.^_`|~",
			}
		}
		if other, twice := seen[lower]; twice {
			return &connector.ConfigError{
				Key: "headers." + name, Text: fmt.Sprintf("the header is set twice: %q and %q are one name", other, name),
				Cure: "keep one of them",
			}
		}
		seen[lower] = name
	}
	return nil
}

// Run makes the changed record.
func (s *Set) Run(scope *expression.Scope, record *connector.Record) (*connector.Record, error) {
	changed := record.Clone()
	if !s.Key.IsZero() {
		key, err := s.Key.EvalString(scope)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		changed.Key = key
	}
	if err := s.setID(scope, changed); err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		value, err := s.Headers[name].Render(scope)
		if err == nil {
			err = checkLine(value)
		}
		if err != nil {
			return nil, fmt.Errorf("headers.%s: %w", name, err)
		}
		changed.Headers.Set(name, value)
	}
	return changed, nil
}

func (s *Set) setID(scope *expression.Scope, changed *connector.Record) error {
	if s.ID.IsZero() {
		return nil
	}
	id, err := s.ID.EvalString(scope)
	switch {
	case err != nil:
		return err
	case id == "":
		return errors.New("it is empty")
	}
	if err := checkLine(id); err != nil {
		return err
	}
	changed.ID = connector.RecordID(id)
	if changed.Headers.Has(cloudEventID) {
		changed.Headers.Set(cloudEventID, id)
	}
	return nil
}

// String names what is set: "set id, headers.x-tenant".
func (s *Set) String() string {
	var set []string
	if !s.ID.IsZero() {
		set = append(set, "id")
	}
	if !s.Key.IsZero() {
		set = append(set, "key")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		set = append(set, "headers."+name)
	}
	return "set " + strings.Join(set, ", ")
}

// checkLine refuses what would break out of a header (RFC 9110, section 5.5).
func checkLine(value string) error {
	if i := strings.IndexAny(value, "\r\n\x00"); i >= 0 {
		return fmt.Errorf("the value has %s in it, which no header can carry", strconv.QuoteRune(rune(value[i])))
	}
	return nil
}

// isToken reports whether name is a token (RFC 9110, section 5.6.2), as the names of headers are.
func isToken(name string) bool {
	for _, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}
