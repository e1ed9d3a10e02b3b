package roles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/bench/process"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/memory"
)

// HolderTask is for an engine that holds destinations which have nothing to do.
type HolderTask struct {
	Destinations int64
	IdleAfter    time.Duration // after which they are passivated
	Limit        float64       // of the bytes that one may cost
	Fault        Fault
	// Profile is the path where profiles of the work are written, and heap and goroutine profiles as
	// PROFILE.held.heap and so on. Empty: none.
	Profile string
}

// Holder is the role of an engine that writes one record to each of many destinations, and then nothing.
func Holder(ctx context.Context, line *process.Line) error {
	var task HolderTask
	if err := line.Task(&task); err != nil {
		return err
	}
	h := &holder{task: &task, taken: newTaken(task.Fault), source: memory.NewSource(memory.Options{})}
	var err error
	if h.acktor, err = acktor.New(acktor.Options{}); err != nil {
		return err
	}
	options := acktor.DefaultSinkOptions()
	options.IdleAfter, options.MaxDestinations = task.IdleAfter, int(task.Destinations)
	sink := acktor.Sink{Name: "nowhere", Outlet: h.outlet(), Options: options}
	if err := h.acktor.Add(acktor.Pipeline{Name: "bench", Source: h.source, Sinks: []acktor.Sink{sink}}); err != nil {
		return err
	}
	return process.Compete(ctx, line, profiled(task.Profile, process.Contestant{Start: h.acktor.Start, Wait: h.hold, Stop: h.stop}))
}

type holder struct {
	task   *HolderTask
	acktor *acktor.Engine
	source *memory.Source
	taken  *taken
	gauges []process.Gauge

	sent, delivered, failed atomic.Int64
	closed                  atomic.Int64 // sinks
}

// outlet makes a sink for each destination that does nothing and holds nothing.
func (h *holder) outlet() *connector.Outlet {
	return &connector.Outlet{
		Destination: func(record *connector.Record) (string, error) { return record.Key, nil },
		New:         func(string) (connector.Sink, error) { return &noting{h}, nil },
	}
}

type noting struct{ *holder }

func (*noting) Open(context.Context) error { return nil }

func (n *noting) Write(_ context.Context, batch []*connector.Record) []connector.Result {
	for _, record := range batch {
		n.taken.take(record.Time.UnixNano())
	}
	return nil
}

func (n *noting) Close(context.Context) error {
	n.closed.Add(1)
	return nil
}

// hold measures before there are any destinations, while all are held, and when they are passivated.
func (h *holder) hold(ctx context.Context) error {
	before, err := footprint()
	if err != nil {
		return err
	}
	if err := h.fill(ctx); err != nil {
		return err
	}
	held, err := footprint()
	if err != nil {
		return err
	}
	h.compare("held", held, before)
	if early := h.closed.Load(); early > 0 {
		return fmt.Errorf("%d destinations were closed before they were measured: idle_after is too short", early)
	}
	if err := h.snapshot("held"); err != nil {
		return err
	}
	if err := h.passivated(ctx); err != nil {
		return err
	}
	after, err := footprint()
	if err != nil {
		return err
	}
	h.compare("passivated", after, before)
	return h.snapshot("passivated")
}

// fill sends a record to each destination, and returns when each has its outcome.
func (h *holder) fill(ctx context.Context) error {
	var outcomes sync.WaitGroup
	credit := make(chan struct{}, channelBuffer)
	for n := int64(1); n <= h.task.Destinations; n++ {
		credit <- struct{}{}
		outcomes.Add(1)
		record := &connector.Record{Key: "destination-" + strconv.FormatInt(n, 10), Time: time.Unix(0, n), Data: []byte("{}")}
		err := h.source.SendAsync(ctx, record, func(outcome *connector.Outcome) {
			h.count(outcome)
			<-credit
			outcomes.Done()
		})
		if err != nil {
			return err
		}
		h.sent.Add(1)
	}
	outcomes.Wait()
	return nil
}

func (h *holder) count(outcome *connector.Outcome) {
	if outcome.State == connector.Delivered {
		h.delivered.Add(1)
	} else {
		h.failed.Add(1)
	}
}

// passivated returns when all sinks were closed and their actors are gone.
func (h *holder) passivated(ctx context.Context) error {
	limit := time.NewTimer(4*h.task.IdleAfter + 10*time.Second)
	defer limit.Stop()
	for look := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-look.C:
			if h.closed.Load() == h.task.Destinations && len(h.acktor.Pipelines()[0].Destinations) == 0 {
				look.Stop()
				return nil
			}
		case <-limit.C:
			return fmt.Errorf("%d of %d destinations were passivated, %v after their last record",
				h.closed.Load(), h.task.Destinations, 4*h.task.IdleAfter+10*time.Second)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *holder) stop() (process.Report, error) {
	h.source.End()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return process.Report{
		Records: h.sent.Load(), Delivered: h.delivered.Load(), Failed: h.failed.Load(), Taken: h.taken.page(), Gauges: h.gauges,
	}, h.acktor.Stop(ctx)
}

// compare notes what one destination has cost since before.
func (h *holder) compare(when string, now, before memoryUse) {
	each := func(now, before int64) float64 { return float64(now-before) / float64(h.task.Destinations) }
	h.gauges = append(h.gauges,
		process.Gauge{Name: "heap and stacks, " + when, Unit: "B", Value: each(now.inUse, before.inUse), Limit: h.task.Limit},
		process.Gauge{Name: "resident, " + when, Unit: "B", Value: each(now.resident, before.resident)},
	)
}

// memoryUse is what this process holds, in bytes.
type memoryUse struct{ inUse, resident int64 }

// footprint is what is left when all that can be freed has been.
func footprint() (memoryUse, error) {
	runtime.GC() // what it finds unused in pools is freed by the next one
	debug.FreeOSMemory()
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	resident, err := process.Resident(os.Getpid())
	return memoryUse{int64(samples[0].Value.Uint64() + samples[1].Value.Uint64()), resident}, err
}

// snapshot writes a heap and a goroutine profile, if profiles are asked for.
func (h *holder) snapshot(when string) error {
	if h.task.Profile == "" {
		return nil
	}
	for _, name := range []string{"heap", "goroutine"} {
		file, err := os.Create(h.task.Profile + "." + when + "." + name)
		if err != nil {
			return err
		}
		if err := errors.Join(pprof.Lookup(name).WriteTo(file, 0), file.Close()); err != nil {
			return err
		}
	}
	return nil
}
