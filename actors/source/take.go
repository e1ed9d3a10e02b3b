package source

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/connector"
)

// grant is leave for one Read.
type grant struct {
	ctx    context.Context
	credit connector.Credit
}

// run reads once for each grant and sends what came to the actor.
func (n *intake) run(grants <-chan grant, root *actor.RootContext, self *actor.PID) {
	defer close(n.done)
	for g := range grants {
		n.last = &read{batch: n.read(g.ctx, g.credit)}
		root.Send(self, n.last)
	}
}

// room is the credit that is left in the window.
func (a *Actor) room() connector.Credit {
	window := a.Spec.InFlight
	return connector.Credit{
		Records: window.Records - a.flight.records,
		Bytes:   int(window.Bytes) - a.flight.bytes,
	}
}

// grant gives leave for one Read, or becomes waiting when there is no credit.
func (a *Actor) grant() {
	if a.granted || !a.opens || a.ended || a.pauses || a.drains {
		return
	}
	room := a.room()
	if room.Records <= 0 || room.Bytes <= 0 || a.holding > 0 || a.ledger.span >= maxUncommitted {
		a.becomeWaiting()
		return
	}
	if a.endRead == nil || a.readStopped {
		a.readCtx, a.endRead = context.WithCancel(a.ctx)
	}
	a.granted, a.readStopped = true, false
	a.grants <- grant{ctx: a.readCtx, credit: room}
}

// hasRoom says whether a source that had none has room worth reading for: a window that was full is not read into
// record by record.
func (a *Actor) hasRoom() bool {
	room, window := a.room(), a.Spec.InFlight.Records
	return room.Records >= max(1, min(64, window/8)) && room.Bytes > 0 && a.holding == 0 && a.ledger.span < maxUncommitted
}

// stopRead makes a Read that is under way return.
func (a *Actor) stopRead() {
	if a.endRead != nil {
		a.readStopped = true
		a.endRead()
	}
	a.Feed.Halt()
}

// onRead takes over what was read.
func (a *Actor) onRead(ctx actor.Context, msg *read) {
	if !msg.returned {
		msg.returned, a.granted = true, false
	}
	a.takeAll(msg.batch)
	if msg.judged {
		return
	}
	msg.judged = true
	switch err := msg.err; {
	case err == nil:
		a.failures = 0
		a.openBackoff.Reset()
	case errors.Is(err, connector.ErrEndOfSource):
		a.ended = true
		a.becomeDraining(a.deadline)
	case a.readStopped && errors.Is(err, context.Canceled):
		// the actor itself has ended the Read, to pause or to drain
	case a.drains:
		a.Log.Warn(a.name()+" failed while draining", slog.Any("err", err))
	default:
		a.opens = false
		a.failing(ctx, err)
	}
}

// takeAll puts the records of a batch in flight and sends them on.
func (a *Actor) takeAll(b *batch) {
	if len(b.records) == 0 {
		return
	}
	if a.Watcher != nil {
		a.watcher = a.Watcher()
	}
	records, bytes := len(b.records), 0
	for len(b.records) > 0 {
		record := b.records[0]
		var prepared item
		if b.items != nil {
			prepared = b.items[0]
			b.items = b.items[1:]
		}
		b.records = b.records[1:] // taken: a panic from here on must not take it twice
		e := a.flight.add(record, b.readAt)
		bytes += e.bytes
		if e.kept == nil || e.kept.Due.IsZero() { // else it was counted before it was parked
			a.Board.Read.Add(1)
		}
		if !record.Position.IsZero() {
			e.mark = a.ledger.enter(record.Position)
		}
		a.take(e, prepared)
	}
	a.Metrics.Read(records, bytes)
	a.Board.InFlight.Store(int64(a.flight.records))
	a.Metrics.InFlight(a.flight.records, a.flight.bytes)
	a.say()
}

// take sends one record on its way, or settles it when the steps have ended it.
func (a *Actor) take(e *entry, prepared item) {
	if a.givesUp {
		return // it came behind the deadline
	}
	if prepared.outcome != nil {
		a.conclude(e, prepared.outcome)
		return
	}
	if prepared.legs == nil { // the plain case: as it is, to the one destination
		e.legs = e.one[:1]
		e.one[0].address = address{destination: a.Spec.Sinks[0].Outlet.Name}
	} else {
		e.record = prepared.record
		e.legs = slices.Grow(e.one[:0], len(prepared.legs))[:len(prepared.legs)]
		for i, to := range prepared.legs {
			e.legs[i] = leg{address: to}
		}
	}
	if e.kept != nil && len(e.kept.Progress.Legs) > 0 {
		a.takeUp(e)
	}
	a.advance(e)
}

// drained says whether nothing is left to wait for, and sees to it that the last positions are committed.
func (a *Actor) drained() bool {
	if a.granted || a.clerk.busy() || a.flight.records > 0 {
		return false
	}
	if len(a.ledger.moved) == 0 || a.hopeless {
		return true
	}
	if a.commitFailures == 0 {
		a.checkpoint = time.Time{}
		a.say()
	}
	return false
}
