package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// bar is a progress bar, where there is a terminal.
type bar struct {
	out   io.Writer
	shown bool
}

const barWidth = 24

// newBar makes a bar on out, which stays empty when it is no terminal.
func newBar(out io.Writer) *bar {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &bar{out: out}
	}
	return &bar{}
}

func (b *bar) show(done, all int, next string) {
	if b.out == nil || all == 0 {
		return
	}
	full := barWidth * done / all
	b.shown = true
	fmt.Fprintf(b.out, "\r\x1b[K[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, all, next) //nolint:errcheck // only to look at
}

func (b *bar) clear() {
	if b.shown {
		fmt.Fprint(b.out, "\r\x1b[K") //nolint:errcheck // only to look at
		b.shown = false
	}
}
