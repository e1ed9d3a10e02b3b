package roles

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/process"
)

// TargetTask says which receiving ends there are.
type TargetTask struct{ Ends []End }

// End is one receiving end, an HTTP server of its own. The zero value takes everything at once.
type End struct {
	Delay     time.Duration // before each answer
	FailEvery int64         // each so manieth request is answered 500 and not taken; 0: none
	Refuse    bool          // nobody listens
	Hang      bool          // connections are accepted, and nothing is ever answered
	Fault     Fault         // of the ledger itself
}

// TargetReady says where the ends are.
type TargetReady struct{ URLs []string }

// EndTally is what one end saw since the last reset.
type EndTally struct {
	ledger.Page
	Requests, Connections int64
}

// Count asks a target how many different records each end took.
const Count process.Command = "count"

// Target is the role of a process that takes records and keeps a ledger. It answers TargetTask with TargetReady, and then
// Tally with []EndTally, Count with []int64 and Reset, when nothing is under way, with null.
func Target(ctx context.Context, line *process.Line) error {
	var task TargetTask
	if err := line.Task(&task); err != nil {
		return err
	}
	var ready TargetReady
	var ends []*end
	for _, behaviour := range task.Ends {
		e, err := open(behaviour)
		if err != nil {
			return err
		}
		ends = append(ends, e)
		ready.URLs = append(ready.URLs, fmt.Sprintf("http://%s/", e.listener.Addr()))
	}
	if err := line.Tell(ready); err != nil {
		return err
	}
	for {
		select {
		case command := <-line.Commands():
			if err := line.Tell(obey(ends, command)); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func obey(ends []*end, command process.Command) any {
	switch command {
	case process.Tally:
		tallies := make([]EndTally, len(ends))
		for i, e := range ends {
			tallies[i] = EndTally{Page: e.book().Page(), Requests: e.requests.Load(), Connections: e.listener.accepted.Load()}
		}
		return tallies
	case Count:
		counts := make([]int64, len(ends))
		for i, e := range ends {
			counts[i] = e.book().Count()
		}
		return counts
	default:
		for _, e := range ends {
			e.reset()
		}
		return nil
	}
}

// end is one receiving end.
type end struct {
	behaviour End
	listener  *countingListener
	ledger    atomic.Pointer[ledger.Ledger]
	requests  atomic.Int64
	underWay  atomic.Int64
}

func open(behaviour End) (*end, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &end{behaviour: behaviour, listener: &countingListener{Listener: listener}}
	e.ledger.Store(ledger.New())
	switch {
	case behaviour.Refuse:
		return e, listener.Close()
	case behaviour.Hang:
		go e.hang()
	default:
		server := &fasthttp.Server{Handler: e.serve, NoDefaultServerHeader: true, NoDefaultDate: true, MaxRequestBodySize: 64 << 20}
		go server.Serve(e.listener) //nolint:errcheck // it ends with the process
	}
	return e, nil
}

func (e *end) book() *ledger.Ledger { return e.ledger.Load() }

// reset begins a new ledger once nothing is under way.
func (e *end) reset() {
	for e.underWay.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	e.ledger.Store(ledger.New())
	e.requests.Store(0)
	e.listener.accepted.Store(0)
}

func (e *end) serve(ctx *fasthttp.RequestCtx) {
	e.underWay.Add(1)
	defer e.underWay.Add(-1)
	n := e.requests.Add(1)
	if e.behaviour.Delay > 0 {
		time.Sleep(e.behaviour.Delay)
	}
	ctx.Response.Header.SetContentType("text/plain")
	switch {
	case e.behaviour.FailEvery > 0 && n%e.behaviour.FailEvery == 0:
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
	case !e.take(n, ctx.PostBody()):
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
	}
	ctx.SetBodyString("ok")
}

// take notes the records of request n.
func (e *end) take(n int64, body []byte) (ok bool) {
	ok = true
	e.behaviour.Fault.apply(n, func(n int64) {
		if n == invented {
			body = inventedData()
		}
		ok = e.book().Take(body)
	})
	return ok
}

// hang accepts and holds connections.
func (e *end) hang() {
	for {
		connection, err := e.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			var sink [1024]byte
			for { // until the client gives up
				if _, err := connection.Read(sink[:]); err != nil {
					_ = connection.Close()
					return
				}
			}
		}()
	}
}

type countingListener struct {
	net.Listener
	accepted atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return connection, err
}
