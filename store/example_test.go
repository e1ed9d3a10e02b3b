package store_test

import (
	"context"
	"fmt"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// A change is kept as a whole: the record that is delivered leaves the backlog, its story is told, the position moves on.
func ExampleBacklog() {
	ctx := context.Background()
	s := store.NewMemory()
	defer s.Close()

	accepted := &store.Entry{Pipeline: "orders", Origin: store.Accepted, Record: &connector.Record{ID: "42", Data: []byte(`{}`)}}
	_ = s.Keep(ctx, &store.Change{Add: []*store.Entry{accepted}})
	waiting, _ := s.Fresh(ctx, "orders", 0, 100, 0)
	fmt.Println("waiting:", len(waiting), waiting[0].Record.ID)

	_ = s.Keep(ctx, &store.Change{
		Remove:    []int64{accepted.Seq},
		Stories:   []*store.Story{{Pipeline: "orders", ID: "42", Outcome: &connector.Outcome{State: connector.Delivered}, Accepted: true}},
		Pipeline:  "orders",
		Positions: []connector.Position{{Partition: "events.ndjson", Offset: 4096}},
	})
	stories, _, _ := s.Stories(ctx, store.StoryQuery{ID: "42"})
	fmt.Println("told:", stories[0].Outcome.State)
	// Output:
	// waiting: 1 42
	// told: delivered
}
