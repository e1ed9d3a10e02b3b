package http

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
)

// The media types of CloudEvents 1.0 in the JSON event format.
const (
	structuredType = "application/cloudevents+json"
	batchType      = "application/cloudevents-batch+json"
)

// What a record that is no CloudEvent is given when it must become one.
const (
	eventVersion  = "1.0"
	defaultType   = "acktor.record"
	defaultSource = "urn:acktor"
)

// attributePrefix stands before the name of an attribute that is a header.
const attributePrefix = "ce-"

// eventError is a breach of CloudEvents 1.0. It names the attribute, or the member of the JSON
// object, that is at fault; Attribute is empty when the event as a whole is.
type eventError struct {
	Attribute string
	Text      string
}

// Error names the attribute and what is wrong with it.
func (e *eventError) Error() string {
	if e.Attribute == "" {
		return "CloudEvent: " + e.Text
	}
	return fmt.Sprintf("CloudEvent attribute %q: %s", e.Attribute, e.Text)
}

// attribute is one attribute of a CloudEvent in its canonical string form.
type attribute struct{ name, value string }

// encodeStructured writes a record as one CloudEvent in the JSON event format. A record that is no
// CloudEvent becomes one: type "acktor.record", source "urn:acktor", its time, and its key as partitionkey.
// Data goes out as it is when the content type is JSON, or is missing, and the data is JSON; as a string
// when the content type is another and the data is text; else as data_base64. White space around
// JSON data is not kept. The error, an *eventError, means that the record cannot be a CloudEvent.
func encodeStructured(record *connector.Record) ([]byte, error) {
	return appendStructured(make([]byte, 0, 256+len(record.Data)*3/2), record)
}

// encodeBatch writes records as one JSON array, each as encodeStructured does.
func encodeBatch(records []*connector.Record) ([]byte, error) {
	out := []byte{'['}
	for i, record := range records {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendStructured(out, record); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

// binaryHeaders returns the headers of a record in the HTTP binary mode: every attribute as ce-NAME,
// percent-encoded (HTTP protocol binding 1.0.2, section 3.1.3.2), and content-type. The body is Data as it is.
// Missing attributes are supplied as in encodeStructured. Other headers of the record are not among them.
func binaryHeaders(record *connector.Record) (connector.Headers, error) {
	attributes, err := attributesOf(record)
	if err != nil {
		return nil, err
	}
	headers := make(connector.Headers, 0, len(attributes))
	for _, a := range attributes {
		if a.name == "datacontenttype" {
			headers = append(headers, connector.Header{Name: "content-type", Value: a.value})
			continue
		}
		headers = append(headers, connector.Header{Name: attributePrefix + a.name, Value: percentEncode(a.value)})
	}
	return headers, nil
}

func appendStructured(out []byte, record *connector.Record) ([]byte, error) {
	attributes, err := attributesOf(record)
	if err != nil {
		return nil, err
	}
	out = append(out, '{')
	for i, a := range attributes {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(append(appendString(out, a.name), ':'), a.value)
	}
	return append(appendData(out, record), '}'), nil
}

func appendData(out []byte, record *connector.Record) []byte {
	if record.Data == nil {
		return out
	}
	isJSON := jsonContent(record.Headers.Get("content-type"))
	switch text := utf8.Valid(record.Data); {
	case text && isJSON && json.Valid(record.Data):
		return append(append(out, `,"data":`...), record.Data...)
	case text && !isJSON:
		return appendString(append(out, `,"data":`...), string(record.Data))
	}
	out = append(out, `,"data_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(out, record.Data), '"')
}

// attributesOf lists the attributes of record, the required ones first, each valid. The id is the
// record's, whatever its ce-id says: the id is what every attempt carries.
func attributesOf(record *connector.Record) ([]attribute, error) {
	attributes := make([]attribute, 4, len(record.Headers)+6)
	attributes[0] = attribute{"specversion", eventVersion}
	attributes[1] = attribute{"id", string(record.ID)}
	attributes[2] = attribute{"type", defaultType}
	attributes[3] = attribute{"source", defaultSource}
	if isEvent(record.Headers) {
		attributes = appendEventAttributes(attributes, record.Headers)
	} else {
		attributes = appendPlainAttributes(attributes, record)
	}
	if contentType := record.Headers.Get("content-type"); contentType != "" {
		attributes = append(attributes, attribute{"datacontenttype", contentType})
	}
	return attributes, checkAttributes(attributes)
}

// isEvent reports whether the headers are those of a record that stands for a CloudEvent.
func isEvent(headers connector.Headers) bool { return headers.Has("ce-specversion") }

func appendEventAttributes(attributes []attribute, headers connector.Headers) []attribute {
	for _, header := range headers {
		name, ok := strings.CutPrefix(header.Name, attributePrefix)
		switch {
		case !ok || name == "id":
		case name == "specversion":
			attributes[0].value = header.Value
		case name == "type":
			attributes[2].value = header.Value
		case name == "source":
			attributes[3].value = header.Value
		default:
			attributes = append(attributes, attribute{name, header.Value})
		}
	}
	return attributes
}

func appendPlainAttributes(attributes []attribute, record *connector.Record) []attribute {
	if !record.Time.IsZero() {
		attributes = append(attributes, attribute{"time", record.Time.UTC().Format(time.RFC3339Nano)})
	}
	if record.Key != "" {
		attributes = append(attributes, attribute{"partitionkey", record.Key})
	}
	return attributes
}

// checkAttributes holds attributes against CloudEvents 1.0: the required ones are there, none twice,
// each name and value is valid.
func checkAttributes(attributes []attribute) error {
	var seen map[string]bool
	if len(attributes) > fewAttributes {
		seen = make(map[string]bool, len(attributes))
	}
	for i, a := range attributes {
		if err := checkAttribute(a); err != nil {
			return err
		}
		if twice := seen[a.name] || seen == nil && hasAttribute(attributes[:i], a.name); twice {
			return &eventError{a.name, "is there twice"}
		}
		if seen != nil {
			seen[a.name] = true
		}
	}
	for _, required := range [...]string{"specversion", "id", "source", "type"} {
		if !hasAttribute(attributes, required) {
			return &eventError{required, "is required and missing"}
		}
	}
	return nil
}

// fewAttributes is up to where each is compared with each. Any number fits into a body.
const fewAttributes = 16

func hasAttribute(attributes []attribute, name string) bool {
	for i := range attributes {
		if attributes[i].name == name {
			return true
		}
	}
	return false
}

func checkAttribute(a attribute) error {
	if !validName(a.name) {
		return &eventError{a.name, "the name must consist of a-z and 0-9 (CloudEvents 1.0, section 3.1)"}
	}
	if !validText(a.value) {
		return &eventError{a.name, "holds a character that is not allowed (CloudEvents 1.0, section 3.2)"}
	}
	switch a.name {
	case "specversion":
		if a.value != eventVersion {
			return &eventError{a.name, fmt.Sprintf("is %q; only %q is understood", connector.Bound(a.value, 32), eventVersion)}
		}
	case "id", "type", "subject":
		if a.value == "" {
			return &eventError{a.name, "must not be empty"}
		}
	case "source":
		if _, err := url.Parse(a.value); err != nil || a.value == "" {
			return &eventError{a.name, "must be a non-empty URI reference"}
		}
	case "dataschema":
		if schema, err := url.Parse(a.value); err != nil || !schema.IsAbs() {
			return &eventError{a.name, "must be an absolute URI"}
		}
	case "time":
		if _, err := time.Parse(time.RFC3339Nano, a.value); err != nil {
			return &eventError{a.name, "must be a time as in RFC 3339"}
		}
	case "datacontenttype":
		if _, _, err := mime.ParseMediaType(a.value); err != nil {
			return &eventError{a.name, "must be a media type"}
		}
	case "data", "data_base64":
		return &eventError{a.name, "is no attribute"}
	}
	return nil
}

func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// validText says whether text is a String of CloudEvents: UTF-8 without control characters and noncharacters.
func validText(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) || r&0xFFFE == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF) {
			return false
		}
	}
	return utf8.ValidString(text)
}

// jsonContent says whether data of that content type is JSON; without one it is (JSON event format, section 3.1).
func jsonContent(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType := mediaTypeOf(contentType)
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// mediaTypeOf returns the media type alone, in lower case.
func mediaTypeOf(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

const upperHex = "0123456789ABCDEF"

// percentEncode encodes what a header value cannot carry: space, double quote, percent, and all beyond
// printable ASCII.
func percentEncode(text string) string {
	if !strings.ContainsFunc(text, mustEncode) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for i := range len(text) {
		if c := text[i]; mustEncode(rune(c)) {
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

func mustEncode(r rune) bool { return r <= ' ' || r == '"' || r == '%' || r > '~' }

// appendString appends text as a JSON string.
func appendString(out []byte, text string) []byte {
	out = append(out, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			out = append(out, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', c)
		case r < ' ':
			out = append(out, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
		default:
			out = utf8.AppendRune(out, r) // U+FFFD for what is not UTF-8
		}
		i += size
	}
	return append(out, '"')
}
