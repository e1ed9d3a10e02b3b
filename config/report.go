package config

import (
	"cmp"
	"fmt"
	"slices"
)

// report collects diagnostics.
type report struct {
	files   []*file // in the order given
	found   []located
	seen    map[finding]bool
	errors  int // how many of found are errors
	secrets secrets
}

// located is a diagnostic with its file's rank, for sorting.
type located struct {
	Diagnostic
	rank int
}

// finding tells diagnostics apart: what an alias stands for is decoded wherever it is used.
type finding struct {
	rank, line, column int
	message            string
}

// add notes a mistake. The path has to be in the message already. Neither text may hold what came from elsewhere:
// texts that others wrote go through secrets.hide before.
func (r *report) add(severity Severity, at place, path, message, suggestion string) {
	l := located{rank: -1, Diagnostic: Diagnostic{
		Path: path, Message: message, Suggestion: suggestion, Severity: severity,
	}}
	if at.file != nil {
		l.File, l.Line, l.Column = at.file.name, at.line, at.column
		l.source, l.width = at.file.line(at.line), at.width
		l.rank = slices.Index(r.files, at.file)
	}
	key := finding{l.rank, l.Line, l.Column, l.Message}
	if r.seen[key] {
		return
	}
	if r.seen == nil {
		r.seen = map[finding]bool{}
	}
	r.seen[key] = true
	r.found = append(r.found, l)
	if severity == Error {
		r.errors++
	}
}

// errorf notes an error at a place; the message begins with the path. The suggestion may be empty.
func (r *report) errorf(at place, path, suggestion, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	r.add(Error, at, path, message, suggestion)
}

// sorted returns what was found, by file, line and column.
func (r *report) sorted() Diagnostics {
	slices.SortStableFunc(r.found, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	sorted := make(Diagnostics, len(r.found))
	for i := range r.found {
		sorted[i] = r.found[i].Diagnostic
	}
	return sorted
}
