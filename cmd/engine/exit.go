package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/acktor/acktor/store"
)

// The exit codes, beside 128 + n for a second signal n.
const (
	exitFine        = 0
	exitFailed      = 1 // something failed while running
	exitUsage       = 2 // wrong configuration or usage
	exitEnvironment = 3 // an address in use, a data directory locked
)

// exitError ends the program with a code.
type exitError struct {
	code int
	err  error // nil: what there is to say was said already
	help bool  // the help of the command says what would be right
}

// Error says what went wrong.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

// coded gives an error a code, unless it has one.
func coded(code int, err error) error {
	if _, has := errors.AsType[*exitError](err); has || err == nil {
		return err
	}
	return &exitError{code: code, err: err}
}

// report says what went wrong with the command at path and returns the exit code.
func (s streams) report(path string, err error) int {
	if err == nil {
		return exitFine
	}
	exit, ok := errors.AsType[*exitError](err)
	if !ok {
		exit = &exitError{code: exitUsage, err: err, help: true} // cobra's own: an unknown command, too many arguments
	}
	if exit.err != nil {
		fmt.Fprintf(s.err, "engine: %s\n", printable(exit.err.Error()))
		if cure := cureOf(exit, path); cure != "" {
			fmt.Fprintf(s.err, "        %s\n", cure)
		}
	}
	return exit.code
}

// cureOf says what to do about an error that does not say so itself.
func cureOf(exit *exitError, path string) string {
	_, locked := errors.AsType[*store.LockedError](exit.err)
	switch {
	case locked:
		return "" // it names its cure
	case errors.Is(exit.err, syscall.EADDRINUSE):
		return "stop the program that uses the address, or configure another one"
	case errors.Is(exit.err, syscall.EACCES):
		return "allow it to the user that runs the engine, or configure another place"
	case exit.help:
		return "see " + path + " --help"
	}
	return ""
}
