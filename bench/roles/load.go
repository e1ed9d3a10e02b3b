package roles

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/measure"
	"github.com/acktor/acktor/bench/process"
)

// LoadTask says how a listening contestant is fed.
type LoadTask struct {
	URL     string
	Form    ledger.Form
	Clients int // each has a connection, and one request under way at the most
	// Rate is requests per second, evenly spaced: an open loop, whose latencies count from the moment at which a request was
	// meant to be sent, so that what waits behind a slow answer counts too. 0 is a closed loop: each client sends when it has its
	// answer.
	Rate float64
	For  time.Duration
	// Success is the status of a request that was taken; 0 is 200.
	Success int
	// Requests, if not 0, is how many are sent in all, however long that takes.
	Requests int64
	Fault    Fault
}

// LoadReport says how the requests were answered.
type LoadReport struct {
	Elapsed time.Duration
	Sent    int64
	Status  map[int]int64 // answers by status; 0 is none
	Acked   *ledger.Set   // the records whose answer was LoadTask.Success
	Latency *measure.Histogram
}

// Load is the role of a process that sends requests. It answers LoadTask with Ready, and Begin with LoadReport.
func Load(_ context.Context, line *process.Line) error {
	var task LoadTask
	if err := line.Task(&task); err != nil {
		return err
	}
	if err := line.Tell(process.Ready{}); err != nil {
		return err
	}
	if err := line.Await(process.Begin); err != nil {
		return err
	}
	l := &load{task: &task, acked: ledger.NewSet()}
	if err := line.Tell(l.run()); err != nil {
		return err
	}
	line.AwaitEnd()
	return nil
}

// load is the clients together.
type load struct {
	task  *LoadTask
	acked *ledger.Set
	sent  atomic.Int64
	began time.Time
}

// client is what one client has for itself.
type client struct {
	*load
	http    *fasthttp.HostClient
	latency *measure.Histogram
	status  map[int]int64
	body    []byte
}

func (l *load) run() LoadReport {
	host, _, _ := strings.Cut(strings.TrimPrefix(l.task.URL, "http://"), "/")
	shared := &fasthttp.HostClient{
		Addr: host, MaxConns: l.task.Clients, NoDefaultUserAgentHeader: true, MaxIdemponentCallAttempts: 1,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute,
	}
	clients := make([]*client, l.task.Clients)
	var all sync.WaitGroup
	l.began = time.Now()
	for i := range clients {
		clients[i] = &client{load: l, http: shared, latency: measure.NewHistogram(), status: map[int]int64{}}
		all.Go(clients[i].run)
	}
	all.Wait()
	report := LoadReport{
		Elapsed: time.Since(l.began), Sent: l.sent.Load(), Acked: l.acked, Status: map[int]int64{}, Latency: measure.NewHistogram(),
	}
	for _, c := range clients {
		report.Latency.Merge(c.latency)
		for status, count := range c.status {
			report.Status[status] += count
		}
	}
	return report
}

// run sends until the time is up.
func (c *client) run() {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(c.task.URL)
	request.Header.SetMethod(fasthttp.MethodPost)
	request.Header.SetContentType("application/json")
	for {
		n, intended, ok := c.next()
		if !ok {
			return
		}
		c.body = c.task.Form.Append(c.body[:0], n)
		request.SetBodyRaw(c.body)
		c.send(n, intended, request, response)
	}
}

// next returns the number of the next record and when it is meant to be sent; that moment has come.
func (c *client) next() (n int64, intended time.Time, ok bool) {
	if c.task.Requests > 0 {
		n = c.sent.Add(1)
		if n > c.task.Requests {
			c.sent.Add(-1)
		}
		return n, time.Now(), n <= c.task.Requests
	}
	if c.task.Rate == 0 {
		if now := time.Now(); now.Sub(c.began) < c.task.For {
			return c.sent.Add(1), now, true
		}
		return 0, time.Time{}, false
	}
	n = c.sent.Add(1)
	after := time.Duration(float64(n-1) / c.task.Rate * float64(time.Second))
	if after >= c.task.For {
		c.sent.Add(-1)
		return 0, time.Time{}, false
	}
	intended = c.began.Add(after)
	time.Sleep(time.Until(intended))
	return n, intended, true
}

func (c *client) send(n int64, intended time.Time, request *fasthttp.Request, response *fasthttp.Response) {
	status := cmp.Or(c.task.Success, fasthttp.StatusOK)
	c.task.Fault.apply(n, func(n int64) {
		if n == invented {
			request.SetBodyRaw(inventedData())
		}
		status = 0
		if err := c.http.Do(request, response); err == nil {
			status = response.StatusCode()
		}
	})
	c.latency.Record(time.Since(intended), 1)
	c.status[status]++
	if status == cmp.Or(c.task.Success, fasthttp.StatusOK) {
		c.acked.Add(n)
	}
}
