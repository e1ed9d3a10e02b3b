// Package expression compiles the conditions, values and templates of a configuration, and evaluates
// them over a record and, where one is at hand, over the response of a sink.
//
// The language is expr (github.com/expr-lang/expr). What an expression sees:
//
//	record.id, record.key   texts
//	record.headers          the first value of each name, in lower case; a name that is absent gives ""
//	record.data             the data, parsed as JSON when it is first asked for
//	record.text             the data as text
//	record.size             the length of the data in bytes
//	record.time             when the record came into being
//	response.status         a number; only where a response is at hand, as all that follow
//	response.headers        as record.headers
//	response.body           a text
//	response.json           the body, parsed as JSON when it is first asked for
//
// The functions are expr's own, with these differences: toJSON writes one line, fromJSON keeps large integers
// exact, string writes a value the way a template does. [Hash] is there as hash(text). All of them but now() depend on nothing but their arguments.
//
// Integers of JSON that fit 64 bits are integers, other numbers are floats. An integer that does not fit is
// carried digit by digit into what is written, but cannot be reckoned with. A field that is missing is nil, and a
// field of nil is an error: record.data.customer?.name gives nil instead.
//
// An expression is checked when it is compiled: names, fields, and types as far as they are known; what
// record.data holds is known only when a record is there. Compiled expressions are immutable and serve any
// number of goroutines at the same time; each goroutine brings a [Scope] of its own.
//
// Every evaluation is bounded: in the passes through loops such as any() and map(), in the elements of the
// lists that it makes, and in the bytes of the texts that it makes. At the limit it ends with an error.
package expression
