package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What the callers send: to each shop so many of them, one order each after the other, with a pause in between.
const (
	callersPerShop = 12
	pause          = 100 * time.Millisecond
	freeEvery      = 40 // every so many orders cost nothing, and a step filters them
	unknownEvery   = 60 // every so many orders name an item that no shop has, and fail
	unknownItem    = "unicorn"
)

// callers send orders and count what they are told of them.
type callers struct {
	url     string
	shops   []*shop
	client  *http.Client
	orders  atomic.Int64
	release func()
	first   chan struct{} // closed when the first outcome was told

	mu    sync.Mutex
	tally tally
}

// tally is what callers were told.
type tally struct {
	Outcomes   map[string]int64 // by outcome: delivered, failed, filtered
	Classes    map[string]int64 // of the failed ones
	TurnedAway int64            // refused before they were records: there was no room
	Lost       int64            // no outcome was told: there must be none
	First      time.Time        // when the first outcome was told
}

func newCallers(address net.Addr, shops []*shop) *callers {
	transport := &http.Transport{MaxIdleConnsPerHost: callersPerShop * len(shops), DisableCompression: true}
	return &callers{
		url: "http://" + address.String() + "/orders", shops: shops,
		client: &http.Client{Transport: transport}, release: transport.CloseIdleConnections, first: make(chan struct{}),
		tally: tally{Outcomes: map[string]int64{}, Classes: map[string]int64{}},
	}
}

// run sends orders while playing lasts and returns when each has its outcome, at the latest when settling ends.
func (c *callers) run(playing, settling context.Context) {
	defer c.release()
	var all sync.WaitGroup
	for _, shop := range c.shops {
		for i := range callersPerShop {
			all.Go(func() {
				late := pause * time.Duration(i) / callersPerShop // so that they do not call in step
				for sleep(playing, late) {
					c.note(c.call(settling, shop))
					late = pause
				}
			})
		}
	}
	all.Wait()
}

// reply is what the source answers: the outcome, or a problem document.
type reply struct {
	Outcome string `json:"outcome"`
	Class   string `json:"class"`
	Type    string `json:"type"`
}

// call sends one order and waits for its outcome.
func (c *callers) call(ctx context.Context, to *shop) (reply, error) {
	n := c.orders.Add(1)
	body := order(n)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", fmt.Sprintf("order-%d", n))
	request.Header.Set("Shop", to.name)
	request.Header.Set("Callback", to.url())
	response, err := c.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxOrder))
	if err != nil {
		return reply{}, err
	}
	var got reply
	return got, json.Unmarshal(text, &got)
}

func order(n int64) string {
	item, total := "kettle", n%90+10
	if n%unknownEvery == 5 {
		item = unknownItem
	}
	if n%freeEvery == 3 { // among the first, so that a short demo has them too
		total = 0
	}
	return fmt.Sprintf(`{"id": %d, "item": %q, "total": %d}`, n, item, total)
}

// note counts what a caller was told.
func (c *callers) note(got reply, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && isFinal(got.Outcome):
		c.tally.Outcomes[got.Outcome]++
		if got.Class != "" {
			c.tally.Classes[got.Class]++
		}
		if c.tally.First.IsZero() {
			c.tally.First = time.Now()
			close(c.first)
		}
	case err == nil && got.Type != "" && got.Outcome == "":
		c.tally.TurnedAway++
	default:
		c.tally.Lost++
	}
}

func isFinal(outcome string) bool {
	return outcome == "delivered" || outcome == "failed" || outcome == "filtered"
}

// told returns what the callers were told so far.
func (c *callers) told() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := c.tally
	copied.Outcomes, copied.Classes = maps.Clone(c.tally.Outcomes), maps.Clone(c.tally.Classes)
	return copied
}

func (t *tally) answered() (sum int64) {
	for _, n := range t.Outcomes {
		sum += n
	}
	return sum
}
