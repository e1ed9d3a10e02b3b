package roles

import (
	"context"
	"sync/atomic"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/connector"
)

// Fault is something that goes wrong with one record without anybody saying so. Faults are there to prove that the suite notices.
type Fault string

// The faults.
const (
	Lose   Fault = "lose"   // said to be delivered, and it was not
	Repeat Fault = "repeat" // delivered twice
	Invent Fault = "invent" // a record is delivered that nobody sent
)

const (
	// faultAt is the record that is at fault.
	faultAt = 10
	// invented is the number of a record that nobody sends.
	invented = ledger.Capacity
)

// apply delivers n as the fault would have it.
func (f Fault) apply(n int64, deliver func(n int64)) {
	switch {
	case n != faultAt || f == "":
		deliver(n)
	case f == Repeat:
		deliver(n)
		deliver(n)
	case f == Invent:
		deliver(n)
		deliver(invented)
	}
}

// inventedData is the data of a record that nobody sends.
func inventedData() []byte { return (&ledger.Form{Size: ledger.MinSize}).Append(nil, invented) }

// spoil puts a fault into what posts.
func spoil(post func(url string, body []byte) error, fault Fault) func(url string, body []byte) error {
	if fault == "" {
		return post
	}
	var count atomic.Int64
	return func(url string, body []byte) (err error) {
		fault.apply(count.Add(1), func(n int64) {
			if n == invented {
				body = inventedData()
			}
			err = post(url, body)
		})
		return err
	}
}

// spoilOutlet puts a fault into the sinks of an outlet.
func spoilOutlet(outlet *connector.Outlet, fault Fault) {
	inner, count := outlet.New, new(atomic.Int64)
	outlet.New = func(destination string) (connector.Sink, error) {
		sink, err := inner(destination)
		return &spoilt{Sink: sink, fault: fault, count: count}, err
	}
}

type spoilt struct {
	connector.Sink
	fault Fault
	count *atomic.Int64
}

var _ connector.Sink = (*spoilt)(nil)

// Write writes one record after the other. Its results say that all is well.
func (s *spoilt) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	for _, record := range batch {
		s.fault.apply(s.count.Add(1), func(n int64) {
			if n == invented {
				record = &connector.Record{ID: "invented", Data: inventedData(), Position: connector.Position{Offset: invented}}
			}
			s.Sink.Write(ctx, []*connector.Record{record})
		})
	}
	return nil
}
