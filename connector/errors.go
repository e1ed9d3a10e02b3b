package connector

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// ErrEndOfSource is returned by Read when the source has no more records and never will have.
var ErrEndOfSource = errors.New("connector: end of source")

// AttemptError is the full word on a failed attempt. Sinks that know less return one of the
// simpler errors below, or any error: see Classify.
type AttemptError struct {
	Class     Class
	Status    int           // the protocol's status where there was one, else 0
	Ambiguous bool          // the peer may have processed the record all the same
	After     time.Duration // the peer asks to be left alone for so long; 0 when it did not say
	Detail    string        // for people; without secrets
	Err       error
}

// Error returns the class, the status and the detail in one line.
func (e *AttemptError) Error() string {
	text := e.Class.String()
	if e.Status != 0 {
		text = fmt.Sprintf("%s (status %d)", text, e.Status)
	}
	if e.Detail != "" {
		return text + ": " + e.Detail
	}
	if e.Err != nil {
		return text + ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *AttemptError) Unwrap() error { return e.Err }

// PermanentError says that no further attempt can succeed: the record fails with class rejected.
type PermanentError struct{ Err error }

// Error returns the text of the cause.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// ThrottledError says that the peer wants nothing for the duration After; zero means that it did
// not say for how long.
type ThrottledError struct {
	After time.Duration
	Err   error
}

// Error says what was asked for.
func (e *ThrottledError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("throttled for %s", e.After)
}

// Unwrap returns the cause.
func (e *ThrottledError) Unwrap() error { return e.Err }

// NotConnectedError says that the connector has lost its peer and must be closed and opened
// again before it is of use.
type NotConnectedError struct{ Err error }

// Error returns the text of the cause.
func (e *NotConnectedError) Error() string { return "not connected: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *NotConnectedError) Unwrap() error { return e.Err }

// PanicError is what a panic in a connector or a step becomes.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the value that was panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Recover is for defer in a function that calls a connector: it turns a panic into a *PanicError in *err.
func Recover(err *error) {
	if value := recover(); value != nil {
		*err = &PanicError{Value: value, Stack: debug.Stack()}
	}
}
