package http

import (
	nethttp "net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
)

// outcomePending stands in the member outcome of an answer where there is no outcome yet: reply_timeout has passed, and the
// delivery goes on.
const outcomePending = "pending"

// outcomeDuplicate stands there for a message that was taken before: what became of it was told then.
const outcomeDuplicate = "duplicate"

// answer is what a request is told about one record. It is written as a JSON object:
//
//	{"id": "7f3c", "outcome": "delivered", "attempts": 2, "destination": "crm", "status": 204}
//
// and, when the record has failed, as a problem document (RFC 9457) with the same members:
//
//	{"type": "urn:acktor:problem:timeout", "title": "no answer in time", "status": 504,
//	 "id": "7f3c", "outcome": "failed", "class": "timeout", "attempts": 8, "sink_status": 503}
//
// The member status is the one thing in which the two differ. In a problem document it must be the status of the
// answer itself (RFC 9457, section 3.1.2), so that it is that; in the other it is the status that the sink was
// answered. sink_status is the latter in both, and is missing where there was no such status.
//
// destination, and detail of a failure on the way, are left out unless show_destination is set; in what is left of
// detail, words that look like an address are replaced by "[hidden]".
type answer struct {
	code     int // the HTTP status of the answer, were it for this record alone
	kind     string
	title    string
	id       connector.RecordID
	outcome  string
	class    string
	sink     string
	attempts int
	status   int // the sink's
	detail   string

	destination  string
	retryable    bool
	ambiguous    bool
	deadLettered bool
	location     string
	branches     []answer
	response     *connector.Response // with respond: sink
}

func (a *answer) isProblem() bool { return a.kind != "" }

// problem is the answer to a request that hands nothing over. It is a problem document, too.
type problem struct {
	code      int
	kind      string // the last part of the problem's type
	title     string
	detail    string
	attribute string        // of a CloudEvent, when it is at fault
	challenge string        // of a 401
	after     time.Duration // of a 429: when to try again
	close     bool          // the rest of the request is not read: the connection ends
}

func noRoom() *problem {
	return &problem{code: nethttp.StatusServiceUnavailable, kind: "no_room", title: "no room for the record at this time"}
}

// answerStatus is the status that answers a failure of that class.
func answerStatus(class connector.Class) int {
	switch class {
	case connector.Rejected, connector.Business, connector.Invalid:
		return nethttp.StatusUnprocessableEntity
	case connector.Oversize:
		return nethttp.StatusRequestEntityTooLarge
	case connector.Throttled, connector.BreakerOpen:
		return nethttp.StatusServiceUnavailable
	case connector.Timeout, connector.ConnectTimeout:
		return nethttp.StatusGatewayTimeout
	}
	return nethttp.StatusBadGateway
}

// titleOf says in words what a class says.
func titleOf(class connector.Class) string {
	switch class {
	case connector.ConnectTimeout:
		return "no connection in time"
	case connector.Refused:
		return "the connection was refused"
	case connector.DNS:
		return "the name of the destination does not resolve"
	case connector.TLS:
		return "the TLS handshake failed"
	case connector.Reset:
		return "the connection broke"
	case connector.Timeout:
		return "no answer in time"
	case connector.Rejected:
		return "the destination does not want the record"
	case connector.Throttled:
		return "too many records for the destination"
	case connector.Unavailable:
		return "the destination is not available"
	case connector.Parse:
		return "the destination's answer could not be understood"
	case connector.Business:
		return "the destination's answer says no"
	case connector.BreakerOpen:
		return "the destination is left alone after failures"
	case connector.Denied:
		return "the destination is not allowed"
	case connector.Invalid:
		return "the record cannot be sent as it is"
	case connector.Oversize:
		return "the record is too large for the destination"
	case connector.Expired:
		return "the record's time was up"
	case connector.Panicked:
		return "a fault within the engine"
	case connector.Cancelled:
		return "the delivery was cancelled"
	}
	return "the record was not delivered"
}

// tell fills in what is known now of one record. cut says that the session ends before more can be known. The
// caller holds t.exchange.mu.
func (s *source) tell(a *answer, t *ticket, cut bool) {
	a.id = t.record.ID
	switch {
	case t.withdrawn:
		refused := noRoom()
		a.code, a.kind, a.title = refused.code, refused.kind, refused.title
	case t.outcome != nil && t.outcome.State == connector.Accepted:
		a.code, a.outcome, a.location = nethttp.StatusAccepted, t.outcome.State.String(), "/v1/records/"+url.PathEscape(string(a.id))
	case t.outcome != nil:
		s.describe(a, t.outcome)
	case cut:
		a.fail(connector.Cancelled)
		a.ambiguous = true
		a.detail = "the source was closed before the outcome was known"
	case s.WantsAccepted():
		a.fail(connector.Timeout)
		a.ambiguous, a.detail = true, "the record was not made durable in time"
	default:
		a.code, a.outcome = nethttp.StatusAccepted, outcomePending
	}
}

// fail makes the answer the problem document of a failure.
func (a *answer) fail(class connector.Class) {
	a.code, a.outcome = answerStatus(class), connector.Failed.String()
	a.kind, a.class, a.title = class.String(), class.String(), titleOf(class)
}

// describe fills in the answer from an outcome.
func (s *source) describe(a *answer, o *connector.Outcome) {
	a.code, a.outcome, a.sink, a.attempts = nethttp.StatusOK, o.State.String(), o.Sink, o.Attempts
	a.deadLettered, a.detail = o.DeadLettered, o.Reason
	if r := o.Response; r != nil {
		a.status = r.Status
		if a.detail == "" {
			a.detail = r.Note
		}
		if s.config.Respond == respondSink {
			a.response = r
		}
	}
	if o.State == connector.Failed {
		s.describeFailure(a, o.Failure)
	}
	if s.config.ShowDestination {
		a.destination = o.Destination
	} else {
		a.detail = hideAddresses(a.detail)
	}
	if len(o.Branches) > 0 {
		a.branches = make([]answer, len(o.Branches))
	}
	for i := range o.Branches {
		branch := &a.branches[i]
		s.describe(branch, &o.Branches[i])
		branch.kind, branch.title = "", "" // a part of a document, not one of its own
	}
}

func (s *source) describeFailure(a *answer, f *connector.Failure) {
	if f == nil {
		f = &connector.Failure{Class: connector.Unavailable}
	}
	a.fail(f.Class)
	a.retryable, a.ambiguous, a.status, a.detail = f.Retryable, f.Ambiguous, f.Status, f.Detail
	if !s.config.ShowDestination && !tellsOfRecord(f.Class) {
		a.detail = ""
	}
}

// tellsOfRecord says whether failures of a class come from the record rather than from the way to the destination;
// the texts of the latter are full of addresses.
func tellsOfRecord(class connector.Class) bool {
	switch class {
	case connector.Rejected, connector.Business, connector.Invalid, connector.Oversize, connector.Expired:
		return true
	}
	return false
}

// address matches a URL, an IP address, a host with a domain and a host with a port.
var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+` +
	`|\[?[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,}(%\w+)?\]?(:\d+)?` +
	`|\d{1,3}(\.\d{1,3}){3}(:\d+)?` +
	`|[\w-]+(\.[\w-]+)*\.[A-Za-z][\w-]*(:\d+)?` +
	`|[\w-]+:\d+`)

// hideAddresses replaces what looks like an address. The names of expressions (record.data.total), which look like
// a host with a domain, stay.
func hideAddresses(text string) string {
	if !strings.ContainsAny(text, ".:") {
		return text
	}
	return address.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "record.") || strings.HasPrefix(found, "response.") {
			return found
		}
		return "[hidden]"
	})
}
