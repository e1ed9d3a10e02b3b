package http

import (
	nethttp "net/http"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
)

// handler serves the requests of one session.
type handler struct {
	source  *source
	session *session
}

// ServeHTTP answers one request. It does not look at the request's context: what was read whole is handed over
// whether or not the client stays, and a client that only closed its sending side still gets its answer.
func (h *handler) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	if !h.session.enter() {
		panic(nethttp.ErrAbortHandler)
	}
	defer h.session.leave()
	if endsConnection(r) {
		w.Header()["Connection"] = []string{"close"}
	}
	if refused := h.serve(w, r); refused != nil {
		h.source.refuse(w, refused)
	}
}

// endsConnection says whether the connection must not carry another request. net/http hides whether a chunked
// request had a Content-Length as well, and a Transfer-Encoding in HTTP/1.0: both are how a second request is smuggled
// past a proxy (RFC 9112, sections 6.1 and 11.2), so that nothing behind such a request is ever served.
func endsConnection(r *nethttp.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

func (h *handler) serve(w nethttp.ResponseWriter, r *nethttp.Request) *problem {
	if refused := h.check(w, r); refused != nil {
		return refused
	}
	body, held, refused := h.readBody(r)
	if refused != nil {
		return refused
	}
	in := incoming{config: &h.source.config, request: r, headers: recordHeaders(r.Header), body: body}
	events, batch, refused := in.decode()
	if len(events) > 0 {
		return h.exchange(w, events, batch, held)
	}
	h.source.waiting.release(held)
	if refused == nil {
		h.source.answerEmptyBatch(w)
	}
	return refused
}

// check refuses what can be refused without reading the body.
func (h *handler) check(w nethttp.ResponseWriter, r *nethttp.Request) *problem {
	config := &h.source.config
	switch {
	case r.URL.Path != config.Path:
		return &problem{code: nethttp.StatusNotFound, kind: "not_found", title: "nothing takes records at this path"}
	case !slices.Contains(config.Methods, r.Method):
		w.Header()["Allow"] = config.Methods
		return &problem{code: nethttp.StatusMethodNotAllowed, kind: "method_not_allowed", title: "this method hands no record over"}
	case r.ContentLength > int64(config.MaxBody):
		return bodyTooLarge(config.MaxBody)
	case h.source.waiting.full():
		return noRoom()
	}
	return nil
}

// exchange hands the records over, waits for what becomes of them, and answers.
func (h *handler) exchange(w nethttp.ResponseWriter, events []event, batch bool, held int64) *problem {
	s := h.source
	bell := s.alarms.Get().(*alarm)
	x := newExchange(len(events), bell, s.config.Reply == replyAccepted)
	x.bytes = held
	for i := range events {
		s.fill(&x.tickets[i].record, &events[i])
	}
	if !s.waiting.put(x) {
		s.waiting.release(held)
		s.alarms.Put(bell)
		return noRoom()
	}
	rung := h.await(x)
	if batch {
		s.answerBatch(w, x, h.isCut())
	} else {
		s.answerOne(w, x, h.isCut())
	}
	if rung {
		s.alarms.Put(bell)
	}
	return nil
}

// fill makes the record of an event.
func (s *source) fill(record *connector.Record, e *event) {
	record.ID, record.Headers, record.Data, record.Time = connector.RecordID(e.id), e.headers, e.data, e.time
	if record.Time.IsZero() {
		record.Time = time.Now()
	}
	if s.config.KeyHeader != "" {
		record.Key = e.headers.Get(s.config.KeyHeader)
	}
}

// await returns when there is something to answer for every record of x: its outcome, that it was not taken in
// time, or that the time for an outcome is up. It reports whether the alarm may be used again.
func (h *handler) await(x *exchange) bool {
	config := &h.source.config
	if h.rings(x.alarm, config.AdmissionWait) {
		return true
	}
	h.source.waiting.withdraw(x)
	return h.rings(x.alarm, max(config.ReplyTimeout-config.AdmissionWait, 0))
}

// rings waits for the bell, for that long at most, and until the session is cut.
func (h *handler) rings(a *alarm, wait time.Duration) bool {
	a.timer.Reset(wait)
	defer a.timer.Stop()
	select {
	case <-a.bell:
		return true
	case <-a.timer.C:
	case <-h.session.cut:
	}
	select { // both may have come at once: what is known is answered
	case <-a.bell:
		return true
	default:
		return false
	}
}

func (h *handler) isCut() bool {
	select {
	case <-h.session.cut:
		return true
	default:
		return false
	}
}
