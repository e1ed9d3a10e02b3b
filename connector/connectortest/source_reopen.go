package connectortest

import (
	"context"
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
)

// The tests of sources that are closed and opened again.

// shortClose is the time for a Close with records in flight: a source may use all of it to wait for their outcomes.
const shortClose = 300 * time.Millisecond

func testSourceReopens(b *sourceBench) {
	b.start(10)
	inFlight := b.read(2, connector.Credit{Records: 2, Bytes: 1 << 20})
	b.settle(inFlight[0])
	for range 2 {
		b.closeWithin(shortClose)
		b.open()
	}
	b.settle(inFlight[1]) // an outcome that was under way
	b.closeWithin(shortClose)
	b.open()
}

func testSourceResumes(b *sourceBench) {
	if !b.harness.Resumes {
		b.Log("does not apply: the source keeps no positions")
		return
	}
	const count = 300
	b.start(count)
	all := b.read(count, connector.Credit{Records: 64, Bytes: 1 << 20})
	for _, committed := range []int{0, 1, 63, 64, 200, count - 2} {
		b.close()
		b.open(all[committed].Position)
		rest := b.read(count-committed-1, plenty)
		if !slices.Equal(idsOf(rest), idsOf(all[committed+1:])) {
			b.Fatalf("behind record %d came %d others, want the %d that follow it", committed, len(rest), count-committed-1)
		}
	}
}

func testSourceRedelivers(b *sourceBench) {
	if !b.harness.Redelivers {
		b.Log("does not apply: the source does not hand over again")
		return
	}
	const count = 10
	b.start(count)
	all := b.read(count, plenty)
	var unsettled []*connector.Record
	for i, record := range all {
		if i%3 == 0 {
			b.settle(record)
		} else {
			unsettled = append(unsettled, record)
		}
	}
	b.close()
	b.open()
	again := b.read(len(unsettled), plenty)
	if !slices.Equal(idsOf(again), idsOf(unsettled)) {
		b.Errorf("%v were handed over again, want %v", idsOf(again), idsOf(unsettled))
	}
	b.settle(again...)
}

func testSourceCloseEnds(b *sourceBench) {
	b.start(5)
	b.read(1, connector.Credit{Records: 1, Bytes: 1 << 20})
	ended, cancel := context.WithCancel(b.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- b.Source.Close(ended) }()
	_ = within(b.T, "Close whose context had ended", done) // it may say that it could not finish
}

func testSourceMends(b *sourceBench) {
	b.SourceFixture = b.harness.New(b.T, 3)
	if b.Break == nil {
		b.Log("does not apply: nothing keeps the source from opening")
		return
	}
	mend := b.Break()
	for range 2 {
		if err := b.Source.Open(atOnce(b.T), nil); err == nil {
			b.Error("it opens although it cannot")
		}
	}
	mend()
	b.open()
	b.settle(b.read(3, plenty)...)
}
