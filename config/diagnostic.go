package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Severity says how bad a Diagnostic is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the configuration cannot be used
	Warning Severity = "warning" // it can, but hardly does what was meant
)

// Diagnostic is one mistake in a configuration file.
type Diagnostic struct {
	File       string   `json:"file"`
	Line       int      `json:"line"`           // from 1
	Column     int      `json:"column"`         // from 1, in characters
	Path       string   `json:"path,omitempty"` // pipelines.orders.sinks.crm.url
	Message    string   `json:"message"`        // what was found, with its path
	Suggestion string   `json:"suggestion,omitempty"`
	Severity   Severity `json:"severity"`

	source string // the line of the file
	width  int    // how many characters of it are at fault
}

// String writes the diagnostic in one line: acktor.yaml:12:9: what was found; what would be right.
func (d Diagnostic) String() string {
	text := d.Message
	if d.Severity == Warning {
		text = "warning: " + text
	}
	if d.Suggestion != "" {
		text += "; " + d.Suggestion
	}
	if d.Line == 0 {
		return d.File + ": " + text
	}
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, text)
}

// Diagnostics are all mistakes of a configuration, in the order of files and places.
type Diagnostics []Diagnostic

// HasErrors reports whether one of them is more than a warning.
func (d Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(d, func(one Diagnostic) bool { return one.Severity == Error })
}

// The colours of Render, as ANSI escapes.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// Render writes each diagnostic followed by the line it is about and a mark below the place.
func (d Diagnostics) Render(w io.Writer, color bool) error {
	for i := range d {
		if _, err := io.WriteString(w, d[i].render(color)); err != nil {
			return err
		}
	}
	return nil
}

func (d Diagnostic) render(color bool) string {
	head, mark := d.String(), strings.Repeat("^", max(d.width, 1))
	if color {
		tone := red
		if d.Severity == Warning {
			tone = yellow
		}
		head, mark = bold+head+plain, tone+mark+plain
	}
	if d.Line == 0 {
		return head + "\n"
	}
	line, column := excerpt(d.source, d.Column)
	return fmt.Sprintf("%s\n    %s\n    %s%s\n", head, line, padding(line, column), mark)
}

// excerptWidth bounds the part of a line that is shown, in characters.
const excerptWidth = 160

// excerpt cuts a long line down to the surroundings of column, and returns the column within it.
func excerpt(line string, column int) (string, int) {
	runes := []rune(line)
	if len(runes) <= excerptWidth {
		return line, column
	}
	from := max(0, min(column-1-excerptWidth/2, len(runes)-excerptWidth))
	return string(runes[from : from+excerptWidth]), column - from
}

// padding is as wide as line up to column: tabs stay tabs, everything else is a space.
func padding(line string, column int) string {
	var b strings.Builder
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
