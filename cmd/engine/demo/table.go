package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/acktor/acktor"
)

// Width is how many columns the table needs.
const Width = 80

// table shows the destinations.
type table struct {
	shops     []*shop
	lastError func(destination string) string
	color     bool
	now       acktor.Status
	counts    []sample // of about the last second, oldest first
}

// sample is how many orders each destination had got at a time.
type sample struct {
	at        time.Time
	delivered map[string]int64
}

func newTable(shops []*shop, lastError func(string) string, color bool) *table {
	return &table{shops: shops, lastError: lastError, color: color}
}

// rateOver is the time over which rates are taken.
const rateOver = time.Second

// take takes the state that is shown from now on.
func (t *table) take(now acktor.Status, at time.Time) {
	t.now = now
	s := sample{at: at, delivered: map[string]int64{}}
	for _, d := range now.Destinations {
		s.delivered[d.Name] = d.Delivered
	}
	t.counts = append(t.counts, s)
	for len(t.counts) > 2 && at.Sub(t.counts[1].at) >= rateOver {
		t.counts = t.counts[1:]
	}
}

// rate is how many orders a second the destination took of late.
func (t *table) rate(name string) float64 {
	if len(t.counts) < 2 {
		return 0
	}
	first, last := t.counts[0], t.counts[len(t.counts)-1]
	seconds := last.at.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(last.delivered[name]-first.delivered[name]) / seconds
}

func (t *table) destination(name string) acktor.Destination {
	for _, d := range t.now.Destinations {
		if d.Name == name {
			return d
		}
	}
	return acktor.Destination{Name: name, Breaker: closed}
}

// The states of a breaker.
const (
	closed   = "closed"
	open     = "open"
	halfOpen = "half-open"
)

const columns = "  %-9s %9s %7s %8s %7s  %s  %s"

// lines returns the table, an empty line first.
func (t *table) lines(now time.Time) []string {
	lines := []string{"", fmt.Sprintf(columns, "SHOP", "DELIVERED", "FAILED", "WAITING", "RATE", fmt.Sprintf("%-9s", "BREAKER"), "LAST ERROR")}
	for _, shop := range t.shops {
		d := t.destination(shop.name)
		lines = append(lines, strings.TrimRight(fmt.Sprintf(columns, d.Name, fmt.Sprint(d.Delivered), fmt.Sprint(d.Failed),
			fmt.Sprint(d.Waiting+d.Writing), fmt.Sprintf("%.0f/s", t.rate(d.Name)), t.breaker(&d, now), t.lastError(d.Name)), " "))
	}
	return lines
}

// The colours of breakers, as ANSI escapes.
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	plain  = "\x1b[0m"
)

func (t *table) breaker(d *acktor.Destination, now time.Time) string {
	text, tone := d.Breaker, green
	switch d.Breaker {
	case open:
		tone = red
		if left := d.OpenUntil.Sub(now); left > 0 {
			text = fmt.Sprintf("open %.1fs", left.Seconds())
		}
	case halfOpen:
		tone = yellow
	}
	text = fmt.Sprintf("%-9s", text)
	if t.color {
		text = tone + text + plain
	}
	return text
}

// line is the state in one line, for where a table cannot be redrawn.
func (t *table) line() string {
	var waiting int64
	var troubled []string
	for _, d := range t.now.Destinations {
		waiting += d.Waiting + d.Writing
		if d.Breaker != closed {
			troubled = append(troubled, d.Name)
		}
	}
	text := fmt.Sprintf("%d delivered, %d failed, %d under way", t.now.Delivered, t.now.Failed, waiting)
	if len(troubled) > 0 {
		text += "; breaker not closed: " + strings.Join(troubled, ", ")
	}
	return text
}
