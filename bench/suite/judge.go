package suite

import (
	"fmt"
	"strings"

	"github.com/acktor/acktor/bench/ledger"
)

// Verdict says what became of the records of a heat.
type Verdict struct {
	Records    int64 // taken in
	Outcomes   int64 // of them that have one
	Failed     int64
	Lost       int64 // should have been taken and were not
	Duplicates int64
	Disorder   int64    // came after a later record of their key
	Problems   []string // each is reason enough for the suite to fail
}

// Add adds what became of other records.
func (v *Verdict) Add(other *Verdict) {
	v.Records += other.Records
	v.Outcomes += other.Outcomes
	v.Failed += other.Failed
	v.Lost += other.Lost
	v.Duplicates += other.Duplicates
	v.Disorder += other.Disorder
	v.Problems = append(v.Problems, other.Problems...)
}

func (v *Verdict) complain(format string, arguments ...any) {
	v.Problems = append(v.Problems, fmt.Sprintf(format, arguments...))
}

// judge holds what the contestant says against what the ends have, and both against what there should be.
func (p *performance) judge() Verdict {
	r := &p.report
	v := Verdict{Records: r.Records, Outcomes: r.Delivered + r.Failed + r.Filtered, Failed: r.Failed}
	if v.Outcomes != v.Records {
		v.complain("%d outcomes for %d records", v.Outcomes, v.Records)
	}
	if v.Failed+r.Filtered > 0 && !p.scenario.MayFail {
		v.complain("%d records failed and %d were filtered: %s", v.Failed, r.Filtered, strings.Join(r.Failures, "; "))
	}
	if r.Taken != nil {
		p.judgeEnd(&v, "the end", ledger.Range(p.rig.Records, nil), r.Taken)
	}
	switch {
	case p.load != nil:
		p.judgeLoad(&v)
	case p.entry.UntilTaken: // what is for the dead need not even have been read
		p.judgeEnds(&v)
	case p.entry.Timed: // what was not read does not count
		if v.Records == 0 {
			v.complain("no record was taken in")
		}
		p.judgeEnds(&v)
	default:
		if v.Records != p.rig.Records {
			v.complain("%d records were taken in, of %d", v.Records, p.rig.Records)
		}
		p.judgeEnds(&v)
	}
	if v.Duplicates > 0 && !p.scenario.MayFail { // what may fail is tried again
		v.complain("%d records arrived twice", v.Duplicates)
	}
	if v.Lost > 0 {
		v.complain("%d records are lost", v.Lost)
	}
	if p.nothing() {
		v.complain("nothing says which records arrived")
	}
	return v
}

// nothing says whether there is no ledger at all, so that nothing could be missed.
func (p *performance) nothing() bool { return p.report.Taken == nil && len(p.entry.Ends) == 0 }

// judgeEnds holds each end against what is for it.
func (p *performance) judgeEnds(v *Verdict) {
	for i, end := range p.entry.Ends {
		want := p.entry.wanted(i, p.due())
		if p.scenario.dead(end) {
			want = ledger.NewSet()
		}
		p.judgeEnd(v, fmt.Sprintf("end %d", end), want, &p.tally[end].Page)
	}
}

// due is how many records the ends should have: those from 1 on.
func (p *performance) due() int64 {
	if p.entry.Timed {
		return p.report.Records
	}
	return p.rig.Records
}

// judgeLoad holds what the callers were told against what arrived: nothing may be missing of what was said to be delivered.
func (p *performance) judgeLoad(v *Verdict) {
	var answered int64
	for _, count := range p.load.Status {
		answered += count
	}
	if answered != p.load.Sent {
		v.complain("%d answers to %d requests", answered, p.load.Sent)
	}
	if none := p.load.Status[0]; none > 0 {
		v.complain("%d requests had no answer", none)
	}
	acked := p.load.Acked.Len()
	if !p.scenario.MayFail && acked != p.load.Sent {
		v.complain("%d of %d requests were answered as they should be: %v", acked, p.load.Sent, p.load.Status)
	}
	if acked == 0 {
		v.complain("no record was delivered")
	}
	for _, end := range p.entry.Ends {
		page := &p.tally[end].Page
		v.Lost += p.load.Acked.Without(page.Seen)
		v.Duplicates += page.Duplicates
		if extra := page.Seen.Without(p.load.Acked); extra > 0 && !p.scenario.MayFail {
			v.complain("end %d got %d records that were not said to be delivered", end, extra)
		}
		if page.Strangers > 0 {
			v.complain("end %d got %d that are no records", end, page.Strangers)
		}
	}
}

func (p *performance) judgeEnd(v *Verdict, name string, want *ledger.Set, page *ledger.Page) {
	v.Lost += want.Without(page.Seen)
	v.Duplicates += page.Duplicates
	if extra := page.Seen.Without(want); extra > 0 {
		v.complain("%s got %d records that are not for it", name, extra)
	}
	if page.Strangers > 0 {
		v.complain("%s got %d that are no records", name, page.Strangers)
	}
	if p.scenario.Ordered {
		v.Disorder += page.Disorder
		if page.Disorder > 0 {
			v.complain("%s got %d records after a later one of their key", name, page.Disorder)
		}
	}
}
