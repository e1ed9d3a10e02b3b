package expression

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr/vm"
	"github.com/expr-lang/expr/vm/runtime"

	"github.com/acktor/acktor/connector"
)

// The budget of one evaluation.
const (
	maxSteps    = 1_000_000 // passes through loops
	maxElements = 1_000_000 // of the lists that it makes
	maxBytes    = 64 << 20  // of the texts that it makes

	elementBytes = 16  // what an element of a list is charged
	loopBytes    = 160 // what the virtual machine keeps for a loop within a loop, until the evaluation ends
	keptSteps    = 10_000
)

// Scope is what expressions are evaluated over: one record and, for those that ask for it, one
// response. It parses record.data at most once per Reset, and only when it is asked for. A Scope serves one
// goroutine at a time; it is meant to be kept and Reset for the next record.
type Scope struct {
	record   *connector.Record
	response *connector.Response

	data, json              lazy[any]
	text, body              lazy[string]
	headers, answeredHeader lazy[map[string]string]

	steps, bytes int // spent by the running evaluation
	readers      map[string]any
	machine      vm.VM
}

// lazy is a value that is made when it is first asked for.
type lazy[T any] struct {
	done  bool
	value T
	err   error
}

// get returns the value. It panics with the error of make, which the virtual machine catches.
func (l *lazy[T]) get(make func() (T, error)) T {
	if !l.done {
		l.value, l.err = make()
		l.done = true
	}
	if l.err != nil {
		panic(l.err)
	}
	return l.value
}

// NewScope returns an empty scope, to be Reset before use.
func NewScope() *Scope {
	s := &Scope{machine: vm.VM{MemoryBudget: maxElements}}
	s.readers = s.bind()
	return s
}

// Reset makes the scope show record and response, which may be nil. They must not change as long as the scope
// shows them.
func (s *Scope) Reset(record *connector.Record, response *connector.Response) {
	s.record, s.response = record, response
	s.data, s.json = lazy[any]{}, lazy[any]{}
	s.text, s.body = lazy[string]{}, lazy[string]{}
	s.headers, s.answeredHeader = lazy[map[string]string]{}, lazy[map[string]string]{}
}

// run evaluates a program. A panic in it comes back as an error.
func (s *Scope) run(p *program) (any, *Error) {
	s.steps, s.bytes = 0, 0
	value, err := s.machine.Run(p.code, s.readers)
	if s.steps > keptSteps {
		// The machine never gives back what it needed for its loops.
		s.machine = vm.VM{MemoryBudget: maxElements}
	}
	if err != nil {
		return nil, locate(p.text, err)
	}
	return value, nil
}

// bind makes the readers that the rewritten expressions call.
func (s *Scope) bind() map[string]any {
	readers := map[string]any{
		stepCall:   reader(func(...any) any { s.step(); return nil }),
		nestCall:   reader(func(...any) any { s.step(); s.charge(loopBytes); return nil }),
		chargeCall: reader(func(p ...any) any { s.charge(size(p[0])); return p[0] }),
		addCall:    reader(func(p ...any) any { return s.add(p[0], p[1]) }),
	}
	s.bindRecord(readers)
	s.bindResponse(readers)
	return readers
}

func (s *Scope) bindRecord(readers map[string]any) {
	field := func(name string, read func(*connector.Record) any) {
		readers["record"+name] = reader(func(...any) any { return read(s.shownRecord()) })
	}
	field(".id", func(r *connector.Record) any { return string(r.ID) })
	field(".key", func(r *connector.Record) any { return r.Key })
	field(".time", func(r *connector.Record) any { return r.Time })
	field(".size", func(r *connector.Record) any { return len(r.Data) })
	field(".text", func(r *connector.Record) any {
		return s.text.get(func() (string, error) { return string(r.Data), nil })
	})
	field(".data", func(r *connector.Record) any {
		return s.data.get(func() (any, error) { return parseNamed("record.data: the data", r.Data) })
	})
	field(".headers", func(r *connector.Record) any {
		return s.headers.get(func() (map[string]string, error) { return byName(r.Headers), nil })
	})
	readers["record"+headerCall] = reader(func(p ...any) any { return header(s.shownRecord().Headers, p[0]) })
}

func (s *Scope) bindResponse(readers map[string]any) {
	field := func(name string, read func(*connector.Response) any) {
		readers["response"+name] = reader(func(...any) any { return read(s.shownResponse()) })
	}
	field(".status", func(r *connector.Response) any { return r.Status })
	field(".body", func(r *connector.Response) any {
		return s.body.get(func() (string, error) { return string(r.Body), nil })
	})
	field(".json", func(r *connector.Response) any {
		return s.json.get(func() (any, error) {
			if r.Truncated {
				return nil, fmt.Errorf("response.json: the body is longer than the %d bytes that are kept", len(r.Body))
			}
			return parseNamed("response.json: the body", r.Body)
		})
	})
	field(".headers", func(r *connector.Response) any {
		return s.answeredHeader.get(func() (map[string]string, error) { return byName(r.Headers), nil })
	})
	readers["response"+headerCall] = reader(func(p ...any) any { return header(s.shownResponse().Headers, p[0]) })
}

func (s *Scope) shownRecord() *connector.Record {
	if s.record == nil {
		panic(errNoRecord)
	}
	return s.record
}

func (s *Scope) shownResponse() *connector.Response {
	if s.response == nil {
		panic(errNoResponse)
	}
	return s.response
}

func parseNamed(name string, text []byte) (any, error) {
	value, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", name, err)
	}
	return value, nil
}

func header(headers connector.Headers, name any) any {
	text, ok := name.(string)
	if !ok {
		panic(fmt.Errorf("the name of a header is a text, not %s", describe(name)))
	}
	return headers.Get(text)
}

func byName(headers connector.Headers) map[string]string {
	first := make(map[string]string, len(headers))
	for _, h := range headers {
		if _, ok := first[h.Name]; !ok {
			first[h.Name] = h.Value
		}
	}
	return first
}

func (s *Scope) step() {
	if s.steps++; s.steps > maxSteps {
		panic(ErrTooManySteps)
	}
}

func (s *Scope) charge(bytes int) {
	if s.bytes += bytes; s.bytes > maxBytes {
		panic(ErrTooLarge)
	}
}

// add is the operator +, whose texts are charged before they are made.
func (s *Scope) add(a, b any) any {
	left, isText := a.(string)
	right, areTexts := b.(string)
	if isText && areTexts {
		s.charge(len(left) + len(right))
		return left + right
	}
	return runtime.Add(a, b)
}

func size(value any) int {
	if text, ok := value.(string); ok {
		return len(text)
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() * elementBytes
	}
	return 0
}
