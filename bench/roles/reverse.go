package roles

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/acktor/acktor/bench/process"
)

// ReverseTask is for the reverse loop that one would write by hand: each request is posted on, and answered when that was.
type ReverseTask struct {
	HTTP        string // NetHTTP or FastHTTP
	Address     string // to listen on
	URL         string // to post to
	Connections int    // to post with
	Fault       Fault
}

// Reverse is the role of the reverse loop.
func Reverse(ctx context.Context, line *process.Line) error {
	var task ReverseTask
	if err := line.Task(&task); err != nil {
		return err
	}
	post, err := poster(task.HTTP, task.Connections)
	if err != nil {
		return err
	}
	r := &reverse{url: task.URL, post: spoil(post, task.Fault)}
	return process.Compete(ctx, line, process.Contestant{
		Start: func(context.Context) error { return r.start(task) },
		Wait:  func(ctx context.Context) error { <-ctx.Done(); return nil },
		Stop:  r.stop,
	})
}

type reverse struct {
	url      string
	post     func(url string, body []byte) error
	shutdown func() error

	records, delivered atomic.Int64
}

// answerBody is what a caller is told in the end.
const answerBody = `{"outcome":"delivered"}`

func (r *reverse) start(task ReverseTask) error {
	listener, err := net.Listen("tcp", task.Address)
	if err != nil {
		return err
	}
	if task.HTTP == FastHTTP {
		server := &fasthttp.Server{Handler: r.serveFast, NoDefaultServerHeader: true}
		r.shutdown = server.Shutdown
		go server.Serve(listener) //nolint:errcheck // it ends with Shutdown
		return nil
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	r.shutdown = server.Close
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	return nil
}

// pass posts a body on and reports whether it was taken.
func (r *reverse) pass(body []byte) bool {
	r.records.Add(1)
	if r.post(r.url, body) != nil {
		return false
	}
	r.delivered.Add(1)
	return true
}

// ServeHTTP passes a request on and answers it.
func (r *reverse) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil || !r.pass(body) {
		http.Error(w, "not delivered", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answerBody)
}

func (r *reverse) serveFast(ctx *fasthttp.RequestCtx) {
	if !r.pass(ctx.PostBody()) {
		ctx.Error("not delivered", fasthttp.StatusBadGateway)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBodyString(answerBody)
}

func (r *reverse) stop() (process.Report, error) {
	if err := r.shutdown(); err != nil && !errors.Is(err, net.ErrClosed) {
		return process.Report{}, err
	}
	records, delivered := r.records.Load(), r.delivered.Load()
	return process.Report{Records: records, Delivered: delivered, Failed: records - delivered}, nil
}
