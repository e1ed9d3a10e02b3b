package http

import (
	nethttp "net/http"
	"net/textproto"
	"strconv"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	plainType   = "application/json"
	problemType = "application/problem+json"
)

// truncatedHeader marks an answer with respond: sink whose body is only the beginning of what the sink was answered.
const truncatedHeader = "Acktor-Truncated"

// linger is how long a client that is refused may go on sending. To close at once could destroy the answer on
// its way (RFC 9112, section 9.6).
const linger = 500 * time.Millisecond

// respond writes an answer in JSON.
func (s *source) respond(w nethttp.ResponseWriter, code int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	if code == nethttp.StatusServiceUnavailable {
		seconds := (s.config.RetryAfter + time.Second - 1) / time.Second
		header.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	s.write(w, code, body)
}

// write sends an answer within write_timeout. That the client may be gone is no concern of the record.
func (s *source) write(w nethttp.ResponseWriter, code int, body []byte) {
	_ = nethttp.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.config.WriteTimeout))
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

func (s *source) refuse(w nethttp.ResponseWriter, r *problem) {
	if r.close {
		w.Header().Set("Connection", "close")
		_ = nethttp.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
	}
	s.respond(w, r.code, problemType, appendProblem(nil, r))
}

// answerOne answers for the only record of x.
func (s *source) answerOne(w nethttp.ResponseWriter, x *exchange, cut bool) {
	var a answer
	x.mu.Lock()
	s.tell(&a, &x.tickets[0], cut)
	x.mu.Unlock()
	if a.response != nil && passable(a.response.Status) {
		s.passOn(w, a.response)
		return
	}
	contentType := plainType
	if a.isProblem() {
		contentType = problemType
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	s.respond(w, a.code, contentType, appendAnswer(make([]byte, 0, 256), &a))
}

// answerBatch answers for the records of a batch: a JSON array with one object for each, in the order of the batch,
// under the gravest status among them (see gravity). 207 would say more precisely that they differ; but it is a
// success to most clients, and would let a failed record go unnoticed.
func (s *source) answerBatch(w nethttp.ResponseWriter, x *exchange, cut bool) {
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
	s.respond(w, code, plainType, appendAnswers(nil, answers))
}

// answerEmptyBatch answers a batch without events: nothing was asked, nothing went wrong.
func (s *source) answerEmptyBatch(w nethttp.ResponseWriter) {
	s.respond(w, nethttp.StatusOK, plainType, []byte("[]"))
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
func (s *source) passOn(w nethttp.ResponseWriter, r *connector.Response) {
	header := w.Header()
	for _, name := range s.config.RespondHeaders {
		if values := r.Headers.Values(name); values != nil {
			header[textproto.CanonicalMIMEHeaderKey(name)] = values
		}
	}
	if header["Content-Type"] == nil {
		header["Content-Type"] = nil // keeps net/http from guessing one
	}
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Truncated {
		header.Set(truncatedHeader, "true")
	}
	s.write(w, r.Status, r.Body)
}
