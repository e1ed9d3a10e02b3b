package suite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/bench/roles"
)

// Heat is what one contestant did in one run.
type Heat struct {
	Rate            float64 // records a second
	Latency         *measure.Histogram
	CPUPer100k      float64 // seconds
	PeakRSS         int64   // bytes
	AllocsPerRecord float64
	Connections     int64 // opened at the target
	Gauges          []process.Gauge
	Verdict
}

// stage is the target, with the files around it, on which the heats of one scenario and size take place.
type stage struct {
	scenario *Scenario
	size     int
	files    *files
	target   *process.Process // nil when there are no ends
	urls     []string
	patience time.Duration // for one heat, beyond the time that it is meant to take
}

// newStage starts the target.
func newStage(ctx context.Context, s *Scenario, size int, files *files) (*stage, error) {
	st := &stage{scenario: s, size: size, files: files, patience: time.Minute}
	if len(s.Ends) == 0 {
		return st, nil
	}
	target, err := process.Start(ctx, process.Program{Role: "target"}, roles.TargetTask{Ends: s.Ends})
	if err != nil {
		return nil, err
	}
	var ready roles.TargetReady
	if err := target.Hear(&ready); err != nil {
		return nil, errors.Join(err, target.Stop())
	}
	st.target, st.urls = target, ready.URLs
	return st, nil
}

func (st *stage) close() error {
	if st.target == nil {
		return nil
	}
	return st.target.Stop()
}

// performance is one heat while it takes place.
type performance struct {
	*stage
	entry  *Entry
	rig    *Rig
	length time.Duration

	child  *process.Process
	report process.Report
	load   *roles.LoadReport // nil unless it was loaded
	memory process.Memory
	// resting is the resident memory at the end of a rest, in bytes.
	resting int64
	tally   []roles.EndTally
}

// run lets entry do its work with so many records or, where it is loaded, for so long.
func (st *stage) run(ctx context.Context, entry *Entry, records int64, length time.Duration, profile string) (*Heat, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 20*length+st.patience, errors.New("the heat took too long"))
	defer cancel()
	p := &performance{stage: st, entry: entry, length: length}
	err := p.prepare(records, profile)
	if err == nil {
		err = p.perform(ctx)
	}
	if err == nil {
		err = p.collect()
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s, %d bytes, %s: %w", st.scenario.Name, st.size, entry.Name, err)
	}
	return p.heat(), p.files.clear(p.rig)
}

func (p *performance) prepare(records int64, profile string) (err error) {
	p.rig = &Rig{Size: p.size, Records: records, URLs: p.urls, Profile: profile, Fault: p.entry.Fault}
	if p.rig.Store, p.rig.Output, err = p.files.places(); err != nil {
		return err
	}
	if p.entry.Feed == File {
		form := p.entry.form(p.rig)
		if p.rig.Input, err = p.files.input(&form, records); err != nil {
			return err
		}
	}
	if p.entry.Feed == Loaded {
		p.rig.Address, err = freeAddress()
	}
	return err
}

// freeAddress returns an address on which nobody listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// perform leads the contestant through its steps.
func (p *performance) perform(ctx context.Context) (err error) {
	if p.target != nil {
		if err := p.target.Ask(process.Reset, nil); err != nil {
			return err
		}
	}
	if p.child, err = process.Start(ctx, p.entry.Program, p.entry.Task(p.rig)); err != nil {
		return err
	}
	err = p.lead(ctx)
	stopped := p.child.Stop()
	if err != nil {
		return err
	}
	return stopped
}

func (p *performance) lead(ctx context.Context) (err error) {
	if err := p.child.Hear(new(process.Ready)); err != nil {
		return err
	}
	if err := p.child.Ask(process.Begin, new(process.Started)); err != nil {
		return err
	}
	switch {
	case p.entry.Idle:
		err = p.rest(ctx)
	case p.entry.Feed == Loaded:
		err = p.feed(ctx)
	case p.entry.UntilTaken:
		err = p.untilTaken(ctx)
	case p.entry.Timed:
		err = p.untilTime(ctx)
	}
	if err != nil {
		return err
	}
	if err := p.child.Hear(&p.report); err != nil {
		return err
	}
	p.memory, err = p.child.Memory()
	return err
}

// feed lets the load do its work, and then ends the contestant's.
func (p *performance) feed(ctx context.Context) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	if p.entry.UntilTaken {
		return p.untilHas(ctx, p.load.Acked.Len())
	}
	return p.child.Tell(process.End)
}

// request lets the load do its work.
func (p *performance) request(ctx context.Context) error {
	task := p.entry.Load
	task.URL, task.Form, task.For = "http://"+p.rig.Address+"/", p.entry.form(p.rig), p.length
	load, err := process.Start(ctx, process.Program{Role: "load"}, task)
	if err != nil {
		return err
	}
	p.load = &roles.LoadReport{}
	err = load.Hear(new(process.Ready))
	if err == nil {
		err = load.Ask(process.Begin, p.load)
	}
	return errors.Join(err, load.Stop())
}

// untilTime ends the contestant's work when the time is up.
func (p *performance) untilTime(ctx context.Context) error {
	if err := pause(ctx, p.length); err != nil {
		return err
	}
	return p.child.Tell(process.End)
}

const (
	// lookEvery is the time between two looks at what the target has.
	lookEvery = 20 * time.Millisecond
	// stalled is the time without a new record after which no more are waited for.
	stalled = 5 * time.Second
)

// untilTaken ends the contestant's work when the ends that are alive have all that is for them, or get nothing any more.
func (p *performance) untilTaken(ctx context.Context) error {
	var want int64
	for i, end := range p.entry.Ends {
		if !p.scenario.dead(end) {
			want += p.entry.wanted(i, p.rig.Records).Len()
		}
	}
	return p.untilHas(ctx, want)
}

// untilHas does so when the ends have so many records, or get none any more.
func (p *performance) untilHas(ctx context.Context, want int64) error {
	var last int64
	for grew := time.Now(); ctx.Err() == nil && last < want && time.Since(grew) < stalled; time.Sleep(lookEvery) {
		var counts []int64
		if err := p.target.Ask(roles.Count, &counts); err != nil {
			return err
		}
		var sum int64
		for _, count := range counts {
			sum += count
		}
		if sum > last {
			last, grew = sum, time.Now()
		}
	}
	return p.child.Tell(process.End)
}

// collect asks the ends what they have.
func (p *performance) collect() error {
	if p.target != nil {
		if err := p.target.Ask(process.Tally, &p.tally); err != nil {
			return err
		}
	}
	if p.entry.Output {
		page, err := readOutput(p.rig.Output)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		p.report.Taken = &page
	}
	return nil
}

// heat makes the figures.
func (p *performance) heat() *Heat {
	h := &Heat{Latency: p.report.Latency, PeakRSS: p.memory.Peak, Gauges: append(p.report.Gauges, p.idle()...), Verdict: p.judge()}
	if p.load != nil {
		h.Latency = p.load.Latency
	}
	if records := float64(p.report.Records); records > 0 {
		h.CPUPer100k = p.report.CPU.Seconds() / records * 100_000
		h.AllocsPerRecord = float64(p.report.Mallocs) / records
	}
	for _, end := range p.tally {
		h.Connections += end.Connections
	}
	h.Rate = p.rate()
	if p.entry.Scale != 0 {
		h.Rate *= p.entry.Scale
	}
	return h
}

func (p *performance) rate() float64 {
	switch {
	case p.load != nil:
		return perSecond(p.load.Acked.Len(), p.load.Elapsed)
	case p.entry.UntilTaken:
		var taken int64
		var last time.Time
		for _, end := range p.entry.Ends {
			taken += p.tally[end].Seen.Len()
			if at := p.tally[end].LastAt; at.After(last) {
				last = at
			}
		}
		return perSecond(taken, last.Sub(p.report.Began))
	}
	if p.entry.Timed && p.report.InTime > 0 {
		return perSecond(p.report.InTime, p.report.Elapsed)
	}
	return perSecond(p.report.Delivered, p.report.Elapsed)
}

func perSecond(count int64, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(count) / elapsed.Seconds()
}

// String names the stage for people.
func (st *stage) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %d B", st.scenario.Name, st.size))
}
