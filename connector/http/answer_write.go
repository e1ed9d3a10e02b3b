package http

import (
	nethttp "net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	plainType   = "application/json"
	problemType = "application/problem+json"
)

// truncatedHeader marks an answer with respond: sink whose body is only the beginning of what the sink was answered.
const truncatedHeader = "Acktor-Truncated"

// reply is what a request is answered, whichever server sends it.
type reply struct {
	code        int
	contentType string // empty: none
	header      []answerLine
	body        []byte
	// last says that the rest of the request is not read and the connection ends.
	last bool
}

// answerLine is one line of an answer's header. The name is in canonical form.
type answerLine struct{ name, value string }

func (r *reply) add(name, value string) { r.header = append(r.header, answerLine{name, value}) }

func (r *reply) set(name, value string) {
	r.header = slices.DeleteFunc(r.header, func(line answerLine) bool { return line.name == name })
	r.add(name, value)
}

// inJSON makes the reply of a JSON document.
func (s *source) inJSON(code int, contentType string, body []byte) reply {
	r := reply{code: code, contentType: contentType, body: body}
	if code == nethttp.StatusServiceUnavailable {
		r.add("Retry-After", inSeconds(s.config.RetryAfter))
	}
	return r
}

// inSeconds rounds up: who comes a little later is served.
func inSeconds(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}

// refuse makes the reply of a problem. Like the other replies it appends its body to out.
func (s *source) refuse(out []byte, p *problem) reply {
	r := s.inJSON(p.code, problemType, appendProblem(out, p))
	r.last = p.close
	if p.code == nethttp.StatusMethodNotAllowed {
		r.add("Allow", strings.Join(s.config.Methods, ", "))
	}
	if p.challenge != "" {
		r.add("Www-Authenticate", p.challenge)
	}
	if p.after > 0 {
		r.set("Retry-After", inSeconds(p.after))
	}
	return r
}

// answerOne answers for the only record of x.
func (s *source) answerOne(out []byte, x *exchange, cut bool) reply {
	var a answer
	x.mu.Lock()
	s.tell(&a, &x.tickets[0], cut)
	x.mu.Unlock()
	if a.response != nil && passable(a.response.Status) {
		return s.passOn(a.response)
	}
	contentType := plainType
	if a.isProblem() {
		contentType = problemType
	}
	r := s.inJSON(a.code, contentType, appendAnswer(out, &a))
	if a.location != "" {
		r.add("Location", a.location)
	}
	return r
}

// answerBatch answers for the records of a batch: a JSON array with one object for each, in the order of the batch,
// under the gravest status among them (see gravity). 207 would say more precisely that they differ; but it is a
// success to most clients, and would let a failed record go unnoticed.
func (s *source) answerBatch(out []byte, x *exchange, cut bool) reply {
	answers := make([]answer, len(x.tickets))
	x.mu.Lock()
	for i := range x.tickets {
		s.tell(&answers[i], &x.tickets[i], cut)
	}
	x.mu.Unlock()
	code := answers[0].code
	for i := range answers {
		if gravity(answers[i].code) > gravity(code) {
			code = answers[i].code
		}
	}
	return s.inJSON(code, plainType, appendAnswers(out, answers))
}

// answerDuplicates answers for records that were taken before, by another request.
func (s *source) answerDuplicates(out []byte, events []event, batch bool) reply {
	answers := make([]answer, len(events))
	for i := range events {
		answers[i] = answer{id: connector.RecordID(events[i].id), outcome: outcomeDuplicate}
	}
	if batch {
		return s.inJSON(nethttp.StatusOK, plainType, appendAnswers(out, answers))
	}
	return s.inJSON(nethttp.StatusOK, plainType, appendAnswer(out, &answers[0]))
}

// answerEmptyBatch answers a batch without events: nothing was asked, nothing went wrong.
func (s *source) answerEmptyBatch() reply {
	return s.inJSON(nethttp.StatusOK, plainType, []byte("[]"))
}

// gravity orders the statuses of records. What the sender can do nothing about but try again comes last, for then it
// must look at each record.
func gravity(code int) int {
	switch code {
	case nethttp.StatusOK:
		return 0
	case nethttp.StatusAccepted:
		return 1
	case nethttp.StatusUnprocessableEntity:
		return 2
	case nethttp.StatusRequestEntityTooLarge:
		return 3
	case nethttp.StatusServiceUnavailable:
		return 4
	case nethttp.StatusGatewayTimeout:
		return 5
	}
	return 6
}

// passable says whether a sink's status can be an answer's. 1xx is no final answer, and from 600 on there is
// nothing that HTTP knows; such an outcome is answered in JSON instead.
func passable(status int) bool { return status >= 200 && status <= 599 }

// passOn answers with what the sink was answered.
func (s *source) passOn(from *connector.Response) reply {
	r := reply{code: from.Status, body: from.Body}
	for _, header := range from.Headers {
		if slices.Contains(s.config.RespondHeaders, header.Name) {
			r.add(textproto.CanonicalMIMEHeaderKey(header.Name), header.Value)
		}
	}
	r.set("X-Content-Type-Options", "nosniff")
	if from.Truncated {
		r.set(truncatedHeader, "true")
	}
	return r
}
