package stdio

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
)

// writeBatch is the most records in one write.
const writeBatch = 256

// Stdout announces the sink.
func Stdout() connector.Definition {
	return connector.Definition{
		Name:    "stdout",
		Summary: "Writes records to standard output as lines.",
		Sink: connector.DefineSink(func(config SinkConfig, _ connector.Env) (*connector.Outlet, error) {
			outlet := connector.Single("stdout", NewSink(os.Stdout, config))
			outlet.InFlight, outlet.Batch = 1, writeBatch
			return outlet, nil
		}),
	}
}

// SinkConfig configures the sink.
type SinkConfig struct {
	Format lines.Format `config:"format" default:"lines" enum:"lines,ndjson,envelope" doc:"lines: the data as it is; it must not contain a newline. ndjson: the data must be JSON, and is put on one line. envelope: the whole record as JSON, with id, key, time and headers."`
}

// sink writes to a writer that may block for ever.
type sink struct {
	writer  io.Writer
	format  lines.Format
	running chan error // holds the result of the running write; nil when there is none
}

var _ connector.Sink = (*sink)(nil)

// NewSink makes a sink that writes to writer, one Write of it for each batch. Its Write is called by one goroutine at a time.
func NewSink(writer io.Writer, config SinkConfig) connector.Sink {
	return &sink{writer: writer, format: config.Format}
}

// Open does nothing.
func (*sink) Open(context.Context) error { return nil }

// Write returns when the lines are written or ctx ends. In the latter case they may be written all the same, and the
// next Write waits for that.
func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	var text []byte
	var results []connector.Result
	for i, record := range batch {
		var err error
		if text, err = s.format.Append(text, record); err != nil {
			if results == nil {
				results = make([]connector.Result, len(batch))
			}
			results[i].Err = err
		}
	}
	err := s.write(ctx, text)
	if err == nil {
		return results
	}
	if results == nil {
		results = make([]connector.Result, len(batch))
	}
	for i := range results {
		if results[i].Err == nil {
			results[i].Err = err
		}
	}
	return results
}

func (s *sink) write(ctx context.Context, text []byte) error {
	if err := s.finish(ctx); err != nil {
		return err
	}
	if len(text) == 0 {
		return nil
	}
	running := make(chan error, 1)
	s.running = running
	go func() {
		_, err := s.writer.Write(text)
		running <- err
	}()
	select {
	case err := <-running:
		s.running = nil
		return failed(err)
	case <-ctx.Done():
		return &connector.AttemptError{Class: connector.Classify(ctx.Err()).Class, Ambiguous: true, Err: ctx.Err()}
	}
}

// finish waits for a write whose caller went away. That one was called ambiguous, so its error is no news.
func (s *sink) finish(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	if s.running == nil {
		return nil
	}
	select {
	case <-s.running:
		s.running = nil
		return nil
	case <-ctx.Done():
		return notSent(ctx.Err())
	}
}

func notSent(err error) error {
	return &connector.AttemptError{Class: connector.Classify(err).Class, Detail: "an earlier write is not through", Err: err}
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &connector.AttemptError{Class: connector.Unavailable, Ambiguous: true, Detail: fmt.Sprintf("stdout: %v", err), Err: err}
}

// Close does nothing: every Write has written all that it was given.
func (*sink) Close(context.Context) error { return nil }
