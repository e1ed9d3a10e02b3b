package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acktor/acktor/admin"
)

// moment writes a time in UTC, so that those of several machines can be compared.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000Z") }

func classAndStatus(r *admin.Result) string {
	switch {
	case r.Class == "":
		return ""
	case r.Status == 0:
		return r.Class
	}
	return r.Class + " (" + strconv.Itoa(r.Status) + ")"
}

// cause says in one line why something failed.
func cause(r *admin.Result) string {
	text := cmp.Or(classAndStatus(r), "failed")
	if r.Detail != "" {
		text += ": " + oneLine(r.Detail)
	}
	if r.Ambiguous {
		text += ", perhaps processed all the same"
	}
	return text
}

func sinkAt(sink, destination string) string {
	switch {
	case sink == "":
		return destination
	case destination == "":
		return "sink " + sink
	}
	return "sink " + sink + " at " + destination
}

// telling writes a story for people, in the order in which it happened.
type telling struct{ strings.Builder }

func (t *telling) line(indent int, format string, args ...any) {
	t.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(&t.Builder, format, args...)
	t.WriteByte('\n')
}

// explainRecord tells all that is known of a record; running says whether an engine works on it.
func explainRecord(r *admin.Record, running bool) string {
	t := &telling{}
	t.line(0, "record %s", oneLine(r.ID))
	for _, story := range slices.Backward(r.Stories) {
		t.story(&story)
	}
	for i := range r.Pending {
		t.pending(&r.Pending[i], running)
	}
	for _, letter := range slices.Backward(r.Dead) {
		t.line(0, "\ndead letter %d, since %s", letter.Seq, moment(letter.At))
		if len(r.Stories) == 0 && letter.Outcome != nil { // the ledger has forgotten it
			t.outcome(1, letter.Outcome)
		}
		t.line(1, "to deliver it again: engine dead replay %d", letter.Seq)
	}
	return t.String()
}

func (t *telling) story(s *admin.Story) {
	accepted := ""
	if s.Accepted {
		accepted = ", had been accepted"
	}
	t.line(0, "\npipeline %s, settled %s%s", s.Pipeline, moment(s.At), accepted)
	t.outcome(1, &s.Outcome)
}

// outcome tells the attempts and then how it ended. Of several sinks each is told by itself.
func (t *telling) outcome(indent int, o *admin.Outcome) {
	for i := range o.Branches {
		branch := &o.Branches[i]
		t.line(indent, "%s", cmp.Or(sinkAt(branch.Sink, branch.Destination), "no sink"))
		t.trail(indent+1, branch.Trail)
		t.line(indent+1, "%s", ending(branch, ""))
	}
	if len(o.Branches) > 0 {
		t.line(indent, "%s", ending(o, "all sinks together"))
		return
	}
	t.trail(indent, o.Trail)
	t.line(indent, "%s", ending(o, sinkAt(o.Sink, o.Destination)))
}

func ending(o *admin.Outcome, where string) string {
	text := o.State
	if where != "" {
		text += ", " + where
	}
	if o.State != "filtered" {
		text += ", after " + plural(o.Attempts, "attempt")
	}
	switch {
	case o.State == "failed":
		text += ": " + cause(&o.Result)
	case o.Status != 0:
		text += ", status " + strconv.Itoa(o.Status)
	}
	if o.Reason != "" {
		text += ": " + oneLine(o.Reason)
	}
	if o.DeadLettered {
		text += "; it went to the dead letter"
	}
	return text
}

func (t *telling) trail(indent int, trail []admin.Attempt) {
	if len(trail) > 0 && trail[0].N > 1 {
		t.line(indent, "%s not remembered", plural(trail[0].N-1, "earlier attempt"))
	}
	for i := range trail {
		a := &trail[i]
		text := fmt.Sprintf("%s  attempt %d  %s; took %s", moment(a.At), a.N, cause(&a.Result), short(a.Took))
		if a.Wait > 0 {
			text += ", next after " + short(a.Wait).String()
		}
		t.line(indent, "%s", text)
	}
}

// short rounds a duration to what people want to see of it.
func short(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < 10*time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}

func (t *telling) pending(p *admin.Pending, running bool) {
	t.line(0, "\npipeline %s, %s %s, not settled yet", p.Pipeline, p.Origin, moment(p.Since))
	for i := range p.Sinks {
		leg := &p.Sinks[i]
		t.line(1, "%s", sinkAt(leg.Sink, leg.Destination))
		if leg.Outcome != nil {
			t.outcome(2, leg.Outcome)
			continue
		}
		t.trail(2, leg.Trail)
		if len(leg.Trail) == 0 && leg.Attempts > 0 {
			t.line(2, "%s, the last %s  %s", plural(leg.Attempts, "attempt"), moment(leg.Last), cause(&leg.Result))
		}
	}
	due := "as soon as there is room"
	if !p.Due.IsZero() {
		due = moment(p.Due)
	}
	if !running {
		due += ", once the engine runs again"
	}
	t.line(1, "the next attempt is due %s", due)
}

// describeLetter shows a dead letter with its data.
func describeLetter(l *admin.Letter) string {
	t := &telling{}
	t.line(0, "dead letter %d", l.Seq)
	t.line(1, "record    %s", oneLine(l.ID))
	if l.Key != "" {
		t.line(1, "key       %s", oneLine(l.Key))
	}
	t.line(1, "pipeline  %s", l.Pipeline)
	if where := sinkAt(l.Sink, l.Destination); where != "" {
		t.line(1, "to        %s", where)
	}
	t.line(1, "failed    %s, after %s: %s", moment(l.At), plural(l.Attempts, "attempt"), cause(&l.Result))
	if l.Replays > 0 {
		t.line(1, "replayed  %s before", plural(l.Replays, "time"))
	}
	if l.Outcome != nil && len(l.Outcome.Trail) > 0 {
		t.line(1, "attempts")
		t.trail(2, l.Outcome.Trail)
	}
	t.content(l.Record)
	return t.String()
}

func (t *telling) content(c *admin.Content) {
	if c == nil {
		return
	}
	if len(c.Headers) > 0 {
		t.line(1, "headers")
	}
	for _, h := range c.Headers {
		t.line(2, "%s: %s", h.Name, oneLine(h.Value))
	}
	t.line(1, "data      %s", plural(c.Bytes, "byte"))
	if c.Text != "" {
		t.line(0, "\n%s", c.Text)
		return
	}
	const most = 4 << 10
	data := c.Base64[:min(len(c.Base64), most)]
	t.WriteString("\n" + hex.Dump(data))
	if rest := len(c.Base64) - len(data); rest > 0 {
		t.line(0, "and %s: --data writes all of it", plural(rest, "byte"))
	}
}
