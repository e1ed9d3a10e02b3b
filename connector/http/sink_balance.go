package http

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor/connector"
)

// balancer chooses among the URLs of a sink. One that failed rests for a while, as long as another works, so that
// a retry goes to the next. Any number of goroutines use it.
type balancer struct {
	rest    time.Duration
	rotate  bool // round robin; else the first that works
	started time.Time
	next    atomic.Uint64
	failed  []atomic.Int64 // when each failed last, in nanoseconds after started; 0: it works
}

func newBalancer(config *SinkConfig, targets int) *balancer {
	return &balancer{
		rest: config.RestFor, rotate: config.Balance != balanceFailover,
		started: time.Now(), failed: make([]atomic.Int64, targets),
	}
}

// pick returns the index of the URL for the next request: where all rest, the one that failed longest ago.
func (b *balancer) pick() int {
	n := len(b.failed)
	if n == 1 {
		return 0
	}
	first := 0
	if b.rotate {
		first = int((b.next.Add(1) - 1) % uint64(n))
	}
	now, oldest := int64(time.Since(b.started)), first
	for k := range n {
		i := (first + k) % n
		at := b.failed[i].Load()
		if at == 0 || now-at >= int64(b.rest) {
			return i
		}
		if at < b.failed[oldest].Load() {
			oldest = i
		}
	}
	return oldest
}

// report says how a request to URL i went.
func (b *balancer) report(i int, err error) {
	if len(b.failed) == 1 {
		return
	}
	if err == nil {
		b.failed[i].Store(0)
	} else if tellsOfHealth(connector.Classify(err).Class) {
		b.failed[i].Store(max(1, int64(time.Since(b.started))))
	}
}

func tellsOfHealth(class connector.Class) bool {
	switch class {
	case connector.ConnectTimeout, connector.Refused, connector.DNS, connector.TLS, connector.Reset,
		connector.Timeout, connector.Throttled, connector.Unavailable, connector.Parse:
		return true
	}
	return false
}

// balanced sends records to one of the URLs.
func (s *sink) balanced(ctx context.Context, records []*connector.Record, results []connector.Result) {
	i := s.balance.pick()
	s.sendTo(ctx, s.plan.targets[i], records, results)
	for _, result := range results {
		s.balance.report(i, result.Err)
	}
}

// broadcast sends records to all URLs at once. A record is delivered when all have taken it, perhaps in several attempts.
func (s *sink) broadcast(ctx context.Context, records []*connector.Record, results []connector.Result) {
	targets := s.plan.targets
	each := make([][]connector.Result, len(targets))
	var wait sync.WaitGroup
	for i, t := range targets {
		each[i] = make([]connector.Result, len(records))
		wait.Go(func() {
			defer recovered(each[i])
			s.taken.through(t.template.String(), records, each[i], func(rest []*connector.Record, fresh []connector.Result) {
				s.sendTo(ctx, t, rest, fresh)
			})
		})
	}
	wait.Wait()
	for r := range records {
		results[r] = merge(targets, each, r)
	}
}

// recovered turns a panic into the result of the records: it must not leave its goroutine.
func recovered(results []connector.Result) {
	value := recover()
	if value == nil {
		return
	}
	for i := range results {
		results[i] = connector.Result{Err: &connector.PanicError{Value: value, Stack: debug.Stack()}}
	}
}

// merge makes one result of what the URLs did with record r. A failure that may be retried goes before one that may
// not, since another attempt reaches those that have not taken the record yet.
func merge(targets []*target, each [][]connector.Result, r int) connector.Result {
	var failure *connector.AttemptError
	worst, delivered, after := 0, 0, time.Duration(0)
	ambiguous := false
	for i := range each {
		err := each[i][r].Err
		if err == nil {
			delivered++
			continue
		}
		one := connector.Classify(err)
		ambiguous = ambiguous || one.Ambiguous
		after = max(after, one.After)
		if failure == nil || one.Class.Retryable() && !failure.Class.Retryable() {
			failure, worst = one, i
		}
	}
	if failure == nil {
		return each[0][r]
	}
	merged := *failure
	merged.Ambiguous, merged.After = ambiguous || delivered > 0, after
	merged.Detail = connector.Bound(fmt.Sprintf("%s (%d of %d URLs took the record): %s",
		targets[worst].origin, delivered, len(targets), failure.Detail), maxDetail)
	return connector.Result{Err: &merged, Response: each[worst][r].Response}
}
