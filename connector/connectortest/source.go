package connectortest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
)

// SourceHarness makes sources to be tested.
type SourceHarness struct {
	// New returns a source that is not open, with an upstream of its own that has count records for it and, when
	// these are read, nothing more. What must be cleaned up is left to t.Cleanup.
	New func(t *testing.T, count int) *SourceFixture

	Resumes    bool // records have positions, and Open continues behind them
	Redelivers bool // what is not settled is handed over again after Close and Open
}

// SourceFixture is a source with its upstream.
type SourceFixture struct {
	Source connector.Source
	// Opened makes the upstream offer its records, after the first Open. May be nil.
	Opened func()
	// End makes the upstream say that it has no more; nil when it has said so already.
	End func()
	// Endless says that the source never ends.
	Endless bool
	// Break makes Open fail until mend is called; nil where nothing can.
	Break func() (mend func())
}

// Source runs the suite over the sources of a harness.
func Source(t *testing.T, harness SourceHarness) {
	for name, test := range map[string]func(*sourceBench){
		"hands over every record once and takes its outcome":            testSourceHandsOver,
		"keeps to the credit in records":                                testSourceCreditRecords,
		"keeps to the credit in bytes unless the first alone is larger": testSourceCreditBytes,
		"returns from Read when the context ends":                       testSourceReadEnds,
		"ends after its last record and stays ended":                    testSourceEnds,
		"leaves the memory of records to the engine":                    testSourceMemory,
		"takes outcomes while it reads":                                 testSourceSettlesWhileReading,
		"closes while records are in flight and opens again":            testSourceReopens,
		"continues behind a committed position":                         testSourceResumes,
		"hands over again what was not settled":                         testSourceRedelivers,
		"closes when the context has ended":                             testSourceCloseEnds,
		"opens once what kept it from opening is gone":                  testSourceMends,
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			test(&sourceBench{T: t, harness: harness})
		})
	}
}

// plenty is more credit than any test needs.
var plenty = connector.Credit{Records: 1000, Bytes: 64 << 20}

// sourceBench is one test's source.
type sourceBench struct {
	*testing.T
	harness SourceHarness
	*SourceFixture
	opened bool
}

// start makes a source and opens it.
func (b *sourceBench) start(count int) {
	b.Helper()
	b.SourceFixture = b.harness.New(b.T, count)
	b.open()
}

func (b *sourceBench) open(from ...connector.Position) {
	b.Helper()
	ctx := atOnce(b.T)
	if err := b.Source.Open(ctx, from); err != nil {
		b.Fatalf("open: %v", err)
	}
	if b.opened {
		return
	}
	b.opened = true
	b.Cleanup(func() { b.close() })
	if b.Opened != nil {
		b.Opened()
	}
}

func (b *sourceBench) close() { b.closeWithin(patience) }

func (b *sourceBench) closeWithin(time time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time)
	defer cancel()
	if err := b.Source.Close(ctx); err != nil {
		b.Errorf("close: %v", err)
	}
}

// read reads at least count records, with the given credit each time.
func (b *sourceBench) read(count int, credit connector.Credit) []*connector.Record {
	b.Helper()
	var all []*connector.Record
	for len(all) < count {
		records, err := b.Source.Read(atOnce(b.T), credit)
		all = append(all, records...)
		if err != nil && (len(all) < count || !errors.Is(err, connector.ErrEndOfSource)) {
			b.Fatalf("read %d of %d records: %v", len(all), count, err)
		}
		if len(records) > credit.Records {
			b.Fatalf("%d records for a credit of %d", len(records), credit.Records)
		}
		if size := sizeOf(records); len(records) > 1 && size > credit.Bytes {
			b.Fatalf("%d records of %d bytes for a credit of %d bytes", len(records), size, credit.Bytes)
		}
	}
	return all
}

func sizeOf(records []*connector.Record) int {
	size := 0
	for _, record := range records {
		size += record.Size()
	}
	return size
}

// settle settles records, with each kind of outcome in turn, and spoils the slice afterwards.
func (b *sourceBench) settle(records ...*connector.Record) {
	b.Helper()
	settled := make([]connector.Settled, len(records))
	for i, record := range records {
		settled[i] = connector.Settled{Record: record, Outcome: outcomes[i%len(outcomes)]}
	}
	if err := b.Source.Settle(atOnce(b.T), settled); err != nil {
		b.Errorf("settle: %v", err)
	}
	clear(settled)
}

var outcomes = []*connector.Outcome{
	{State: connector.Delivered, Attempts: 1},
	{State: connector.Failed, Attempts: 3, Failure: &connector.Failure{Class: connector.Rejected, Status: 400, Detail: "no"}},
	{State: connector.Filtered, Reason: "filter false"},
}

func idsOf(records []*connector.Record) []connector.RecordID {
	ids := make([]connector.RecordID, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	return ids
}

func testSourceHandsOver(b *sourceBench) {
	const count = 500
	b.start(count)
	records := b.read(count, plenty)
	if len(records) != count {
		b.Fatalf("%d records, want %d", len(records), count)
	}
	seen := map[connector.RecordID]bool{"": true}
	for _, record := range records {
		if seen[record.ID] {
			b.Fatalf("the id %q is empty or there twice", record.ID)
		}
		seen[record.ID] = true
		for _, header := range record.Headers {
			if !bytes.Equal([]byte(header.Name), bytes.ToLower([]byte(header.Name))) {
				b.Fatalf("the header %q is not in lower case", header.Name)
			}
		}
	}
	for batch := range slices.Chunk(records, 7) {
		b.settle(batch...)
	}
}

func testSourceCreditRecords(b *sourceBench) {
	b.start(20)
	all := b.read(5, connector.Credit{Records: 1, Bytes: 1 << 20})
	all = append(all, b.read(15, connector.Credit{Records: 3, Bytes: 1 << 20})...)
	b.settle(all...)
}

func testSourceCreditBytes(b *sourceBench) {
	b.start(20)
	all := b.read(5, connector.Credit{Records: 100, Bytes: 1})
	all = append(all, b.read(15, connector.Credit{Records: 100, Bytes: 3 * all[0].Size()})...)
	b.settle(all...)
}

func testSourceReadEnds(b *sourceBench) {
	b.start(5)
	ended, cancel := context.WithCancel(b.Context())
	cancel()
	early, err := b.Source.Read(ended, plenty)
	if !errors.Is(err, context.Canceled) {
		b.Errorf("read with an ended context: %v", err)
	}
	b.settle(append(early, b.read(5-len(early), plenty)...)...)
	if b.End == nil && !b.Endless {
		return // has ended, and does not wait
	}
	waiting, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { _, err := b.Source.Read(waiting, plenty); done <- err }()
	cancel()
	if err := within(b.T, "Read whose context ended", done); !errors.Is(err, context.Canceled) {
		b.Errorf("read while the context ends: %v", err)
	}
}

func testSourceEnds(b *sourceBench) {
	b.start(3)
	if b.Endless {
		b.Log("does not apply: the source never ends")
		return
	}
	b.settle(b.read(3, plenty)...)
	if b.End != nil {
		b.End()
	}
	for range 2 {
		if records, err := b.Source.Read(atOnce(b.T), plenty); !errors.Is(err, connector.ErrEndOfSource) || len(records) > 0 {
			b.Fatalf("read %d records, %v; want the end of the source", len(records), err)
		}
	}
}

func testSourceMemory(b *sourceBench) {
	b.start(300)
	first := b.read(1, connector.Credit{Records: 50, Bytes: 1 << 20})
	before := make([]connector.Record, len(first))
	for i, record := range first {
		before[i] = *copyOf(record)
	}
	rest := b.read(300-len(first), connector.Credit{Records: 50, Bytes: 1 << 20})
	for i, record := range first {
		wantUnchanged(b.T, &before[i], record)
	}
	b.settle(append(first, rest...)...)
}

func testSourceSettlesWhileReading(b *sourceBench) {
	const count = 300
	b.start(count)
	read := make(chan []*connector.Record, count)
	done := make(chan error, 1)
	go func() {
		for records := range read {
			b.settle(records...)
		}
		done <- nil
	}()
	for n := 0; n < count; {
		records := b.read(1, connector.Credit{Records: 10, Bytes: 1 << 20})
		n += len(records)
		read <- records
	}
	close(read)
	within(b.T, "Settle", done)
}
