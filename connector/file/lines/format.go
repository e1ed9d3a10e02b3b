package lines

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
)

// Format says what stands on a line.
type Format string

// The formats. Only Lines and NDJSON are read.
const (
	Lines    Format = "lines"    // any text, as it is
	NDJSON   Format = "ndjson"   // one JSON value
	Envelope Format = "envelope" // the whole record as a JSON object: see Append
)

// ContentType is the media type of a record read in this format.
func (f Format) ContentType() string {
	if f == Lines {
		return "text/plain"
	}
	return "application/json"
}

var (
	errNewline = errors.New("the data contains a newline, which format lines cannot hold: use ndjson or envelope")
	errNotJSON = errors.New("the data is not JSON, which format ndjson demands: use lines or envelope")
)

// Append appends record to line, as one line with its newline, and keeps nothing of it. An error is
// an AttemptError of class invalid; line then comes back as it was.
//
// Lines writes the data as it is. A newline at its end counts as the line's own; one inside cannot be
// written. NDJSON demands JSON, and takes the white space out of it where it spans lines. Envelope writes an object of
// id, key, time and headers (each where there is one), and the data under one of three names: "data" when it is
// JSON, else "text" when it is UTF-8, else "data_base64".
func (f Format) Append(line []byte, record *connector.Record) ([]byte, error) {
	switch f {
	case Envelope:
		return appendEnvelope(line, record)
	case NDJSON:
		return appendJSON(line, record.Data)
	}
	return appendText(line, record.Data)
}

func appendText(line, data []byte) ([]byte, error) {
	data = bytes.TrimSuffix(data, []byte{'\n'})
	if bytes.IndexByte(data, '\n') >= 0 {
		return line, invalid(errNewline)
	}
	return append(append(line, data...), '\n'), nil
}

func appendJSON(line, data []byte) ([]byte, error) {
	if !json.Valid(data) {
		return line, invalid(errNotJSON)
	}
	if bytes.ContainsAny(data, "\r\n") {
		var compact bytes.Buffer
		if err := json.Compact(&compact, data); err != nil {
			return line, invalid(err)
		}
		data = compact.Bytes()
	}
	return append(append(line, data...), '\n'), nil
}

// envelope is a record as Envelope writes it.
type envelope struct {
	ID      connector.RecordID `json:"id"`
	Key     string             `json:"key,omitempty"`
	Time    time.Time          `json:"time,omitzero"`
	Headers connector.Headers  `json:"headers,omitempty"`
	Data    json.RawMessage    `json:"data,omitempty"`
	Text    *string            `json:"text,omitempty"`
	Base64  *string            `json:"data_base64,omitempty"`
}

func appendEnvelope(line []byte, record *connector.Record) ([]byte, error) {
	e := envelope{ID: record.ID, Key: record.Key, Time: record.Time, Headers: record.Headers}
	switch {
	case json.Valid(record.Data):
		e.Data = record.Data
	case utf8.Valid(record.Data):
		e.Text = new(string(record.Data))
	default:
		e.Base64 = new(base64.StdEncoding.EncodeToString(record.Data))
	}
	text := bytes.NewBuffer(line)
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return line, invalid(err)
	}
	return text.Bytes(), nil
}

func invalid(err error) error {
	return &connector.AttemptError{Class: connector.Invalid, Detail: err.Error(), Err: err}
}
