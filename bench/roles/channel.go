package roles

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
)

// ChannelTask is for a pipeline of goroutines and channels within one process.
type ChannelTask struct {
	Records int64
	Size    int
	Callers int // of ChannelCallers
	Workers int // of ChannelCallers
	Fault   Fault
}

const channelBuffer = 1024

// item is what such a pipeline would hold of a record.
type item struct {
	id   string
	n    int64
	data []byte
}

// Channel is the role of a pipeline that makes records, takes them, and counts what became of them: a goroutine for each.
func Channel(ctx context.Context, line *process.Line) error {
	var task ChannelTask
	if err := line.Task(&task); err != nil {
		return err
	}
	taken := newTaken(task.Fault)
	var made, delivered int64
	return process.Compete(ctx, line, process.Contestant{
		Start: func(context.Context) error { return nil },
		Wait: func(ctx context.Context) error {
			records, outcomes := make(chan *item, channelBuffer), make(chan *item, channelBuffer)
			go func() {
				defer close(outcomes)
				for record := range records {
					taken.take(record.n)
					outcomes <- record
				}
			}()
			go func() {
				defer close(records)
				data := make([]byte, task.Size)
				for n := int64(1); n <= task.Records && ctx.Err() == nil; n++ {
					made++
					records <- &item{id: "run-" + strconv.FormatInt(n, 10), n: n, data: data}
				}
			}()
			for range outcomes {
				delivered++
			}
			return nil
		},
		Stop: func() (process.Report, error) {
			return process.Report{Records: made, Delivered: delivered, Taken: taken.page()}, nil
		},
	})
}

// ChannelCallers is the role of a pool of workers whose callers wait, each for its own answer.
func ChannelCallers(ctx context.Context, line *process.Line) error {
	var task ChannelTask
	if err := line.Task(&task); err != nil {
		return err
	}
	type request struct {
		item   *item
		answer chan<- error
	}
	requests := make(chan request, task.Callers)
	taken := newTaken(task.Fault)
	calls := &callers{records: task.Records, count: task.Callers}
	return process.Compete(ctx, line, process.Contestant{
		Start: func(context.Context) error {
			for range task.Workers {
				go func() {
					for r := range requests {
						taken.take(r.item.n)
						r.answer <- nil
					}
				}()
			}
			return nil
		},
		Wait: func(ctx context.Context) error {
			calls.run(ctx, func() func(int64) error {
				answer := make(chan error, 1)
				return func(n int64) error {
					requests <- request{&item{id: "run-" + strconv.FormatInt(n, 10), n: n, data: make([]byte, task.Size)}, answer}
					return <-answer
				}
			})
			return nil
		},
		Stop: func() (process.Report, error) {
			close(requests)
			return calls.report(taken), nil
		},
	})
}

// callers call a function for one record after the other, each one at a time.
type callers struct {
	records int64
	count   int

	sent, delivered, failed atomic.Int64
	latency                 *measure.Histogram
	why                     atomic.Pointer[string] // of the last failure
}

// run returns when every record was sent and answered, or when ctx ends. prepare is called once for each caller.
func (c *callers) run(ctx context.Context, prepare func() func(n int64) error) {
	histograms := make([]*measure.Histogram, c.count)
	var all sync.WaitGroup
	for i := range histograms {
		histograms[i] = measure.NewHistogram()
		all.Go(func() { c.one(ctx, prepare(), histograms[i]) })
	}
	all.Wait()
	c.latency = measure.NewHistogram()
	c.latency.Merge(histograms...)
}

func (c *callers) one(ctx context.Context, call func(n int64) error, latency *measure.Histogram) {
	for ctx.Err() == nil {
		n := c.sent.Add(1)
		if n > c.records {
			c.sent.Add(-1)
			return
		}
		began := time.Now()
		if err := call(n); err != nil {
			c.failed.Add(1)
			c.why.Store(new(err.Error()))
		} else {
			c.delivered.Add(1)
		}
		latency.Record(time.Since(began), 1)
	}
}

func (c *callers) report(taken *taken) process.Report {
	report := process.Report{
		Records: c.sent.Load(), Delivered: c.delivered.Load(), Failed: c.failed.Load(), Latency: c.latency, Taken: taken.page(),
	}
	if why := c.why.Load(); why != nil {
		report.Failures = []string{*why}
	}
	return report
}

// taken is the ledger of an end within the process. It must cost next to nothing, and so does not look at the order.
type taken struct {
	seen                  *ledger.Set
	duplicates, strangers atomic.Int64
	fault                 Fault
}

func newTaken(fault Fault) *taken { return &taken{seen: ledger.NewSet(), fault: fault} }

func (t *taken) take(n int64) {
	if n == faultAt {
		t.fault.apply(n, t.note)
		return
	}
	t.note(n)
}

func (t *taken) note(n int64) {
	switch {
	case !t.seen.Holds(n):
		t.strangers.Add(1)
	case !t.seen.Add(n):
		t.duplicates.Add(1)
	}
}

func (t *taken) page() *ledger.Page {
	return &ledger.Page{Seen: t.seen, Duplicates: t.duplicates.Load(), Strangers: t.strangers.Load()}
}
