package http

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
)

// event is a CloudEvent on its way into a record: the attributes as headers (values decoded, not
// percent-encoded), in the order in which they came.
type event struct {
	id      string
	time    time.Time // zero when the event has none
	headers connector.Headers
	data    []byte
}

// errTooManyEvents is returned by decodeBatch for a batch that is longer than allowed.
var errTooManyEvents = errors.New("http: too many events in one batch")

// claimsEvent says whether a request claims to be a CloudEvent in the binary mode. ce-id alone does not: plain
// requests may use it to name their record.
func claimsEvent(headers connector.Headers) bool {
	return headers.Has("ce-specversion") || headers.Has("ce-type") || headers.Has("ce-source")
}

// decodeBinary reads a CloudEvent in the HTTP binary mode from the headers of its request. It decodes the values
// of the ce- headers in place. The error is an *eventError.
func decodeBinary(headers connector.Headers, data []byte) (event, error) {
	attributes := make([]attribute, 0, len(headers))
	for i := range headers {
		header := &headers[i]
		name, ok := strings.CutPrefix(header.Name, attributePrefix)
		if !ok {
			continue
		}
		value, err := decodeHeader(header.Value)
		if err != nil {
			return event{}, &eventError{name, err.Error()}
		}
		if name == "datacontenttype" {
			return event{}, &eventError{name, "is content-type in the binary mode"}
		}
		header.Value = value
		attributes = append(attributes, attribute{name, value})
	}
	if contentType := headers.Get("content-type"); contentType != "" {
		attributes = append(attributes, attribute{"datacontenttype", contentType})
	}
	if err := checkAttributes(attributes); err != nil {
		return event{}, err
	}
	e := event{headers: headers, data: data}
	e.note(attributes)
	return e, nil
}

// note keeps what a record has fields for.
func (e *event) note(attributes []attribute) {
	for _, a := range attributes {
		switch a.name {
		case "id":
			e.id = a.value
		case "time":
			e.time, _ = time.Parse(time.RFC3339Nano, a.value) // checkAttributes has parsed it before
		}
	}
}

// decodeHeader undoes quoting and one round of percent-encoding (HTTP protocol binding 1.0.2, section 3.1.3.2).
func decodeHeader(value string) (string, error) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = unquote(value[1 : len(value)-1])
	}
	if !strings.Contains(value, "%") {
		return value, nil
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] != '%' {
			out = append(out, value[i])
			continue
		}
		if i+2 >= len(value) {
			return "", errors.New("ends within a percent-encoded character")
		}
		c, err := strconv.ParseUint(value[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("%q is not a percent-encoded character", value[i:i+3])
		}
		out = append(out, byte(c))
		i += 2
	}
	return string(out), nil
}

// unquote takes the backslashes out of what stood between double quotes (RFC 9110, section 5.6.4).
func unquote(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		out = append(out, text[i])
	}
	return string(out)
}

// decodeStructured reads one CloudEvent in the JSON event format. The error is an *eventError.
func decodeStructured(body []byte) (event, error) {
	decoder, err := startJSON(body)
	if err != nil {
		return event{}, err
	}
	e, err := decodeEvent(decoder)
	if err != nil {
		return event{}, err
	}
	return e, endJSON(decoder)
}

// decodeBatch reads a JSON array of at most limit CloudEvents, which may be empty. The error is an *eventError, or
// errTooManyEvents.
func decodeBatch(body []byte, limit int) ([]event, error) {
	decoder, err := startJSON(body)
	if err != nil {
		return nil, err
	}
	if err := expect(decoder, json.Delim('['), "a batch must be a JSON array"); err != nil {
		return nil, err
	}
	var events []event
	for decoder.More() {
		if len(events) == limit {
			return nil, errTooManyEvents
		}
		e, err := decodeEvent(decoder)
		if breach, ok := errors.AsType[*eventError](err); ok {
			breach.Text += fmt.Sprintf(" (event %d of the batch)", len(events)+1)
		}
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(err)
	}
	return events, endJSON(decoder)
}

func startJSON(body []byte) (*json.Decoder, error) {
	if !utf8.Valid(body) {
		return nil, &eventError{Text: "the body is not UTF-8"}
	}
	return json.NewDecoder(bytes.NewReader(body)), nil
}

func endJSON(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &eventError{Text: "the body goes on behind the end of the JSON value"}
	}
	return nil
}

func expect(decoder *json.Decoder, want json.Token, otherwise string) error {
	token, err := decoder.Token()
	if err != nil {
		return notJSON(err)
	}
	if token != want {
		return &eventError{Text: otherwise}
	}
	return nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &eventError{Text: "the JSON ends too early"}
	}
	return &eventError{Text: "is not JSON: " + err.Error()}
}

// members is a CloudEvent in the JSON event format, taken apart.
type members struct {
	attributes   []attribute
	data, base64 json.RawMessage // nil when absent
}

func decodeEvent(decoder *json.Decoder) (event, error) {
	m, err := readMembers(decoder)
	if err != nil {
		return event{}, err
	}
	if err := checkAttributes(m.attributes); err != nil {
		return event{}, err
	}
	e := event{headers: make(connector.Headers, 0, len(m.attributes)+8)}
	contentType := ""
	for _, a := range m.attributes {
		name := attributePrefix + a.name
		if a.name == "datacontenttype" {
			name, contentType = "content-type", a.value
		}
		e.headers = append(e.headers, connector.Header{Name: name, Value: a.value})
	}
	e.note(m.attributes)
	e.data, err = m.decodeData(contentType)
	return e, err
}

func readMembers(decoder *json.Decoder) (members, error) {
	m := members{attributes: make([]attribute, 0, 8)}
	if err := expect(decoder, json.Delim('{'), "an event must be a JSON object"); err != nil {
		return m, err
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return m, notJSON(err)
		}
		name, _ := token.(string) // a member's name is always a string
		if err := m.read(decoder, name); err != nil {
			return m, err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return m, notJSON(err)
	}
	return m, nil
}

func (m *members) read(decoder *json.Decoder, name string) error {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return notJSON(err)
	}
	switch name {
	case "data":
		return keep(&m.data, name, raw)
	case "data_base64":
		return keep(&m.base64, name, raw)
	}
	value, present, err := attributeValue(raw)
	if err != nil {
		return &eventError{name, err.Error()}
	}
	if present {
		m.attributes = append(m.attributes, attribute{name, value})
	}
	return nil
}

func keep(member *json.RawMessage, name string, raw json.RawMessage) error {
	if *member != nil {
		return &eventError{name, "is there twice"}
	}
	*member = raw
	return nil
}

// attributeValue is the canonical string of an attribute: a string, a Boolean, or an Integer of 32 bits
// (CloudEvents 1.0, section 3.2). null stands for an attribute that is not there.
func attributeValue(raw json.RawMessage) (value string, present bool, err error) {
	switch raw[0] {
	case 'n':
		return "", false, nil
	case '"':
		err := json.Unmarshal(raw, &value)
		return value, true, err
	case 't', 'f':
		return string(raw), true, nil
	case '{', '[':
		return "", false, errors.New("must be a string, a Boolean or an integer")
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return "", false, errors.New("a number must be an integer of 32 bits")
	}
	return strconv.FormatInt(n, 10), true, nil
}

// decodeData returns the event's data, nil when it has none. JSON comes as it stood in the body, byte for byte.
func (m *members) decodeData(contentType string) ([]byte, error) {
	switch {
	case m.data != nil && m.base64 != nil:
		return nil, &eventError{"data_base64", "must not be there beside data"}
	case m.base64 != nil:
		return decodeBase64(m.base64)
	case m.data == nil:
		return nil, nil
	case jsonContent(contentType):
		return m.data, nil
	}
	var text string
	if m.data[0] != '"' || json.Unmarshal(m.data, &text) != nil {
		return nil, &eventError{"data", fmt.Sprintf("must be a string, for datacontenttype is %q", connector.Bound(contentType, 64))}
	}
	return []byte(text), nil
}

func decodeBase64(raw json.RawMessage) ([]byte, error) {
	var text string
	if raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return nil, &eventError{"data_base64", "must be a string"}
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, &eventError{"data_base64", "must be base64 (RFC 4648, section 4)"}
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}
