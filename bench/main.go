// Command bench load-tests the engine end to end and compares it, within one run, with what one would otherwise use. See
// docs/performance.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
	"github.com/acktor/acktor/bench/suite"
)

// The exit codes.
const (
	exitFine   = 0
	exitFailed = 1 // a record is missing, or a measurement broke
	exitUsage  = 2
)

func main() {
	process.Play(roles.All())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, arguments []string, c console) int {
	root := rootCommand(c)
	root.SetArgs(arguments)
	return c.exit(root.ExecuteContext(ctx))
}

// exit tells of an error and returns the exit code.
func (c console) exit(err error) int {
	if err == nil {
		return exitFine
	}
	fmt.Fprintf(c.err, "bench: %v\n", err) //nolint:errcheck // there is nowhere else to say it
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// usageError is a mistake of the one who typed the command.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// find returns the scenarios of these names, or with no names those that are on.
func find(all []suite.Scenario, names []string) ([]suite.Scenario, error) {
	var found []suite.Scenario
	if len(names) == 0 {
		for _, s := range all {
			if !s.Off {
				found = append(found, s)
			}
		}
		return found, nil
	}
	for _, name := range names {
		before := len(found)
		for _, s := range all {
			if s.Name == name {
				found = append(found, s)
			}
		}
		if len(found) == before {
			return nil, &usageError{fmt.Errorf("there is no scenario %q: see bench list", name)}
		}
	}
	return found, nil
}
