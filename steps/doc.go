// Package steps changes, drops and fails records between a source and its sinks.
//
// A [Chain] is what a pipeline's list of steps becomes. Every record that enters it leaves it in one of three ways:
// it goes on, as it came or as a changed clone; it is filtered, because a step dropped it on purpose; or it is
// failed, because a step returned an error (class invalid) or panicked (class panic). A step that fails never
// passes its input on, and no step changes the record that it was given.
//
//	filter: record.data.total > 0           Filter
//	map: '{"id": record.data.id}'           Map
//	set: {headers: {tenant: acme}}          Set
//
// [Config] is one entry of that list. Those who embed the engine add steps of their own with [Func].
package steps
