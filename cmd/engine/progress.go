package main

import (
	"fmt"
	"io"
	"strings"
)

// progress is a bar on a terminal; elsewhere it is nothing.
type progress struct {
	w       io.Writer
	columns int
	what    string
}

func newProgress(w io.Writer, what string) *progress { return &progress{w, width(w), what} }

// draw shows how far it is.
func (p *progress) draw(done, total int) {
	if p.columns > 0 {
		fmt.Fprint(p.w, "\r\x1b[K"+p.line(done, total))
	}
}

func (p *progress) line(done, total int) string {
	const longest = 40
	text := fmt.Sprintf("%s %d of %d", p.what, done, total)
	room := min(longest, p.columns-len(text)-len(" []")-1)
	if room < 1 || total < 1 {
		return text
	}
	full := room * min(done, total) / total
	return text + " [" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]"
}

// clear takes the bar away.
func (p *progress) clear() {
	if p.columns > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
