package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

const (
	// maxStreams is how many clients may follow records at a time. Each makes every record of the engine tell its events.
	maxStreams = 16
	// eventBuffer is how many events, of all records, may wait for one client.
	eventBuffer = 4096
	// A heartbeat follows at twice the time of the one before, up to the longest.
	firstHeartbeat = 250 * time.Millisecond
	heartbeat      = 15 * time.Second
	// settledID is the id of the last event. A browser that comes back with it is told not to.
	settledID = "settled"
)

// Event is what happens to a record, as the data of /v1/records/{id}/events.
type Event struct {
	Pipeline    string    `json:"pipeline"`
	Sink        string    `json:"sink,omitempty"`
	Destination string    `json:"destination,omitempty"`
	At          time.Time `json:"at"`
	N           int       `json:"n,omitempty"` // of the attempt
	Result
	Next    time.Time `json:"next,omitzero"` // when the next attempt is due
	Outcome *Outcome  `json:"outcome,omitempty"`
}

// followRecord tells what is known of a record and then what happens to it, until it has its outcome or the client leaves.
func (s *Server) followRecord(w http.ResponseWriter, r *http.Request, kept store.Store) {
	if r.Header.Get("Last-Event-ID") == settledID {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		problem{http.StatusTooManyRequests, "streams", fmt.Sprintf("%d clients follow records already: try again when one has left", maxStreams)}.write(w)
		return
	}
	ctx, leave := context.WithCancel(r.Context())
	defer leave()
	f := &follower{out: &stream{w: w, control: http.NewResponseController(w)}, kept: kept, id: connector.RecordID(r.PathValue("id"))}
	if r.Method != http.MethodHead { // subscribed before looking: what happens in between is told twice rather than not at all
		f.watch = s.engine.Watch(ctx, acktor.WatchOptions{Records: true, Buffer: eventBuffer})
	}
	known, err := look(ctx, kept, f.id)
	if err != nil {
		s.storeProblem(err).write(w)
		return
	}
	unhurried(w)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead || !f.begin(known) {
		return
	}
	f.follow(ctx, s.stopped)
}

// follower tells one client about one record.
type follower struct {
	out     *stream
	kept    store.Store
	id      connector.RecordID
	watch   *acktor.Watch
	dropped int64 // how many events were known to be lost
}

// begin reports whether there is something to wait for.
func (f *follower) begin(known *Record) bool {
	return f.out.send("known", "", known) && f.goesOn(known)
}

// goesOn tells the outcome when nothing is left to be delivered, and reports whether something is, or may come.
func (f *follower) goesOn(known *Record) bool {
	if len(known.Pending) > 0 || len(known.Stories) == 0 {
		return true
	}
	last := &known.Stories[0]
	f.out.send("settled", settledID, Event{Pipeline: last.Pipeline, At: last.At, Result: last.Outcome.Result, Outcome: &last.Outcome})
	return false
}

func (f *follower) follow(ctx context.Context, stopped <-chan struct{}) {
	wait := firstHeartbeat
	beat := time.NewTimer(wait)
	defer beat.Stop()
	for {
		select {
		case event := <-f.watch.C:
			if !f.tell(event) {
				return
			}
		case <-beat.C:
			if !f.beat(ctx) {
				return
			}
			wait = min(2*wait, heartbeat)
			beat.Reset(wait)
		case <-ctx.Done():
			return
		case <-stopped:
			return
		}
	}
}

// beat keeps the connection alive and looks into the store: an outcome that was decided before the client came, and that was
// kept after the first look, is told by no event; neither is one that was lost because events came too fast.
func (f *follower) beat(ctx context.Context) bool {
	known, err := look(ctx, f.kept, f.id)
	if err != nil {
		return ctx.Err() == nil && f.out.write(": the store does not answer\n\n")
	}
	if lost := f.watch.Dropped(); lost > f.dropped {
		f.dropped = lost
		return f.begin(known)
	}
	return f.goesOn(known) && f.out.write(": still here\n\n")
}

// tell reports whether more is to come.
func (f *follower) tell(event acktor.Event) bool {
	switch e := event.(type) {
	case *acktor.Queued:
		return e.Record != f.id || f.out.send("queued", "", Event{Pipeline: e.Pipeline, Sink: e.Sink, Destination: e.Destination, At: e.At})
	case *acktor.AttemptStarted:
		return e.Record != f.id || f.out.send("attempt_started", "", Event{Pipeline: e.Pipeline, Sink: e.Sink, Destination: e.Destination, At: e.At, N: e.N})
	case *acktor.AttemptFailed:
		return e.Record != f.id || f.out.send("attempt_failed", "", Event{
			Pipeline: e.Pipeline, Sink: e.Sink, Destination: e.Destination, At: e.At, N: e.N, Result: newResult(&e.Failure), Next: e.Next})
	case *acktor.Settled:
		return e.Record.ID != f.id || f.settled(e)
	}
	return true
}

func (f *follower) settled(e *acktor.Settled) bool {
	outcome := newOutcome(e.Outcome)
	event := Event{Pipeline: e.Pipeline, Sink: e.Outcome.Sink, Destination: e.Outcome.Destination, At: e.At, Result: outcome.Result, Outcome: &outcome}
	if e.Outcome.State == connector.Accepted {
		return f.out.send("accepted", "", event)
	}
	f.out.send("settled", settledID, event)
	return false
}

// stream writes server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send reports whether the client is still there.
func (s *stream) send(event, id string, value any) bool {
	data, err := json.Marshal(value)
	if err != nil {
		return false
	}
	text := "event: " + event + "\n"
	if id != "" {
		text += "id: " + id + "\n"
	}
	return s.write(text + "data: " + string(data) + "\n\n")
}

func (s *stream) write(text string) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // for each part, not for the whole; not every ResponseWriter has one
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
