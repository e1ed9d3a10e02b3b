package storetest

import (
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// Place is where a store keeps things.
type Place struct {
	// Open opens the store of the place. Once that is closed it may be called again.
	Open func() (store.Store, error)
	// Forgets says that a store that is opened again is empty.
	Forgets bool
	// Alter runs a statement of SQL in the database of a store, past the store, while that is open. Nil: it has none.
	Alter func(statement string)
}

// Run runs the suite. Each call of place makes an empty place; what it needs is freed by t.Cleanup.
func Run(t *testing.T, place func(t testing.TB) Place) {
	groups := []struct {
		name  string
		tests []clause
	}{
		{"positions", positionClauses()},
		{"backlog", backlogClauses()},
		{"letters", letterClauses()},
		{"ledger", ledgerClauses()},
		{"everything", wholeClauses()},
		{"damage", damageClauses()},
	}
	for _, group := range groups {
		if group.name == "damage" && place(t).Alter == nil {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.tests {
				t.Run(c.name, func(t *testing.T) { c.test(newBench(t, place(t))) })
			}
		})
	}
	t.Run("twin", func(t *testing.T) { likeTheTwin(t, place) })
}

// clause is one promise of the contract.
type clause struct {
	name string
	test func(b *bench)
}

// bench is a store under test. Its methods fail the test on errors.
type bench struct {
	testing.TB
	place Place
	store.Store
}

func newBench(t testing.TB, place Place) *bench {
	t.Helper()
	b := &bench{TB: t, place: place}
	b.open()
	t.Cleanup(func() { _ = b.Store.Close() })
	return b
}

func (b *bench) open() {
	b.Helper()
	s, err := b.place.Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Store = s
}

// reopen closes the store and opens it again, unless it would forget everything.
func (b *bench) reopen() {
	b.Helper()
	if b.place.Forgets {
		return
	}
	if err := b.Close(); err != nil {
		b.Fatal(err)
	}
	b.open()
}

func (b *bench) keep(change *store.Change) {
	b.Helper()
	if err := b.Keep(b.Context(), change); err != nil {
		b.Fatal(err)
	}
}

// add puts entries in the backlog and returns their sequence numbers.
func (b *bench) add(entries ...*store.Entry) []int64 {
	b.Helper()
	b.keep(&store.Change{Add: entries})
	return seqs(entries)
}

func seqs(entries []*store.Entry) []int64 {
	list := []int64{}
	for _, e := range entries {
		list = append(list, e.Seq)
	}
	return list
}

// must returns a function that fails the test on an error.
func must[T any](b *bench) func(T, error) T {
	return func(value T, err error) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}

// day is a moment; n tells one from the other.
func day(n int) time.Time {
	return time.Date(2024, 2, 1, 12, 0, 0, 123456789, time.UTC).AddDate(0, 0, n)
}

// entry is an entry whose fields all say something.
func entry(pipeline, id string) *store.Entry {
	return &store.Entry{
		Pipeline: pipeline, Origin: store.Accepted, Since: day(0), Replays: 3,
		Record: &connector.Record{
			ID: connector.RecordID(id), Key: "key of " + id, Data: []byte("data of " + id),
			Headers: connector.Headers{{Name: "kind", Value: "order"}, {Name: "kind", Value: "\xff\x00"}},
			Time:    day(1).In(time.FixedZone("", 3600)),
		},
	}
}

func parked(pipeline, id string, due int) *store.Entry {
	e := entry(pipeline, id)
	e.Origin, e.Due, e.Progress = store.Parked, day(due), progress()
	return e
}

func progress() store.Progress {
	failure := &connector.Failure{Class: connector.Unavailable, Retryable: true, Ambiguous: true, Status: 503, Detail: "no <capacity> ü"}
	trail := []connector.Attempt{{N: 1, At: day(1), Took: time.Second, Failure: failure, Wait: time.Minute}, {N: 2, At: day(2), Took: 1}}
	return store.Progress{Legs: []store.Leg{
		{Sink: "crm", Destination: "tenant\xff", Key: "\xfe\x00", Attempts: 2, First: day(1), Last: day(2), Failure: failure, Trail: trail},
		{Sink: "erp", Outcome: outcome(connector.Delivered)},
	}}
}

func outcome(state connector.State) *connector.Outcome {
	o := &connector.Outcome{State: state, Sink: "erp", Destination: "a", Attempts: 4, First: day(1), Last: day(2), Reason: "because",
		Response: &connector.Response{Status: 200, Headers: connector.Headers{{Name: "a", Value: "b"}}, Body: []byte{0, 255}, Truncated: true, Note: "odd"}}
	if state == connector.Failed {
		o.Failure = &connector.Failure{Class: connector.Rejected, Status: 400, Detail: "no"}
	}
	return o
}

func letter(pipeline, sink, id string, class connector.Class, at int) *store.Letter {
	o := outcome(connector.Failed)
	o.Failure.Class = class
	return &store.Letter{Pipeline: pipeline, Sink: sink, Destination: "tenant\xff", Class: class, At: day(at), Outcome: o, Replays: 2,
		Record: entry(pipeline, id).Record}
}

func story(pipeline, id string, state connector.State, at int) *store.Story {
	return &store.Story{Pipeline: pipeline, ID: connector.RecordID(id), Key: "k", At: day(at), Outcome: outcome(state), Accepted: true}
}
