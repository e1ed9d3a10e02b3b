package http

import (
	nethttp "net/http"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/signature"
)

// handler serves the requests of one session.
type handler struct {
	source  *source
	session *session
}

// serve answers one request. It may append the body of the reply to out.
func (h *handler) serve(in *incoming, out []byte) reply {
	cors := h.source.config.CORS
	if cors == nil {
		return h.answer(in, out)
	}
	in.takeHead()
	r := h.answer(in, out)
	cors.permit(in, &r)
	return r
}

// answer takes a request in, hands its records over and waits for what becomes of them.
func (h *handler) answer(in *incoming, out []byte) reply {
	s := h.source
	if in.method == nethttp.MethodOptions && in.path == s.config.Path {
		in.takeHead()
		if r, ok := s.answerQuestion(in, out); ok {
			return r
		}
	}
	if refused := h.check(in); refused != nil {
		return s.refuse(out, refused)
	}
	in.takeHead()
	if refused := s.guard.head(in); refused != nil {
		return s.refuse(out, refused)
	}
	held, refused := h.readBody(in)
	if refused != nil {
		return s.refuse(out, refused)
	}
	id, refused := s.guard.body(in)
	if refused != nil {
		s.waiting.release(held)
		return s.refuse(out, refused)
	}
	events, batch, refused := in.decode()
	switch {
	case len(events) > 0 && id != "":
		return h.exchangeOnce(out, events, batch, held, id)
	case len(events) > 0:
		r, _ := h.exchange(out, events, batch, held)
		return r
	}
	s.waiting.release(held)
	if refused != nil {
		return s.refuse(out, refused)
	}
	return s.answerEmptyBatch()
}

// check refuses what can be refused without reading the body.
func (h *handler) check(in *incoming) *problem {
	config := &h.source.config
	switch {
	case in.path != config.Path:
		return &problem{code: nethttp.StatusNotFound, kind: "not_found", title: "nothing takes records at this path"}
	case !slices.Contains(config.Methods, in.method):
		return &problem{code: nethttp.StatusMethodNotAllowed, kind: "method_not_allowed", title: "this method hands no record over"}
	case in.length > int64(config.MaxBody):
		return bodyTooLarge(config.MaxBody)
	case h.source.waiting.full():
		return noRoom()
	}
	return nil
}

// exchangeOnce is exchange for a message that is known again by id. One that was taken before is a duplicate; what was not taken in the
// end is forgotten, so that its sender can try again.
func (h *handler) exchangeOnce(out []byte, events []event, batch bool, held int64, id string) (r reply) {
	s := h.source
	switch s.guard.replay.Claim(id, time.Now()) {
	case signature.Seen:
		s.waiting.release(held)
		return s.answerDuplicates(out, events, batch)
	case signature.Pending:
		s.waiting.release(held)
		return s.refuse(out, &problem{code: nethttp.StatusServiceUnavailable, kind: "in_progress", title: "the same message is being worked on"})
	}
	taken := false
	defer func() { // also when there was a panic
		if taken {
			s.guard.replay.Keep(id)
		} else {
			s.guard.replay.Release(id)
		}
	}()
	r, x := h.exchange(out, events, batch, held)
	taken = x != nil && (r.code < nethttp.StatusMultipleChoices || x.succeeded())
	return r
}

// exchange hands the records over, waits for what becomes of them, and answers. What it returns beside is nil when there was no room.
func (h *handler) exchange(out []byte, events []event, batch bool, held int64) (reply, *exchange) {
	s := h.source
	bell := s.alarms.Get().(*alarm)
	x := newExchange(len(events), bell)
	x.bytes = held
	for i := range events {
		s.fill(&x.tickets[i].record, &events[i])
	}
	if !s.waiting.put(x) {
		s.waiting.release(held)
		s.alarms.Put(bell)
		return s.refuse(out, noRoom()), nil
	}
	if h.await(x) {
		defer s.alarms.Put(bell)
	}
	if batch {
		return s.answerBatch(out, x, h.isCut()), x
	}
	return s.answerOne(out, x, h.isCut()), x
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
