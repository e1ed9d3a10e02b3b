package http

import (
	"errors"
	"fmt"
	"mime"
	nethttp "net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/acktor/acktor/connector"
)

// maxID bounds the id of a record, in bytes.
const maxID = 256

// incoming is a request whose body has been read.
type incoming struct {
	config  *SourceConfig
	request *nethttp.Request
	headers connector.Headers
	body    []byte
}

// decode returns the events that the request carries; one that is no CloudEvent is made an event without
// attributes. batch says that it was sent as a batch, whose answer is a list, however many events there are.
func (in *incoming) decode() (events []event, batch bool, refused *problem) {
	if in.config.RequestMetadata {
		in.addMetadata()
	}
	events, batch, err := in.parse()
	if err != nil {
		return nil, batch, problemOf(err, in.config.MaxBatch)
	}
	for i := range events {
		if refused := checkID(events[i].id); refused != nil {
			return nil, batch, refused
		}
	}
	return events, batch, nil
}

// errMediaType is returned for a form of CloudEvents that is not understood.
var errMediaType = errors.New("http: unsupported media type")

func (in *incoming) parse() ([]event, bool, error) {
	contentType := in.headers.Get("content-type")
	switch mediaType := mediaTypeOf(contentType); {
	case !strings.HasPrefix(mediaType, "application/cloudevents"):
		e, err := in.single()
		return []event{e}, false, err
	case in.encoded() || !inUTF8(contentType):
		return nil, false, errMediaType
	case mediaType == structuredType:
		e, err := decodeStructured(in.body)
		events := []event{e}
		in.addOuter(events)
		return events, false, err
	case mediaType == batchType:
		events, err := decodeBatch(in.body, in.config.MaxBatch)
		in.addOuter(events)
		return events, true, err
	}
	return nil, false, errMediaType
}

// single reads a request whose body is the data.
func (in *incoming) single() (event, error) {
	if claimsEvent(in.headers) {
		return decodeBinary(in.headers, in.body)
	}
	e := event{headers: in.headers, data: in.body}
	for _, name := range in.config.IDHeaders {
		if e.id = in.headers.Get(name); e.id != "" {
			return e, nil
		}
	}
	id, err := uuid.NewV7()
	e.id = id.String()
	return e, err
}

// addOuter adds the headers of the request to events that stood in its body, which have a content type and
// attributes of their own.
func (in *incoming) addOuter(events []event) {
	for i := range events {
		for _, header := range in.headers {
			if header.Name != "content-type" && !strings.HasPrefix(header.Name, attributePrefix) {
				events[i].headers = append(events[i].headers, header)
			}
		}
	}
}

// encoded says whether the body has a content coding. It is never undone: the body of a plain request is the data
// byte for byte, and an event within such a body cannot be read.
func (in *incoming) encoded() bool {
	coding := in.headers.Get("content-encoding")
	return coding != "" && !strings.EqualFold(coding, "identity")
}

func inUTF8(contentType string) bool {
	_, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	return err == nil && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// addMetadata adds what else a request says, in place of headers of the same names, so that no client can
// pretend it.
func (in *incoming) addMetadata() {
	r := in.request
	for _, header := range [...]connector.Header{
		{Name: "http-method", Value: r.Method},
		{Name: "http-host", Value: r.Host},
		{Name: "http-path", Value: r.URL.EscapedPath()},
		{Name: "http-query", Value: r.URL.RawQuery},
	} {
		in.headers.Set(header.Name, header.Value)
	}
}

func problemOf(err error, maxBatch int) *problem {
	if breach, ok := errors.AsType[*eventError](err); ok {
		return &problem{
			code: nethttp.StatusBadRequest, kind: "invalid_event", title: "the CloudEvent breaks the specification",
			detail: connector.Bound(breach.Error(), 512), attribute: connector.Bound(breach.Attribute, 64),
		}
	}
	switch {
	case errors.Is(err, errTooManyEvents):
		return &problem{
			code: nethttp.StatusRequestEntityTooLarge, kind: "too_large", title: "the request is larger than is taken",
			detail: fmt.Sprintf("the limit of a batch is %d events", maxBatch),
		}
	case errors.Is(err, errMediaType):
		return &problem{
			code: nethttp.StatusUnsupportedMediaType, kind: "unsupported_media_type", title: "this form of CloudEvents is not understood",
			detail: "events are taken as " + structuredType + ", " + batchType + " (in UTF-8, without a content coding) or in the binary mode",
		}
	}
	return &problem{code: nethttp.StatusInternalServerError, kind: "internal", title: "the request could not be worked on"}
}

func checkID(id string) *problem {
	if len(id) <= maxID && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl) {
		return nil
	}
	return &problem{
		code: nethttp.StatusBadRequest, kind: "invalid_id", title: "the id of the record is not valid",
		detail: fmt.Sprintf("an id is at most %d bytes of UTF-8 without control characters", maxID),
	}
}

// recordHeaders returns the headers that belong to the record: names in lower case and sorted, the values of
// one name in their order, without those that belong to the connection.
func recordHeaders(header nethttp.Header) connector.Headers {
	names := make([]string, 0, 24)
	count := 0
	for name, values := range header {
		names = append(names, name)
		count += len(values)
	}
	slices.Sort(names)
	headers := make(connector.Headers, 0, count)
	nominated := header["Connection"]
	for _, name := range names {
		lower := lowerName(name)
		if perConnection(lower) || nominates(nominated, lower) {
			continue
		}
		for _, value := range header[name] {
			headers = append(headers, connector.Header{Name: lower, Value: value})
		}
	}
	return headers
}

// nominates says whether the values of Connection declare name to be of this connection only (RFC 9110,
// section 7.6.1).
func nominates(connection []string, name string) bool {
	for _, value := range connection {
		for option := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(option), name) {
				return true
			}
		}
	}
	return false
}

// lowerName puts a name in lower case; the usual ones cost no allocation.
func lowerName(name string) string {
	switch name {
	case "Accept":
		return "accept"
	case "Accept-Encoding":
		return "accept-encoding"
	case "Authorization":
		return "authorization"
	case "Ce-Id":
		return "ce-id"
	case "Ce-Source":
		return "ce-source"
	case "Ce-Specversion":
		return "ce-specversion"
	case "Ce-Time":
		return "ce-time"
	case "Ce-Type":
		return "ce-type"
	case "Connection":
		return "connection"
	case "Content-Encoding":
		return "content-encoding"
	case "Content-Length":
		return "content-length"
	case "Content-Type":
		return "content-type"
	case "Idempotency-Key":
		return "idempotency-key"
	case "Traceparent":
		return "traceparent"
	case "User-Agent":
		return "user-agent"
	case "Webhook-Id":
		return "webhook-id"
	}
	return strings.ToLower(name)
}
