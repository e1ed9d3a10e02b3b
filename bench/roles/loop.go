package roles

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/acktor/acktor/bench/process"
)

// LoopTask is for the loop that one would write by hand: a file is read line by line, and workers post the lines.
type LoopTask struct {
	HTTP    string // NetHTTP or FastHTTP
	Input   string
	URLs    []string // each line is posted to all of them
	Workers int
	Batch   int // lines in one request, as a JSON array; 0 and 1 mean one line as it is
	// ByKey gives the lines of one key to one worker, so that they are posted in their order.
	ByKey bool
	Fault Fault
}

// Loop is the role of the loop.
func Loop(ctx context.Context, line *process.Line) error {
	var task LoopTask
	if err := line.Task(&task); err != nil {
		return err
	}
	post, err := poster(task.HTTP, task.Workers)
	if err != nil {
		return err
	}
	l := &loop{task: &task, post: spoil(post, task.Fault)}
	return process.Compete(ctx, line, process.Contestant{
		Start: func(context.Context) error { return nil },
		Wait:  l.run,
		Stop:  l.report,
	})
}

type loop struct {
	task *LoopTask
	post func(url string, body []byte) error

	records, delivered, failed atomic.Int64
	why                        atomic.Pointer[string] // of the last failure
}

// job is a body and how many records it holds.
type job struct {
	body    []byte
	records int64
}

// run reads lines and hands them to the workers.
func (l *loop) run(ctx context.Context) error {
	queues := make([]chan job, 1)
	if l.task.ByKey {
		queues = make([]chan job, l.task.Workers)
	}
	for i := range queues {
		queues[i] = make(chan job, l.task.Workers)
	}
	var workers sync.WaitGroup
	for i := range l.task.Workers {
		workers.Go(func() { l.work(queues[i%len(queues)]) })
	}
	err := l.read(ctx, queues)
	for _, queue := range queues {
		close(queue)
	}
	workers.Wait()
	return err
}

func (l *loop) read(ctx context.Context, queues []chan job) error {
	if l.task.Batch > 1 {
		return l.readBatches(ctx, queues[0])
	}
	seed := maphash.MakeSeed()
	return eachLine(ctx, l.task.Input, func(line []byte) error {
		l.records.Add(1)
		queue := queues[0]
		if l.task.ByKey {
			var content struct{ Key string }
			if err := json.Unmarshal(line, &content); err != nil {
				return err
			}
			queue = queues[maphash.String(seed, content.Key)%uint64(len(queues))]
		}
		queue <- job{slices.Clone(line), 1}
		return nil
	})
}

func (l *loop) readBatches(ctx context.Context, queue chan<- job) error {
	var batch job
	flush := func() {
		if batch.records > 0 {
			queue <- job{append(batch.body, ']'), batch.records}
			batch = job{body: make([]byte, 0, len(batch.body)+len(batch.body)/8)}
		}
	}
	err := eachLine(ctx, l.task.Input, func(line []byte) error {
		l.records.Add(1)
		separator := byte(',')
		if batch.records == 0 {
			separator = '['
		}
		batch.body = append(append(batch.body, separator), bytes.TrimSpace(line)...)
		if batch.records++; batch.records == int64(l.task.Batch) {
			flush()
		}
		return nil
	})
	flush()
	return err
}

func (l *loop) work(jobs <-chan job) {
	for j := range jobs {
		if err := l.postAll(j.body); err != nil {
			l.failed.Add(j.records)
			l.why.Store(new(err.Error()))
			continue
		}
		l.delivered.Add(j.records)
	}
}

func (l *loop) postAll(body []byte) error {
	for _, url := range l.task.URLs {
		if err := l.post(url, body); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) report() (process.Report, error) {
	report := process.Report{Records: l.records.Load(), Delivered: l.delivered.Load(), Failed: l.failed.Load()}
	if why := l.why.Load(); why != nil {
		report.Failures = []string{*why}
	}
	return report, nil
}
