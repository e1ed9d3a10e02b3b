package sink

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/internal/scenario"
)

// peer is the connector. A write takes a millisecond, then does what is scripted for its records, or succeeds.
type peer struct {
	*scenario.Transcript
	mu      sync.Mutex
	answers map[string][]string
	stuck   []chan struct{}
	writing int
}

var _ connector.Sink = (*peer)(nil)

func (p *peer) script(name string, answers []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[name] = append(p.answers[name], answers...)
}

func (p *peer) next(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers[name]) == 0 {
		return "ok"
	}
	answer := p.answers[name][0]
	p.answers[name] = p.answers[name][1:]
	return answer
}

func (p *peer) Open(context.Context) error {
	answer := p.next("open")
	p.Printf("connector: open: %s", answer)
	if answer != "ok" {
		return errors.New("cannot open")
	}
	return nil
}

func (p *peer) Close(context.Context) error {
	answer := p.next("close")
	p.Printf("connector: close: %s", answer)
	switch answer {
	case "panic":
		panic("close")
	case "slow":
		time.Sleep(time.Second)
	}
	if p.writing > 0 {
		p.Printf("connector: MISTAKE: closed while it writes")
	}
	return nil
}

func (p *peer) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	var ids []string
	results := make([]connector.Result, len(batch))
	p.count(1)
	defer p.count(-1)
	for _, record := range batch {
		ids = append(ids, string(record.ID))
	}
	p.Printf("write %s", strings.Join(ids, " "))
	time.Sleep(time.Millisecond)
	for i, id := range ids {
		answer := p.next(id)
		switch answer {
		case "panic":
			panic("write")
		case "few":
			return results[:i]
		}
		results[i] = p.result(ctx, answer)
	}
	return results
}

func (p *peer) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing += n
}

func (p *peer) result(ctx context.Context, answer string) connector.Result {
	answer, argument, _ := strings.Cut(answer, ":")
	cause := errors.New(answer)
	switch answer {
	case "ok":
		return connector.Result{Response: &connector.Response{Status: 200}}
	case "error":
		return connector.Result{Err: cause}
	case "permanent":
		return connector.Result{Err: &connector.PermanentError{Err: cause}}
	case "throttled":
		return connector.Result{Err: &connector.ThrottledError{After: duration(argument), Err: cause}}
	case "lost":
		return connector.Result{Err: &connector.NotConnectedError{Err: cause}}
	case "slow":
		time.Sleep(duration(argument))
		return connector.Result{}
	case "late": // and failed
		time.Sleep(duration(argument))
		return connector.Result{Err: cause}
	case "hang": // until its time is up
		<-ctx.Done()
		return connector.Result{Err: ctx.Err()}
	case "stuck": // beyond its time
		stuck := make(chan struct{})
		p.mu.Lock()
		p.stuck = append(p.stuck, stuck)
		p.mu.Unlock()
		<-stuck
		return connector.Result{}
	}
	panic("unknown answer " + answer)
}

// release lets writes that are stuck return.
func (p *peer) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stuck := range p.stuck {
		close(stuck)
	}
	p.stuck = nil
}
