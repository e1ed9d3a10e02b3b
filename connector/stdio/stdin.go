package stdio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
	"github.com/acktor/acktor/field"
)

// Stdin announces the source.
func Stdin() connector.Definition {
	return connector.Definition{
		Name:    "stdin",
		Summary: "Reads lines from standard input.",
		Source: connector.DefineSource(func(config SourceConfig, _ connector.Env) (connector.Source, error) {
			return NewSource(os.Stdin, config)
		}),
	}
}

// SourceConfig configures the source.
type SourceConfig struct {
	Format  lines.Format `config:"format" default:"lines" enum:"lines,ndjson" doc:"lines: every line is a record. ndjson: every line that is not blank is a record of type application/json."`
	MaxLine field.Bytes  `config:"max_line" default:"1MiB" min:"1" max:"1GiB" doc:"Longest line. A longer one stops the source with an error."`
}

// source reads lines from a reader that may block for ever.
type source struct {
	input  *input
	lines  *lines.Splitter
	stamp  lines.Stamp
	ended  bool                // the input is at its end; the splitter may hold a last line
	resend []*connector.Record // handed over before the source was opened again, not settled since

	mu        sync.Mutex // Settle comes from another goroutine than Read
	unsettled unsettled
}

var _ connector.Source = (*source)(nil)

// NewSource makes a source of the lines of reader. Reader is read in a goroutine that Close does not wait for: after it, the last read
// may still be blocked.
func NewSource(reader io.Reader, config SourceConfig) (connector.Source, error) {
	headers := connector.Headers{{Name: "content-type", Value: config.Format.ContentType()}}
	return &source{
		input: newInput(reader),
		lines: lines.NewSplitter(config.Format, int(config.MaxLine)),
		stamp: lines.Stamp{Prefix: rand.Text()[:12] + "-", Headers: headers},
	}, nil
}

// Open makes ready to hand over again what is not settled.
func (s *source) Open(context.Context, []connector.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resend = s.unsettled.records()
	return nil
}

// Read returns the lines at hand, or waits for a block of input.
func (s *source) Read(ctx context.Context, max connector.Credit) ([]*connector.Record, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if again := s.again(max); len(again) > 0 {
			return again, nil
		}
		s.stamp.Time = time.Now()
		records, err := s.lines.Records(max, s.ended, &s.stamp)
		switch {
		case err != nil:
			return nil, &connector.PermanentError{Err: fmt.Errorf("stdin: %w", err)}
		case len(records) > 0:
			s.keep(records)
			return records, nil
		case s.ended:
			return nil, connector.ErrEndOfSource
		}
		n, err := s.input.read(ctx, s.lines.Space())
		s.lines.Fill(n)
		if s.ended = errors.Is(err, io.EOF); err != nil && !s.ended {
			return nil, err
		}
	}
}

// again returns the next records that were handed over before and not settled since.
func (s *source) again(credit connector.Credit) (records []*connector.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.resend) > 0 && len(records) < credit.Records {
		record := s.resend[0]
		if s.unsettled.has(record) {
			if credit.Bytes -= record.Size(); credit.Bytes < 0 && len(records) > 0 {
				break
			}
			records = append(records, record)
		}
		s.resend = s.resend[1:]
	}
	return records
}

func (s *source) keep(records []*connector.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled.add(records)
}

// Settle forgets the records.
func (s *source) Settle(_ context.Context, settled []connector.Settled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range settled {
		s.unsettled.remove(settled[i].Record)
	}
	return nil
}

// Close leaves the input as it is: what is read and not handed over is kept for the next Open.
func (s *source) Close(context.Context) error { return nil }
