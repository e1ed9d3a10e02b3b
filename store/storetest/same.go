package storetest

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

func sameRecord(a, b *connector.Record) bool {
	return a.ID == b.ID && a.Key == b.Key && slices.Equal(a.Headers, b.Headers) && bytes.Equal(a.Data, b.Data) &&
		a.Time.Equal(b.Time) && a.Time.Format("-0700") == b.Time.Format("-0700") && b.Position.IsZero() && b.Ref == nil
}

// sameText compares what has nothing but text, numbers and times in it.
func sameText(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func sameLegs(a, b store.Progress) bool {
	return slices.EqualFunc(a.Legs, b.Legs, func(a, b store.Leg) bool {
		return a.Sink == b.Sink && a.Destination == b.Destination && a.Key == b.Key && sameText(a, b)
	})
}

func sameEntry(a, b *store.Entry) bool {
	return a.Seq == b.Seq && a.Pipeline == b.Pipeline && a.Origin == b.Origin && a.Since.Equal(b.Since) && a.Due.Equal(b.Due) &&
		a.Replays == b.Replays && sameLegs(a.Progress, b.Progress) && sameRecord(a.Record, b.Record)
}

func sameHead(e *store.Entry, h store.Head) bool {
	return e.Seq == h.Seq && e.Due.Equal(h.Due) && e.Record.ID == h.ID && e.Record.Size() == h.Size && sameLegs(e.Progress, h.Progress)
}

func sameLetter(a, b *store.Letter) bool {
	return a.Seq == b.Seq && a.Pipeline == b.Pipeline && a.Sink == b.Sink && a.Destination == b.Destination && a.Class == b.Class &&
		a.At.Equal(b.At) && a.Replays == b.Replays && sameText(a.Outcome, b.Outcome) && sameRecord(a.Record, b.Record)
}

func sameStory(a, b *store.Story) bool {
	return a.Seq == b.Seq && a.Pipeline == b.Pipeline && a.ID == b.ID && a.Key == b.Key && a.At.Equal(b.At) && a.Accepted == b.Accepted &&
		sameText(a.Outcome, b.Outcome)
}

// without returns the letter as a list shows it.
func without(l *store.Letter) *store.Letter {
	c, r := *l, *l.Record
	r.Data, c.Record = nil, &r
	return &c
}
