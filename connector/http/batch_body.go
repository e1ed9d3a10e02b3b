package http

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// element writes what stands for one record in a batch, which must not spoil the others: one JSON value, without line
// breaks where lines separate. The error is of class invalid.
func (s *sink) element(scope *expression.Scope, record *connector.Record) ([]byte, error) {
	if s.config.BatchFormat == batchEvents {
		event, err := encodeStructured(record)
		if err != nil {
			return nil, invalid("%w", err)
		}
		return event, nil
	}
	value := record.Data
	if s.format == formatTemplate {
		text, err := s.config.Body.Render(scope)
		if err != nil {
			return nil, invalid("body: %w", err)
		}
		value = []byte(text)
	}
	if s.config.BatchFormat == batchArray || !bytes.ContainsAny(value, "\r\n") {
		if !gjson.ValidBytes(value) {
			return nil, invalid("the record is not JSON, which a batch in the form %s demands", s.config.BatchFormat)
		}
		return value, nil
	}
	var line bytes.Buffer
	if err := json.Compact(&line, value); err != nil {
		return nil, invalid("the record is not JSON, which a batch in the form %s demands: %w", s.config.BatchFormat, err)
	}
	return line.Bytes(), nil
}

// join makes the body of a batch.
func (s *sink) join(elements [][]byte) []byte {
	size := len("[]")
	for _, element := range elements {
		size += len(element) + 1
	}
	body := make([]byte, 0, size)
	if s.config.BatchFormat == batchNDJSON {
		for _, element := range elements {
			body = append(append(body, element...), '\n')
		}
		return body
	}
	body = append(body, '[')
	for i, element := range elements {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, element...)
	}
	return append(body, ']')
}

func batchContentType(format string) string {
	switch format {
	case batchEvents:
		return batchType
	case batchNDJSON:
		return "application/x-ndjson"
	}
	return "application/json"
}
