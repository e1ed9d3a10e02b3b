package demo

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// How often the screen is refreshed: a table in place, or else a line below the others.
const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = time.Second
)

// screen shows a run. It belongs to one goroutine. Announcements stay where they are written; on a terminal the table
// stands below them and is written anew each time.
type screen struct {
	run   *run
	out   io.Writer
	table *table
	drawn int // lines of the table that stand on the terminal
}

func newScreen(r *run, lastError func(string) string) *screen {
	out := r.Out
	if out == nil {
		out = io.Discard
	}
	return &screen{run: r, out: out, table: newTable(r.street.shops, lastError, r.Color)}
}

// show shows what happens until over is closed, and then the last state.
func (s *screen) show(over <-chan struct{}) {
	every := plainEvery
	if s.run.Live {
		every = liveEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	fmt.Fprintf(s.out, "%d shops take orders over HTTP; %d callers wait for the outcome of each.\n\n",
		len(s.run.street.shops), len(s.run.street.shops)*callersPerShop)
	first := s.run.callers.first
	for {
		select {
		case <-first:
			first = nil
			s.draw(s.run.stamped("the first order has its outcome"), s.run.Live)
		case line := <-s.run.told:
			s.draw(line, s.run.Live)
		case <-ticker.C:
			s.refresh()
		case <-over:
			s.last()
			return
		}
	}
}

func (s *screen) refresh() {
	s.table.take(s.run.engine.Pipelines()[0], time.Now())
	if s.run.Live {
		s.draw("", true)
		return
	}
	s.draw(s.run.stamped("%s", s.table.line()), false)
}

// last shows what is left to tell, and the table as it is in the end.
func (s *screen) last() {
	for len(s.run.told) > 0 {
		s.draw(<-s.run.told, false)
	}
	s.table.now = s.run.engine.Pipelines()[0] // the rates stay those of before
	s.draw("", true)
}

// draw writes an announcement, if there is one, above the table. Everything goes out in one write, so that nothing flickers.
func (s *screen) draw(announcement string, withTable bool) {
	var b bytes.Buffer
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.drawn) // up, and clear to the end of the screen
		s.drawn, withTable = 0, true
	}
	if announcement != "" {
		b.WriteString(announcement + "\n")
	}
	if withTable {
		lines := s.table.lines(time.Now())
		for _, line := range lines {
			b.WriteString(line + "\n")
		}
		if s.run.Live {
			s.drawn = len(lines)
		}
	}
	_, _ = s.out.Write(b.Bytes()) // a screen that is gone is no reason to end
}
