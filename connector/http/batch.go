package http

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	nethttp "net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	batchLimit      = 1000 // records in one Write
	groupsAtOnce    = 8
	maxSuspects     = 10_000
	suspectFor      = 15 * time.Minute
	suspectWeight   = 1
	keyBytes        = 16 // of the digest that is the idempotency key of a batch
	headerSeparator = "\x00"
)

// group is the records of a batch that go out in one request: method, URL and headers are the same.
type group struct {
	envelope
	records  []*connector.Record
	elements [][]byte            // one per record
	results  []*connector.Result // where each one's result belongs
}

// newGroup makes an empty group. Where it may be the only one, it has room for most.
func newGroup(e envelope, most int) *group {
	return &group{envelope: e, records: make([]*connector.Record, 0, most), elements: make([][]byte, 0, most), results: make([]*connector.Result, 0, most)}
}

// part returns the records from i to j as a group of their own.
func (g *group) part(i, j int) *group {
	return &group{envelope: g.envelope, records: g.records[i:j], elements: g.elements[i:j], results: g.results[i:j]}
}

func (g *group) settle(response *connector.Response, err error) {
	for _, result := range g.results {
		*result = connector.Result{Response: response, Err: err}
	}
}

// sendBatches makes as few requests as it can for records: one for all that share method, URL and headers, and are not
// suspected of having spoilt a batch before.
func (s *sink) sendBatches(ctx context.Context, t *target, records []*connector.Record, results []connector.Result) {
	groups := s.groups(t, records, results)
	if len(groups) == 1 {
		s.sendParts(ctx, groups[0])
		return
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, groupsAtOnce)
	for _, g := range groups {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			defer g.recovered()
			s.sendParts(ctx, g)
		})
	}
	wait.Wait()
}

// recovered is like the function of that name.
func (g *group) recovered() {
	if value := recover(); value != nil {
		g.settle(nil, &connector.PanicError{Value: value, Stack: debug.Stack()})
	}
}

// groups sorts records by where they go. A record that cannot be sent gets its result here.
func (s *sink) groups(t *target, records []*connector.Record, results []connector.Result) []*group {
	scope := s.scope(nil)
	defer s.release(scope)
	var groups []*group
	index := make(map[string]*group, 1)
	var e envelope // that of the record before; for all, where it is uniform
	for i, record := range records {
		if scope != nil {
			scope.Reset(record, nil)
		}
		element, err := s.element(scope, record)
		if err != nil {
			results[i].Err = err
			continue
		}
		if !s.uniform || e.url == nil {
			if e, err = s.envelope(scope, t, nil); err != nil {
				results[i].Err = err
				continue
			}
		}
		key := s.groupKey(&e)
		g := index[key]
		if g == nil {
			g = newGroup(e, len(records)-i)
			index[key] = g
			groups = append(groups, g)
		}
		g.records = append(g.records, record)
		g.elements = append(g.elements, element)
		g.results = append(g.results, &results[i])
	}
	return groups
}

// groupKey tells envelopes apart, by what may differ between two of the same sink and URL.
func (s *sink) groupKey(e *envelope) string {
	if s.uniform {
		return ""
	}
	var key strings.Builder
	key.WriteString(e.method + headerSeparator + e.url.String())
	for _, d := range s.headers.dynamic {
		key.WriteString(headerSeparator + e.header.get(d.name))
	}
	return key.String()
}

// sendParts sends a group, or the parts of it that suspicion allows, one after the other.
func (s *sink) sendParts(ctx context.Context, g *group) {
	for i := 0; i < len(g.records); {
		j, limit := i, len(g.records)
		for j < len(g.records) {
			if most, suspected := s.suspects.get(g.records[j].ID); suspected {
				limit = min(limit, most)
			}
			if j > i && j-i >= limit {
				break
			}
			j++
		}
		s.sendGroup(ctx, g.part(i, j))
		i = j
	}
}

// sendGroup makes one request. Where the peer refuses a batch for what is in it, without a word on each record, the
// batch is divided until the records at fault stand alone. Where the peer breaks over it (500), the next attempt
// is made in halves, so that one record that brings this about does not take the others with it for ever, and a
// peer that is merely ill is not asked more often at once.
func (s *sink) sendGroup(ctx context.Context, g *group) {
	scope := s.scope(g.records[0])
	defer s.release(scope)
	m := &message{envelope: g.envelope, body: s.join(g.elements), id: batchKey(g.records)}
	m.header = slices.Clone(g.header)
	m.header.setDefault("Content-Type", batchContentType(s.config.BatchFormat))
	if s.idempotencyHeader != "" {
		if err := m.header.set(s.idempotencyHeader, m.id); err != nil {
			g.settle(nil, err)
			return
		}
	}
	response, verdicts, err := s.post(ctx, m, judge{scope, g.records})
	switch n := len(g.records); {
	case verdicts != nil:
		for i, result := range g.results {
			*result = connector.Result{Response: response, Err: verdicts[i]}
		}
	case n > 1 && divisible(err) && ctx.Err() == nil:
		s.sendGroup(ctx, g.part(0, n/2))
		s.sendGroup(ctx, g.part(n/2, n))
		return
	default:
		g.settle(response, err)
	}
	s.suspect(g, verdicts == nil && broke(err))
}

// suspect remembers how many of these records may stand in one batch from now on.
func (s *sink) suspect(g *group, broken bool) {
	for _, record := range g.records {
		if broken && len(g.records) > 1 {
			s.suspects.put(record.ID, len(g.records)/2, suspectWeight)
		} else if !broken {
			s.suspects.drop(record.ID)
		}
	}
}

// divisible says whether the failure of a batch is about what is in it.
func divisible(err error) bool {
	failure, ok := err.(*connector.AttemptError)
	if !ok {
		return false
	}
	switch failure.Status {
	case nethttp.StatusBadRequest, nethttp.StatusConflict, nethttp.StatusRequestEntityTooLarge, nethttp.StatusUnprocessableEntity:
		return true
	}
	return failure.Class == connector.Business
}

func broke(err error) bool {
	failure, ok := err.(*connector.AttemptError)
	return ok && failure.Status == nethttp.StatusInternalServerError
}

// batchKey is the idempotency key of a batch: the id of its record when it is one, else a digest of the ids.
func batchKey(records []*connector.Record) string {
	if len(records) == 1 {
		return string(records[0].ID)
	}
	hash := sha256.New()
	for _, record := range records {
		hash.Write([]byte(record.ID))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil)[:keyBytes])
}

// batchOf returns Outlet.Batch.
func batchOf(config *SinkConfig) int {
	if slices.Contains([]string{batchArray, batchNDJSON, batchEvents}, config.BatchFormat) {
		return batchLimit
	}
	return 1
}
