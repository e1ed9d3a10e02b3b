package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill"
	watermillhttp "github.com/ThreeDotsLabs/watermill-http/v2/pkg/http"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/acktor/acktor/bench/process"
)

// loopTask is as much as is needed here of the task of a loop.
type loopTask struct {
	Input   string
	URLs    []string
	Workers int
}

// reverseTask is as much as is needed here of the task of a reverse loop.
type reverseTask struct {
	Address, URL string
	Connections  int
}

// watermillLoop posts the lines of a file: a router between a subscriber that reads lines and the HTTP publisher.
func watermillLoop(ctx context.Context, line *process.Line) error {
	var task loopTask
	if err := line.Task(&task); err != nil {
		return err
	}
	lines := &lines{path: task.Input, slots: make(chan struct{}, task.Workers)}
	r, err := newRoute(lines, "lines", task.URLs[0], task.Workers)
	if err != nil {
		return err
	}
	return process.Compete(ctx, line, process.Contestant{
		Start: r.start,
		Wait: func(ctx context.Context) error {
			return lines.wait(ctx)
		},
		Stop: func() (process.Report, error) {
			err := r.router.Close()
			records, delivered := lines.records.Load(), lines.delivered.Load()
			return process.Report{Records: records, Delivered: delivered, Failed: records - delivered}, err
		},
	})
}

// watermillReverse posts requests on: a router between the HTTP subscriber, which answers a request when its message was
// acknowledged, and the HTTP publisher.
func watermillReverse(ctx context.Context, line *process.Line) error {
	var task reverseTask
	if err := line.Task(&task); err != nil {
		return err
	}
	subscriber, err := watermillhttp.NewSubscriber(task.Address, watermillhttp.SubscriberConfig{}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	r, err := newRoute(subscriber, "/", task.URL, task.Connections)
	if err != nil {
		return err
	}
	return process.Compete(ctx, line, process.Contestant{
		Start: func(ctx context.Context) error {
			if err := r.start(ctx); err != nil {
				return err
			}
			go subscriber.StartHTTPServer() //nolint:errcheck // it ends with the router
			for subscriber.Addr() == nil {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			return nil
		},
		Wait: func(ctx context.Context) error { <-ctx.Done(); return nil },
		Stop: func() (process.Report, error) {
			err := r.router.Close()
			records, delivered := r.records.Load(), r.delivered.Load()
			return process.Report{Records: records, Delivered: delivered, Failed: records - delivered}, err
		},
	})
}

// route is a router with one handler that passes messages on to the HTTP publisher.
type route struct {
	router             *message.Router
	records, delivered atomic.Int64
}

func newRoute(subscriber message.Subscriber, topic, url string, connections int) (*route, error) {
	publisher, err := watermillhttp.NewPublisher(watermillhttp.PublisherConfig{
		MarshalMessageFunc: watermillhttp.DefaultMarshalMessageFunc,
		Client:             &http.Client{Transport: newTransport(connections)},
	}, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	r := &route{router: router}
	router.AddHandler("bench", topic, subscriber, url, counting{publisher, &r.delivered}, func(m *message.Message) ([]*message.Message, error) {
		r.records.Add(1)
		return []*message.Message{m}, nil
	})
	return r, nil
}

func (r *route) start(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- r.router.Run(context.WithoutCancel(ctx)) }()
	select {
	case <-r.router.Running():
		return nil
	case err := <-failed:
		return err
	}
}

// counting counts what was published.
type counting struct {
	message.Publisher
	delivered *atomic.Int64
}

func (c counting) Publish(topic string, messages ...*message.Message) error {
	err := c.Publisher.Publish(topic, messages...)
	if err == nil {
		c.delivered.Add(int64(len(messages)))
	}
	return err
}

// transport mends what would make the publisher open a connection for almost every message: too few are kept, and it does not
// read answers to their end.
type transport struct{ http.RoundTripper }

func newTransport(connections int) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
	return transport{t}
}

// RoundTrip returns a response whose body reads itself to the end when it is closed.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil {
		response.Body = drained{response.Body}
	}
	return response, err
}

type drained struct{ io.ReadCloser }

func (d drained) Close() error {
	_, _ = io.Copy(io.Discard, d.ReadCloser)
	return d.ReadCloser.Close()
}

// lines is a subscriber to the lines of a file, of which so many at once are unacknowledged.
type lines struct {
	path               string
	slots              chan struct{}
	under              sync.WaitGroup
	records, delivered atomic.Int64
	done               chan error
	stop               context.CancelFunc
}

// Subscribe begins to read.
func (l *lines) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	file, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	ctx, l.stop = context.WithCancel(ctx)
	l.done = make(chan error, 1)
	messages := make(chan *message.Message)
	go func() {
		defer close(messages)
		err := l.read(ctx, file, messages)
		l.under.Wait()
		_ = file.Close()
		l.done <- err
		<-ctx.Done() // the router takes an earlier end of the channel for its own
	}()
	return messages, nil
}

func (l *lines) read(ctx context.Context, file io.Reader, messages chan<- *message.Message) error {
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 256<<10), 1<<20)
	for ctx.Err() == nil && scanner.Scan() {
		m := message.NewMessage(watermill.NewUUID(), slices.Clone(scanner.Bytes()))
		l.slots <- struct{}{}
		l.records.Add(1)
		messages <- m
		l.under.Go(func() {
			select {
			case <-m.Acked():
				l.delivered.Add(1)
			case <-m.Nacked():
			}
			<-l.slots
		})
	}
	return scanner.Err()
}

// wait returns when every line is acknowledged, or soon after ctx has ended.
func (l *lines) wait(ctx context.Context) error {
	defer context.AfterFunc(ctx, l.stop)()
	return <-l.done
}

// Close stops reading.
func (l *lines) Close() error {
	l.stop()
	return nil
}
