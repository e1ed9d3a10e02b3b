package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
)

// summary is what became of all records of a run.
type summary struct {
	Outcome   string            `json:"outcome"` // ok or failed
	Seconds   float64           `json:"seconds"`
	Pipelines []pipelineSummary `json:"pipelines"`
}

type pipelineSummary struct {
	Pipeline  string `json:"pipeline"`
	State     string `json:"state"`
	Error     string `json:"error,omitempty"`
	Read      int64  `json:"read"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	Filtered  int64  `json:"filtered"`
	// Failures are the first failed records; FailuresOmitted more have failed.
	Failures        []connector.Report `json:"failures"`
	FailuresOmitted int64              `json:"failures_omitted"`
}

// newSummary sums up; hide takes secrets out of a text.
func newSummary(all []acktor.Status, took time.Duration, hide func(string) string) *summary {
	s := &summary{Outcome: "ok", Seconds: took.Round(time.Millisecond).Seconds(), Pipelines: []pipelineSummary{}}
	for _, status := range all {
		p := pipelineSummary{
			Pipeline: status.Pipeline, State: status.State, Read: status.Read, Delivered: status.Delivered,
			Failed: status.Failed, Filtered: status.Filtered, Failures: []connector.Report{},
			FailuresOmitted: status.Failed - int64(len(status.Failures)),
		}
		if status.Err != nil {
			p.Error = hide(status.Err.Error())
		}
		for _, failure := range status.Failures {
			failure.Detail = hide(failure.Detail)
			p.Failures = append(p.Failures, failure)
		}
		if p.Failed > 0 || p.Error != "" {
			s.Outcome = "failed"
		}
		s.Pipelines = append(s.Pipelines, p)
	}
	return s
}

// Failed reports whether a record failed, or a pipeline ended with an error.
func (s *summary) Failed() bool { return s.Outcome != "ok" }

func (s *summary) read() (sum int64) {
	for i := range s.Pipelines {
		sum += s.Pipelines[i].Read
	}
	return sum
}

// write writes the summary for people.
func (s *summary) write(w io.Writer) error {
	var b strings.Builder
	for i := range s.Pipelines {
		s.Pipelines[i].write(&b)
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// maxNamed is how many failed records of a pipeline are named to people.
const maxNamed = 20

func (p *pipelineSummary) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %d read, %d delivered, %d failed, %d filtered\n", p.Pipeline, p.Read, p.Delivered, p.Failed, p.Filtered)
	named := p.Failures[:min(len(p.Failures), maxNamed)]
	for i := range named {
		b.WriteString("  failed " + oneLine(describe(&named[i])) + "\n")
	}
	if more := p.Failed - int64(len(named)); more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}

// describe says in one line why a record failed.
func describe(r *connector.Report) string {
	text := fmt.Sprintf("%s: %s after %s", r.ID, cmp.Or(r.Class, r.Outcome.String()), plural(r.Attempts, "attempt"))
	if r.Destination != "" {
		text += " at " + r.Destination
	}
	if r.Status != 0 {
		text += fmt.Sprintf(", status %d", r.Status)
	}
	if r.Ambiguous {
		text += ", perhaps processed all the same"
	}
	if r.DeadLettered {
		text += ", in the dead letter"
	}
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// maxLine bounds a line about a record, in bytes.
const maxLine = 400

func oneLine(text string) string {
	return connector.Bound(strings.Join(strings.Fields(text), " "), maxLine)
}

// minSecret is the length below which a secret is too common a text to be hidden; the log does the same.
const minSecret = 4

// hidden returns a function that takes secrets out of a text.
func hidden(secrets []string) func(string) string {
	var pairs []string
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) >= minSecret {
			pairs = append(pairs, secret, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
