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

// serve answers one request: it takes it in, hands its records over and waits for what becomes of them. It may append
// the body of the reply to out.
func (h *handler) serve(in *incoming, out []byte) reply {
	s := h.source
	if refused := h.check(in); refused != nil {
		return s.refuse(out, refused)
	}
	in.takeHead()
	held, refused := h.readBody(in)
	if refused != nil {
		return s.refuse(out, refused)
	}
	events, batch, refused := in.decode()
	if len(events) > 0 {
		return h.exchange(out, events, batch, held)
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

// exchange hands the records over, waits for what becomes of them, and answers.
func (h *handler) exchange(out []byte, events []event, batch bool, held int64) reply {
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
		return s.refuse(out, noRoom())
	}
	if h.await(x) {
		defer s.alarms.Put(bell)
	}
	if batch {
		return s.answerBatch(out, x, h.isCut())
	}
	return s.answerOne(out, x, h.isCut())
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
