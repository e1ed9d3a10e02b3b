package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/internal/scenario"
	"github.com/acktor/acktor/store"
)

// feed is the connector.
type feed struct {
	*scenario.Transcript
	mu      sync.Mutex
	changed chan struct{} // closed when there is something new
	waiting []*connector.Record
	offsets map[string]int64
	errs    map[string][]error
	always  map[string]error
	delays  map[string]time.Duration
	saved   map[string]connector.Position
	open    bool
	reading bool
}

var (
	_ connector.Source    = (*feed)(nil)
	_ connector.Committer = (*feed)(nil)
)

func newFeed(transcript *scenario.Transcript) *feed {
	return &feed{
		Transcript: transcript, changed: make(chan struct{}), offsets: make(map[string]int64), errs: make(map[string][]error),
		always: make(map[string]error), delays: make(map[string]time.Duration), saved: make(map[string]connector.Position),
	}
}

func (f *feed) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) add(ids []string) {
	f.change(func() {
		for _, id := range ids {
			id, to, _ := strings.Cut(id, "@")
			id, partition, _ := strings.Cut(id, "/")
			f.offsets[partition]++
			record := &connector.Record{
				ID: connector.RecordID(id), Key: "k" + id, Headers: connector.Headers{{Name: "to", Value: to}},
				Position: connector.Position{Partition: partition, Offset: f.offsets[partition]},
			}
			if partition == "none" {
				record.Position = connector.Position{}
			}
			f.waiting = append(f.waiting, record)
		}
	})
}

func (f *feed) fail(call string, err error) {
	f.change(func() { f.errs[call] = append(f.errs[call], err) })
}

func (f *feed) failNext(args []string) {
	err := errors.New("cannot " + args[0])
	switch {
	case len(args) > 1 && args[1] == "permanently":
		f.fail(args[0], &connector.PermanentError{Err: err})
	case len(args) > 1 && args[1] == "always":
		f.always[args[0]] = err
	case len(args) > 1 && args[1] == "never":
		delete(f.always, args[0])
	default:
		f.fail(args[0], err)
	}
}

func (f *feed) slow(call string, delay time.Duration) { f.delays[call] = delay }

// call returns the error that is scripted for a call, after its delay.
func (f *feed) call(name string) error {
	f.mu.Lock()
	delay := f.delays[name]
	delete(f.delays, name)
	f.mu.Unlock()
	time.Sleep(delay)
	f.mu.Lock()
	defer f.mu.Unlock()
	if errs := f.errs[name]; len(errs) > 0 {
		f.errs[name] = errs[1:]
		return errs[0]
	}
	return f.always[name]
}

func (f *feed) Open(_ context.Context, from []connector.Position) error {
	f.Printf("connector: open%s", places(" behind", from))
	if f.open {
		f.Printf("connector: MISTAKE: it is open")
	}
	err := f.call("open")
	f.open = err == nil
	return err
}

func (f *feed) Close(context.Context) error {
	f.Printf("connector: close")
	if f.reading {
		f.Printf("connector: MISTAKE: it is read from")
	}
	f.open = false
	return f.call("close")
}

func (f *feed) Read(ctx context.Context, credit connector.Credit) ([]*connector.Record, error) {
	f.reading = true
	defer func() { f.reading = false }()
	for {
		f.mu.Lock()
		changed, n := f.changed, min(credit.Records, len(f.waiting))
		records := f.waiting[:n:n]
		f.waiting = f.waiting[n:]
		var err error
		if errs := f.errs["read"]; len(errs) > 0 && len(f.waiting) == 0 {
			err, f.errs["read"] = errs[0], errs[1:]
		}
		f.mu.Unlock()
		if n > 0 || err != nil {
			f.Printf("read: %d of at most %d%s", n, credit.Records, because(err))
			return records, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return f.late(ctx)
		}
	}
}

// late is what a Read does at its end: it may take its time and still bring something.
func (f *feed) late(ctx context.Context) ([]*connector.Record, error) {
	if f.delays["read"] == 0 {
		return nil, ctx.Err()
	}
	_ = f.call("read")
	f.mu.Lock()
	defer f.mu.Unlock()
	records := f.waiting
	f.waiting = nil
	f.Printf("read: %d at its end", len(records))
	return records, nil
}

func (f *feed) Settle(_ context.Context, settled []connector.Settled) error {
	err := f.call("settle")
	for _, s := range settled {
		f.Printf("connector: settle %s %s%s", s.Record.ID, outcome(s.Outcome), because(err))
	}
	return err
}

func (f *feed) Commit(_ context.Context, positions []connector.Position) error {
	f.Printf("connector: commit%s", places("", positions))
	return f.call("commit")
}

// positions is the store of what was committed.
type positions struct{ feed *feed }

var _ store.Positions = positions{}

func (p positions) Load(context.Context, string) ([]connector.Position, error) {
	return slices.Collect(maps.Values(p.feed.saved)), p.feed.call("load")
}

func (p positions) Save(_ context.Context, _ string, list []connector.Position) error {
	if err := p.feed.call("save"); err != nil {
		p.feed.Printf("connector: save%s: %v", places("", list), err)
		return err
	}
	for _, position := range list {
		p.feed.saved[position.Partition] = position
	}
	return nil
}

func (positions) Close() error { return nil }

func places(before string, positions []connector.Position) string {
	text := ""
	for _, p := range positions {
		text += " " + strings.TrimPrefix(fmt.Sprintf("%s:%d", p.Partition, p.Offset), ":")
	}
	if text == "" {
		return ""
	}
	return before + text
}

func outcome(o *connector.Outcome) string {
	text := o.State.String()
	if o.Failure != nil {
		text += " " + o.Failure.Class.String()
		if o.Failure.Ambiguous {
			text += ", ambiguous"
		}
	}
	if o.DeadLettered {
		text += ", dead-lettered"
	}
	for i := range o.Branches {
		text += fmt.Sprintf(" [%s %s]", o.Branches[i].Sink, outcome(&o.Branches[i]))
	}
	return text
}
