package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/acktor/acktor/bench/ledger"
)

// Options say what is run, and how.
type Options struct {
	Scenarios []Scenario
	Sizes     []int
	Runs      int
	For       time.Duration // length of a heat
	Directory string        // for files; empty: that of the system
	Profiles  string        // a directory for a CPU and an allocation profile of each scenario and size; empty: none
	// Check runs for correctness: every heat has as many records as the scenario guesses, with no trial before.
	Check bool
	// Progress, if not nil, is told before each heat how many of all are done.
	Progress func(done, all int, next string)
	// Row gets the results of a scenario and size when they are complete.
	Row func(Result)
}

// Failure lists what is wrong with the records of a run.
type Failure struct{ Problems []string }

// Error lists the problems, a line each.
func (f *Failure) Error() string {
	text := "records are not accounted for:"
	for _, problem := range f.Problems {
		text += "\n  " + problem
	}
	return text
}

// Run runs the scenarios. It proves first that it would notice a missing record. When records are not accounted for the error is
// a *Failure, and everything was run all the same.
func Run(ctx context.Context, o Options) (err error) {
	files, err := newFiles(o.Directory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.close()) }()
	if err := selfCheck(ctx, files); err != nil {
		return err
	}
	r := &runner{Options: o, files: files}
	r.all = r.count()
	for i := range o.Scenarios {
		for _, size := range o.Scenarios[i].sizes(o.Sizes) {
			if err := r.scenario(ctx, &o.Scenarios[i], size); err != nil {
				return err
			}
		}
	}
	r.tell("")
	if len(r.problems) > 0 {
		return &Failure{r.problems}
	}
	return nil
}

type runner struct {
	Options
	files     *files
	done, all int
	problems  []string
}

// count is how many heats there will be.
func (r *runner) count() int {
	all := 0
	for i := range r.Scenarios {
		heats := 0
		for _, entry := range r.Scenarios[i].contestants() {
			heats += r.Runs
			if r.tries(entry) {
				heats++
			}
		}
		if r.Profiles != "" {
			heats++
		}
		all += heats * len(r.Scenarios[i].sizes(r.Sizes))
	}
	return all
}

// tries says whether it has to be found out how many records keep the entry busy.
func (r *runner) tries(entry *Entry) bool {
	return !r.Check && entry.Feed != Loaded && entry.Records == 0
}

func (r *runner) tell(next string) {
	if r.Progress != nil {
		r.Progress(r.done, r.all, next)
	}
}

// scenario runs one scenario in one size.
func (r *runner) scenario(ctx context.Context, s *Scenario, size int) (err error) {
	st, err := newStage(ctx, s, size, r.files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close(), r.files.forget()) }()
	c := &course{runner: r, stage: st, length: r.For, records: map[*Entry]int64{}, heats: map[*Entry][]*Heat{}}
	if s.For > 0 {
		c.length = s.For
	}
	entries := s.contestants()
	for _, entry := range entries {
		if err := c.trial(ctx, entry); err != nil {
			return err
		}
	}
	for run := range r.Runs {
		for i := range entries {
			if err := c.measure(ctx, entries[(i+run)%len(entries)], run); err != nil {
				return err
			}
		}
	}
	profiled := &s.Engine
	if s.Sweep != "" {
		profiled = entries[len(entries)-1] // where there are most
	}
	if err := c.profile(ctx, profiled); err != nil {
		return err
	}
	r.Row(c.result())
	return nil
}

// course is one scenario in one size while it is run.
type course struct {
	*runner
	stage   *stage
	length  time.Duration
	records map[*Entry]int64
	heats   map[*Entry][]*Heat
}

const (
	minRecords = 1000
	reserve    = 1.5 // times as many records as needed are there for an entry that is timed
	trialShare = 5   // a trial is so much shorter than a heat
	maxTrial   = 500 * time.Millisecond
)

// trial finds out how many records keep entry busy for the length of a heat.
func (c *course) trial(ctx context.Context, entry *Entry) error {
	if entry.Records > 0 {
		c.records[entry] = entry.Records
		return nil
	}
	rate := c.stage.scenario.Guess
	if c.tries(entry) {
		length := min(c.length/trialShare, maxTrial)
		heat, err := c.heat(ctx, entry, c.limited(entry, rate*length.Seconds()), length, "trial", "")
		if err != nil {
			return err
		}
		rate = heat.Rate
		if entry.Scale != 0 {
			rate /= entry.Scale
		}
	}
	if entry.Timed {
		rate *= reserve
	}
	c.records[entry] = c.limited(entry, rate*c.length.Seconds())
	return nil
}

// limited keeps a number of records within what files and ledgers hold.
func (c *course) limited(entry *Entry, records float64) int64 {
	multiple := max(entry.Multiple, 1)
	some := int64(max(minRecords, min(records, ledger.Capacity, maxInput/float64(c.stage.size+1))))
	return max(some/multiple, 1) * multiple
}

func (c *course) measure(ctx context.Context, entry *Entry, run int) error {
	heat, err := c.heat(ctx, entry, c.records[entry], c.length, fmt.Sprintf("run %d of %d", run+1, c.Runs), "")
	if err == nil {
		c.heats[entry] = append(c.heats[entry], heat)
	}
	return err
}

// profile runs the engine once more, with a profiler, so that the profiler's cost is in no figure.
func (c *course) profile(ctx context.Context, entry *Entry) error {
	if c.Profiles == "" {
		return nil
	}
	if err := os.MkdirAll(c.Profiles, 0o750); err != nil {
		return err
	}
	path, err := filepath.Abs(filepath.Join(c.Profiles, fmt.Sprintf("%s-%d", c.stage.scenario.Name, c.stage.size)))
	if err != nil {
		return err
	}
	_, err = c.heat(ctx, entry, c.records[entry], c.length, "profile", path)
	return err
}

// heat runs one heat and keeps its problems.
func (c *course) heat(ctx context.Context, entry *Entry, records int64, length time.Duration, what, profile string) (*Heat, error) {
	c.tell(fmt.Sprintf("%s, %s, %s", c.stage, entry.Name, what))
	heat, err := c.stage.run(ctx, entry, records, length, profile)
	if err != nil {
		return nil, err
	}
	c.done++
	for _, problem := range heat.Problems {
		c.problems = append(c.problems, fmt.Sprintf("%s, %s, %s: %s", c.stage, entry.Name, what, problem))
	}
	return heat, nil
}
