package source

import (
	"context"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

// intake reads from the connector and prepares what it read: the steps, the routing, the destination and the
// order key of each record. It runs in a goroutine of its own, so that neither a slow read nor a heavy expression
// holds up the actor.
type intake struct {
	feed  reader
	spec  *pipeline.Spec
	scope *expression.Scope
	turn  int // of round robin
	plain bool

	done chan struct{} // closed when no Read runs any more and none will
	last *read         // what came last; the actor looks at it only after done
}

// reader is where the intake reads.
type reader interface {
	Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error)
}

// batch is what one Read gave.
type batch struct {
	records []*connector.Record
	items   []item // one for each record; nil when all of them go, as they are, to the one destination there is
	readAt  time.Time
	err     error
}

// item is one record ready to be sent.
type item struct {
	record  *connector.Record
	outcome *connector.Outcome // set when the record ends here
	legs    []address
}

// address is where a leg of a record goes.
type address struct {
	sink        int
	destination string
	key         string
}

func newIntake(feed reader, spec *pipeline.Spec) *intake {
	return &intake{feed: feed, spec: spec, scope: expression.NewScope(), plain: isPlain(spec), done: make(chan struct{})}
}

// isPlain reports whether every record goes, as it is, to one fixed destination.
func isPlain(spec *pipeline.Spec) bool {
	if len(spec.Steps) > 0 || len(spec.Sinks) != 1 {
		return false
	}
	sink := &spec.Sinks[0]
	return sink.Fixed() && sink.Options.When.IsZero() && sink.Options.OrderBy.IsZero()
}

// read reads once and prepares what came. A panic in the connector is an error of the read.
func (n *intake) read(ctx context.Context, credit connector.Credit) *batch {
	records, err := n.readRecords(ctx, credit)
	b := &batch{records: records, readAt: time.Now(), err: err}
	if n.plain {
		return b
	}
	b.items = make([]item, len(records))
	for i, record := range records {
		b.items[i] = n.prepare(record)
	}
	return b
}

func (n *intake) readRecords(ctx context.Context, credit connector.Credit) (records []*connector.Record, err error) {
	defer connector.Recover(&err)
	return n.feed.Read(ctx, credit)
}

// prepare runs the steps over one record and finds where it goes. A panic fails that record.
func (n *intake) prepare(record *connector.Record) (prepared item) {
	defer func() {
		if value := recover(); value != nil {
			prepared = ended(failed(connector.Panicked, (&connector.PanicError{Value: value}).Error()))
		}
	}()
	n.scope.Reset(record, nil)
	result := n.spec.Steps.Run(n.scope, record)
	if result.Outcome != nil {
		return ended(result.Outcome)
	}
	if kept, ok := record.Ref.(*store.Entry); ok && len(kept.Progress.Legs) > 0 {
		return n.routeAgain(result.Record, kept)
	}
	return n.route(result.Record)
}

// routeAgain finds where a record of the backlog goes at the sinks that it was on its way to, whether they would take it
// today or not.
func (n *intake) routeAgain(record *connector.Record, kept *store.Entry) item {
	prepared := item{record: record, legs: []address{}}
	for i := range n.spec.Sinks {
		name := n.spec.Sinks[i].Name
		if !slices.ContainsFunc(kept.Progress.Legs, func(l store.Leg) bool { return l.Sink == name && l.Outcome == nil }) {
			continue
		}
		to, err := n.address(i, record)
		if err != nil {
			return ended(failed(connector.Invalid, "sink "+name+": "+err.Error()))
		}
		prepared.legs = append(prepared.legs, to)
	}
	return prepared
}

// route finds the sinks that take the record.
func (n *intake) route(record *connector.Record) item {
	prepared := item{record: record}
	for i := range n.spec.Sinks {
		options := &n.spec.Sinks[i].Options
		if !options.When.IsZero() {
			takes, err := options.When.Test(n.scope)
			if err != nil {
				return ended(failed(connector.Invalid, "when of sink "+n.spec.Sinks[i].Name+": "+err.Error()))
			}
			if !takes {
				continue
			}
		}
		to, err := n.address(i, record)
		if err != nil {
			return ended(failed(connector.Invalid, "sink "+n.spec.Sinks[i].Name+": "+err.Error()))
		}
		prepared.legs = append(prepared.legs, to)
	}
	if len(prepared.legs) == 0 {
		return ended(&connector.Outcome{State: connector.Filtered, Reason: "no sink's when takes it"})
	}
	if n.spec.FanOut == pipeline.RoundRobin {
		chosen := n.turn % len(prepared.legs)
		n.turn++
		prepared.legs = prepared.legs[chosen : chosen+1]
	}
	return prepared
}

// address evaluates the destination and the order key of a record at a sink.
func (n *intake) address(index int, record *connector.Record) (address, error) {
	sink := &n.spec.Sinks[index]
	to := address{sink: index, destination: sink.Outlet.Name}
	var err error
	switch {
	case !sink.Options.Destination.IsZero():
		to.destination, err = sink.Options.Destination.Render(n.scope)
	case sink.Outlet.Destination != nil:
		to.destination, err = sink.Outlet.Destination(record)
	}
	if err == nil && !sink.Options.OrderBy.IsZero() {
		to.key, err = sink.Options.OrderBy.EvalString(n.scope)
	}
	return to, err
}

func ended(outcome *connector.Outcome) item { return item{outcome: outcome} }

func failed(class connector.Class, detail string) *connector.Outcome {
	return &connector.Outcome{State: connector.Failed, Failure: &connector.Failure{
		Class: class, Retryable: class.Retryable(), Detail: connector.Bound(detail, 512)}}
}
