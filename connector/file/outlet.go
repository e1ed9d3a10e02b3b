package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

const (
	// writeBatch is the most records in one write: enough for the system call not to matter.
	writeBatch = 1024
	// maxElement bounds a path element that a record brings, below what file systems allow, so that suffixes fit.
	maxElement = 200
)

// NewSink makes the outlet: one sink a path. It opens nothing yet.
func NewSink(config SinkConfig, env connector.Env) (*connector.Outlet, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	mode, err := config.mode()
	if err != nil {
		return nil, err
	}
	outlet := &connector.Outlet{
		InFlight: 1,
		Batch:    writeBatch,
		New: func(path string) (connector.Sink, error) {
			return newSink(filepath.Clean(path), &config, fs.FileMode(mode), env.Logger()), nil
		},
	}
	path, constant := config.Path.Constant()
	if constant {
		outlet.Name = path
		return outlet, nil
	}
	scope := expression.NewScope()
	outlet.Destination = func(record *connector.Record) (string, error) {
		scope.Reset(record, nil)
		defer scope.Reset(nil, nil)
		path, err := config.Path.RenderWith(scope, confine)
		if err != nil {
			return "", err
		}
		return filepath.Clean(path), nil
	}
	return outlet, nil
}

var (
	errEmptyElement = errors.New("it is empty, or begins or ends with a slash")
	errDot          = errors.New("it begins with a dot")
	errLong         = errors.New("it is too long")
	errCharacter    = errors.New("it contains a backslash, a colon or a control character")
)

// confine lets a record's value into a path if every element of it is a plain name: neither "." nor "..", nor
// anything that becomes one of them together with the text around it.
func confine(_, value string) (string, error) {
	for element := range strings.SplitSeq(value, "/") {
		if err := checkElement(element); err != nil {
			return "", fmt.Errorf("%q cannot be part of a path: %w", connector.Bound(value, maxElement), err)
		}
	}
	return value, nil
}

func checkElement(element string) error {
	switch {
	case element == "":
		return errEmptyElement
	case element[0] == '.':
		return errDot
	case len(element) > maxElement:
		return errLong
	case strings.ContainsFunc(element, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == ':' }):
		return errCharacter
	}
	return nil
}
