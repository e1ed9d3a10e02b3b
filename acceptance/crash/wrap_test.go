package crash

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/pipeline"
	"github.com/acktor/acktor/store"
)

// points are where an engine process can be told to die.
var points = []string{
	"keep.before", "keep.after", "save.before", "save.after", "settle.before", "settle.after", "write.before", "write.after", "replay.before", "replay.after",
}

// death kills the process when it has come to a point often enough.
type death struct {
	point string
	left  atomic.Int64
}

func (d *death) at(point string) {
	if point != d.point || d.left.Add(-1) != 0 {
		return
	}
	fmt.Println("died at", point)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// wrap puts the points, and the bug that is asked for, around what a pipeline calls, and returns the store for the engine.
func wrap(spec *pipeline.Spec, kept store.Store) store.Store {
	d := &death{}
	times := int64(0)
	_, _ = fmt.Sscan(os.Getenv(pointVariable), &d.point, &times) // empty: never
	d.left.Store(times)
	bug := os.Getenv(bugVariable)
	source := &mortalSource{Source: spec.Source, death: d, bug: bug}
	spec.Source = source
	connect := spec.Sinks[0].Outlet.New
	spec.Sinks[0].Outlet.New = func(name string) (connector.Sink, error) {
		sink, err := connect(name)
		return &mortalSink{sink, d, bug}, err
	}
	return &mortalStore{kept, d, source}
}

type mortalStore struct {
	store.Store
	*death
	source *mortalSource
}

func (s *mortalStore) Keep(ctx context.Context, change *store.Change) error {
	s.at("keep.before")
	err := s.Store.Keep(ctx, change)
	s.at("keep.after")
	return err
}

func (s *mortalStore) Save(ctx context.Context, pipeline string, positions []connector.Position) error {
	s.at("save.before")
	if latest := s.source.latest.Load(); latest != nil && s.source.bug == "commit over a gap" {
		positions = []connector.Position{*latest}
	}
	err := s.Store.Save(ctx, pipeline, positions)
	s.at("save.after")
	return err
}

func (s *mortalStore) Replay(ctx context.Context, query store.LetterQuery) (int, []string, error) {
	s.at("replay.before")
	moved, pipelines, err := s.Store.Replay(ctx, query)
	s.at("replay.after")
	return moved, pipelines, err
}

// mortalSource hides that outcomes could be told from within the actor, which changes nothing for the source.
type mortalSource struct {
	connector.Source
	*death
	bug    string
	latest atomic.Pointer[connector.Position] // of what was read
}

func (s *mortalSource) WantsAccepted() bool {
	accepter, ok := s.Source.(connector.Accepter)
	return ok && accepter.WantsAccepted()
}

func (s *mortalSource) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	records, err := s.Source.Read(ctx, credit)
	if len(records) > 0 {
		position := records[len(records)-1].Position
		s.latest.Store(&position)
	}
	if s.bug == "early ack" {
		settled := make([]connector.Settled, len(records))
		for i, record := range records {
			settled[i] = connector.Settled{Record: record, Outcome: &connector.Outcome{State: connector.Accepted}}
		}
		_ = s.Source.Settle(ctx, settled)
		time.Sleep(20 * time.Millisecond)
	}
	return records, err
}

func (s *mortalSource) Settle(ctx context.Context, settled []connector.Settled) error {
	s.at("settle.before")
	if s.bug == "early ack" {
		return nil
	}
	err := s.Source.Settle(ctx, settled)
	s.at("settle.after")
	return err
}

type mortalSink struct {
	connector.Sink
	*death
	bug string
}

func (s *mortalSink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	s.at("write.before")
	results := s.Sink.Write(ctx, batch)
	switch s.bug {
	case "written twice":
		results = s.Sink.Write(ctx, batch)
	case "never written":
		for i := range results {
			results[i].Err = nil
		}
	}
	s.at("write.after")
	return results
}
