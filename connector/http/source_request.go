package http

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	nethttp "net/http"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/acktor/acktor/connector"
)

// maxID bounds the id of a record, in bytes.
const maxID = 256

// incoming is a request on its way to become records, whichever server has read it.
type incoming struct {
	config *SourceConfig
	head   requestHead
	method string
	path   string    // decoded
	length int64     // of the body, as declared; -1 when it was not
	body   io.Reader // ends with io.EOF where the request does
	client netip.Addr
	secure *tls.ConnectionState // nil: there is no TLS, or nobody looks at it

	taken   bool // headers are those of head
	headers connector.Headers
	data    []byte
	one     [1]event // where decode puts a single event
}

// requestHead is what a server has read before the body. Its methods are called before the body is read, and what they
// return stays as it is afterwards.
type requestHead interface {
	// recordHeaders returns the headers that belong to the record: names in lower case and sorted, the values of one name
	// in their order, without those that belong to the connection.
	recordHeaders() connector.Headers
	// target returns what request_metadata tells: the host, and the path and the query as they were sent.
	target() (host, path, query string)
}

// takeHead keeps what the records need of the head. It may be called again.
func (in *incoming) takeHead() {
	if in.taken {
		return
	}
	in.taken = true
	in.headers = in.head.recordHeaders()
	if in.config.RequestMetadata {
		in.addMetadata()
	}
}

// decode returns the events that the request carries; one that is no CloudEvent is made an event without
// attributes. batch says that it was sent as a batch, whose answer is a list, however many events there are.
func (in *incoming) decode() (events []event, batch bool, refused *problem) {
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

func (in *incoming) parse() (events []event, batch bool, err error) {
	contentType := in.headers.Get("content-type")
	switch mediaType := mediaTypeOf(contentType); {
	case !strings.HasPrefix(mediaType, "application/cloudevents"):
		in.one[0], err = in.single()
		return in.one[:], false, err
	case in.encoded() || !inUTF8(contentType):
		return nil, false, errMediaType
	case mediaType == structuredType:
		in.one[0], err = decodeStructured(in.data)
		in.addOuter(in.one[:])
		return in.one[:], false, err
	case mediaType == batchType:
		events, err = decodeBatch(in.data, in.config.MaxBatch)
		in.addOuter(events)
		return events, true, err
	}
	return nil, false, errMediaType
}

// single reads a request whose body is the data.
func (in *incoming) single() (event, error) {
	if claimsEvent(in.headers) {
		return decodeBinary(in.headers, in.data)
	}
	e := event{headers: in.headers, data: in.data}
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
	host, path, query := in.head.target()
	for _, header := range [...]connector.Header{
		{Name: "http-method", Value: in.method},
		{Name: "http-host", Value: host},
		{Name: "http-path", Value: path},
		{Name: "http-query", Value: query},
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
	if len(id) <= maxID && (usualID(id) || utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)) {
		return nil
	}
	return &problem{
		code: nethttp.StatusBadRequest, kind: "invalid_id", title: "the id of the record is not valid",
		detail: fmt.Sprintf("an id is at most %d bytes of UTF-8 without control characters", maxID),
	}
}

// usualID says whether an id is printable ASCII.
func usualID(id string) bool {
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}
