package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// file is one source, cut into lines.
type file struct {
	name  string
	text  string // line ends are \n, no byte order mark
	lines []string
}

func newFile(source Source) *file {
	text := strings.TrimPrefix(string(source.Text), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return &file{name: source.Name, text: text, lines: strings.Split(text, "\n")}
}

// line returns line n, counted from 1, or "".
func (f *file) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

// rest returns the line from column on, counted from 1 in characters.
func (f *file) rest(line, column int) string {
	text := f.line(line)
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// place is where something stands in a file. Line and column count from 1; columns and width count characters.
type place struct {
	file         *file
	line, column int
	width        int
}

// at makes a place for a token whose source text begins with first. The parser is off by a few columns
// in rare cases; the line itself decides.
func (f *file) at(line, column int, first string) place {
	p := place{file: f, line: max(line, 1), column: max(column, 1), width: utf8.RuneCountInString(first)}
	if first != "" && !strings.HasPrefix(f.rest(p.line, p.column), first) {
		if i := strings.Index(f.line(p.line), first); i >= 0 {
			p.column = utf8.RuneCountInString(f.line(p.line)[:i]) + 1
		} else {
			p.width = 1
		}
	}
	p.column = min(p.column, utf8.RuneCountInString(f.line(p.line))+1)
	return p
}

// moved is the place so many characters further on in the same line.
func (p place) moved(columns int) place {
	p.column += columns
	p.width = 1
	return p
}

// String writes file:line:column.
func (p place) String() string { return fmt.Sprintf("%s:%d:%d", p.file.name, p.line, p.column) }
