package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acktor/acktor"
)

// Summary is what the demo counted.
type Summary struct {
	Seconds        float64          `json:"seconds"`
	Accepted       int64            `json:"accepted"` // as the engine counts: records that the source handed over
	Delivered      int64            `json:"delivered"`
	Failed         int64            `json:"failed"`
	Filtered       int64            `json:"filtered"`
	FailedByClass  map[string]int64 `json:"failed_by_class"`
	Answered       int64            `json:"answered"` // as the callers count: orders with an outcome
	TurnedAway     int64            `json:"turned_away"`
	Lost           int64            `json:"lost"`
	FirstOutcomeMS int64            `json:"first_outcome_ms"`
	Retries        int64            `json:"retries"`
	BreakerOpened  int64            `json:"breaker_opened"`
	BreakerClosed  int64            `json:"breaker_closed"`
	MostWaiting    int              `json:"most_waiting"` // behind a breaker that opened
	MostWaitingAt  string           `json:"most_waiting_at,omitempty"`
	OK             bool             `json:"ok"`
}

func newSummary(s acktor.Status, c *callers, r *reporter, began time.Time) *Summary {
	told := c.told()
	sum := &Summary{
		Seconds: time.Since(began).Round(time.Millisecond).Seconds(), Accepted: s.Read, Delivered: s.Delivered, Failed: s.Failed, Filtered: s.Filtered,
		FailedByClass: told.Classes, Answered: told.answered(), TurnedAway: told.TurnedAway, Lost: told.Lost,
		FirstOutcomeMS: told.First.Sub(began).Milliseconds(),
		Retries:        r.retries, BreakerOpened: r.opened, BreakerClosed: r.closed, MostWaiting: r.mostWaiting, MostWaitingAt: r.mostWaitingAt,
	}
	sum.OK = sum.Accepted == sum.Delivered+sum.Failed+sum.Filtered && sum.Answered == sum.Accepted && sum.Lost == 0 &&
		told.Outcomes["delivered"] == sum.Delivered && told.Outcomes["failed"] == sum.Failed
	return sum
}

// Write writes the summary for people.
func (s *Summary) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\naccepted %d = delivered %d + failed %d + filtered %d\n", s.Accepted, s.Delivered, s.Failed, s.Filtered)
	if len(s.FailedByClass) > 0 {
		var classes []string
		for _, class := range slices.Sorted(maps.Keys(s.FailedByClass)) {
			classes = append(classes, fmt.Sprintf("%d %s", s.FailedByClass[class], class))
		}
		fmt.Fprintf(&b, "failed for good: %s\n", strings.Join(classes, ", "))
	}
	if s.OK {
		fmt.Fprintf(&b, "callers were told %d outcomes: one for each order\n", s.Answered)
	} else {
		fmt.Fprintf(&b, "THE NUMBERS DO NOT ADD UP: callers were told %d outcomes, and %d orders got none\n", s.Answered, s.Lost)
	}
	fmt.Fprintf(&b, "seen: breakers opened %s, %s", times(s.BreakerOpened), count(s.Retries, "retry", "retries"))
	if s.MostWaiting > 0 {
		fmt.Fprintf(&b, ", %s waiting for %s alone", orders(s.MostWaiting), s.MostWaitingAt)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func times(n int64) string { return count(n, "time", "times") }
func orders(n int) string  { return count(int64(n), "order", "orders") }
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
