package demo

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestADemoAddsUpAndLeavesNothingRunning(t *testing.T) {
	var out bytes.Buffer
	s, err := Run(t.Context(), Options{For: time.Second, Out: &out, Live: true, Color: true})
	if err != nil {
		t.Fatal(err)
	}
	if !s.OK || s.Delivered == 0 || s.Failed == 0 || s.Filtered == 0 || s.Retries == 0 {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(out.String(), "\x1b[7A\x1b[J") {
		t.Error("the table of seven lines was never redrawn in place")
	}
}

func TestTheTableFitsItsWidthWhateverIsInIt(t *testing.T) {
	now := time.Now()
	long := func(string) string { return connector.ConnectTimeout.String() + " (599)" }
	table := newTable([]*shop{{name: brittle}, {name: "steady"}}, long, true)
	at := func(delivered int64) acktor.Status {
		return acktor.Status{Destinations: []acktor.Destination{{
			Name: brittle, Delivered: delivered, Failed: 1_000_000, Waiting: 100_000, Breaker: open, OpenUntil: now.Add(9 * time.Second),
		}}}
	}
	table.take(at(0), now.Add(-time.Second))
	table.take(at(99_999), now)
	colors := regexp.MustCompile(`\x1b\[\d+m`)
	lines := table.lines(now)
	for _, line := range lines {
		if width := utf8.RuneCountInString(colors.ReplaceAllString(line, "")); width > Width {
			t.Errorf("%d columns: %q", width, line)
		}
	}
	if got, want := strings.Join(strings.Fields(colors.ReplaceAllString(lines[2], "")), " "), "brittle 99999 1000000 100000 99999/s open 9.0s connect_timeout (599)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNumbersThatDoNotAddUpAreToldLoudly(t *testing.T) {
	tallied := tally{Outcomes: map[string]int64{"delivered": 2, "failed": 1}, Classes: map[string]int64{"rejected": 1}}
	for _, c := range []struct {
		name   string
		status acktor.Status
		lost   int64
		ok     bool
	}{
		{"all is well", acktor.Status{Read: 3, Delivered: 2, Failed: 1}, 0, true},
		{"a record has no outcome", acktor.Status{Read: 4, Delivered: 2, Failed: 1}, 0, false},
		{"a caller was told something else", acktor.Status{Read: 3, Delivered: 3}, 0, false},
		{"a caller was told nothing", acktor.Status{Read: 3, Delivered: 2, Failed: 1}, 1, false},
	} {
		told := tallied
		told.Lost = c.lost
		s := newSummary(c.status, &callers{tally: told}, &reporter{}, time.Now())
		var out bytes.Buffer
		if err := s.Write(&out); err != nil {
			t.Fatal(err)
		}
		if s.OK != c.ok || strings.Contains(out.String(), "DO NOT ADD UP") == c.ok {
			t.Errorf("%s: %v\n%s", c.name, s.OK, &out)
		}
	}
}
