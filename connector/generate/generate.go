package generate

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// Definition announces the connector.
func Definition() connector.Definition {
	return connector.Definition{
		Name:    "generate",
		Summary: "Makes records up, at a rate or as fast as they are taken.",
		Source:  connector.DefineSource(NewSource),
	}
}

// SourceConfig configures a source.
type SourceConfig struct {
	Rate  float64             `config:"rate" min:"0" max:"1e9" example:"100" doc:"Records per second; 0 means as fast as they are taken."`
	Count int64               `config:"count" min:"0" example:"1000" doc:"Records until the source ends; 0 means that it never does."`
	Size  field.Bytes         `config:"size" default:"200" min:"0" max:"64MiB" doc:"Bytes of data in each record, where data is not set: a JSON object, or digits where there is no room for one."`
	Data  expression.Template `config:"data" example:"{\"order\": {{ record.headers.seq }}}" doc:"The data. The template sees the record's id, key, time and the header seq, its number."`
	Keys  int                 `config:"keys" min:"0" example:"10" doc:"How many different keys the records have in turn, key-0 and so on; 0 means no key."`
}

// source makes records. Everything but the configuration belongs to the goroutine that reads.
type source struct {
	config SourceConfig
	run    string // begins the ids, and recognises positions of this run
	data   []byte // of every record; nil when there is a template
	scope  *expression.Scope

	made  int64 // the number of the last record
	pace  pace
	slate []byte // reused for ids and keys
}

var _ connector.Source = (*source)(nil)

// NewSource makes a source.
func NewSource(config SourceConfig, _ connector.Env) (connector.Source, error) {
	s := &source{config: config, run: rand.Text()[:12], pace: pace{rate: config.Rate}}
	if config.Data.IsZero() {
		s.data = filler(int(config.Size))
	} else {
		s.scope = expression.NewScope()
	}
	return s, nil
}

// filler returns JSON of exactly size bytes.
func filler(size int) []byte {
	const before, after = `{"pad":"`, `"}`
	if size < len(before)+len(after) {
		return bytes.Repeat([]byte{'1'}, size)
	}
	pad := bytes.Repeat([]byte{'x'}, size-len(before)-len(after))
	return append(append([]byte(before), pad...), after...)
}

// Open goes on behind the position of this run in from, or at the beginning.
func (s *source) Open(_ context.Context, from []connector.Position) error {
	s.made = 0
	for _, position := range from {
		if position.Token == s.run {
			s.made = position.Offset
		}
	}
	s.pace.begin(time.Now())
	return nil
}

// Read waits until the next record is due.
func (s *source) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	count := int64(min(credit.Records, maxBatch))
	if s.config.Count > 0 {
		count = min(count, s.config.Count-s.made)
	}
	if count <= 0 {
		return nil, connector.ErrEndOfSource
	}
	count, err := s.pace.take(ctx, count)
	if err != nil {
		return nil, err
	}
	if s.scope != nil {
		return s.fromTemplate(int(count), credit.Bytes)
	}
	return s.build(int(count), credit.Bytes), nil
}

// fromTemplate makes records whose size is known only when they are made.
func (s *source) fromTemplate(count, credit int) ([]*connector.Record, error) {
	first := s.made
	records := s.build(count, 1<<62)
	for i, record := range records {
		s.scope.Reset(record, nil)
		text, err := s.config.Data.Render(s.scope)
		if err != nil {
			s.made = first
			return nil, &connector.PermanentError{Err: fmt.Errorf("generate: data of record %s: %w", record.ID, err)}
		}
		record.Data = []byte(text)
		if credit -= record.Size(); credit < 0 && i > 0 {
			s.pace.giveBack(len(records) - i)
			s.made = first + int64(i)
			return records[:i:i], nil
		}
	}
	return records, nil
}

// keyOf appends the key of record number n.
func (s *source) keyOf(text []byte, n int64) []byte {
	if s.config.Keys == 0 {
		return text
	}
	return strconv.AppendInt(append(text, "key-"...), (n-1)%int64(s.config.Keys), 10)
}

// Settle does nothing.
func (s *source) Settle(context.Context, []connector.Settled) error { return nil }

// Close does nothing.
func (s *source) Close(context.Context) error { return nil }
