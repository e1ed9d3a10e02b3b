package http

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

// newSink makes the outlet of an HTTP sink. The default destination of a record is scheme://host:port of its URL; where the
// host is fixed there is one. The error joins a *connector.ConfigError for each mistake.
func newSink(config SinkConfig, env connector.Env) (*connector.Outlet, error) {
	p, err := newPlan(config, env.Logger())
	if err != nil {
		return nil, err
	}
	if config.TLS.InsecureSkipVerify {
		env.Logger().Warn("certificates are not verified: tls.insecure_skip_verify is on")
	}
	shared, cache := p.newPool(), newOutcomes(config.OutcomeCache)
	name := originsOf(p.targets)
	outlet := &connector.Outlet{
		Name:  name,
		Batch: batchOf(&config),
		New: func(destination string) (connector.Sink, error) {
			connections := shared
			if destination != name && !isOrigin(destination) {
				connections = p.newPool()
			}
			return newSinkAt(p, destination, connections, cache), nil
		},
	}
	if name == "" {
		outlet.Destination = destinationOf(p.targets[0])
	}
	return outlet, nil
}

// destinationOf returns the function that names where a record goes, for one goroutine at a time.
func destinationOf(t *target) func(*connector.Record) (string, error) {
	scope := expression.NewScope()
	return func(record *connector.Record) (string, error) {
		scope.Reset(record, nil)
		u, err := t.resolve(scope)
		if err != nil {
			return "", err
		}
		return originOf(u.url), nil
	}
}

// originsOf names the destination when it is fixed, else it is empty.
func originsOf(targets []*target) string {
	var origins []string
	for _, t := range targets {
		if !slices.Contains(origins, t.origin) {
			origins = append(origins, t.origin)
		}
	}
	return strings.Join(origins, ",")
}

func isOrigin(destination string) bool {
	u, err := url.Parse(destination)
	return err == nil && httpScheme(u.Scheme) && u.Host != "" && originOf(u) == destination
}

// sink writes to one destination. Write may be called from any number of goroutines.
type sink struct {
	*plan
	destination string
	pool        *pool
	exchanger   exchanger // between Open and Close
	balance     *balancer
	cache       *outcomes // nil: off
	taken       *outcomes // which of several URLs have taken a record that goes to all; nil: not needed
	suspects    *recent[connector.RecordID, int]
	uniform     bool // method, URL and headers are the same for all records
}

var _ connector.Sink = (*sink)(nil)

func newSinkAt(p *plan, destination string, connections *pool, cache *outcomes) *sink {
	s := &sink{
		plan: p, destination: destination, pool: connections, cache: cache,
		balance:  newBalancer(&p.config, len(p.targets)),
		suspects: newRecent[connector.RecordID, int](suspectFor, maxSuspects, maxSuspects*suspectWeight),
		uniform:  p.method != "" && len(p.headers.dynamic) == 0,
	}
	for _, t := range p.targets {
		s.uniform = s.uniform && t.fixed.url != nil
	}
	if len(p.targets) > 1 && p.config.Balance == balanceBroadcast {
		s.taken = newTaken(p.config.OutcomeCache)
	}
	return s
}

// Open makes ready. Connections are made when records need them.
func (s *sink) Open(context.Context) error {
	s.exchanger = s.pool.open()
	return nil
}

// Close closes the connections that no other sink shares.
func (s *sink) Close(context.Context) error {
	if s.exchanger != nil {
		s.exchanger = nil
		s.pool.leave()
	}
	return nil
}

var errClosed = errors.New("http: the sink is not open")

// Write makes one request per record, or as few as it can where batch_format is set. Each request carries the record's
// id and is sent once: what net/http would send again by itself comes back as a failed attempt.
func (s *sink) Write(ctx context.Context, batch []*connector.Record) []connector.Result {
	results := make([]connector.Result, len(batch))
	if s.exchanger == nil {
		for i := range results {
			results[i].Err = &connector.NotConnectedError{Err: errClosed}
		}
		return results
	}
	if s.cache == nil {
		s.send(ctx, batch, results)
		return results
	}
	s.cache.through(s.destination, batch, results, func(rest []*connector.Record, fresh []connector.Result) {
		s.send(ctx, rest, fresh)
	})
	return results
}

func (s *sink) send(ctx context.Context, records []*connector.Record, results []connector.Result) {
	if s.taken != nil {
		s.broadcast(ctx, records, results)
	} else {
		s.balanced(ctx, records, results)
	}
}

// sendTo makes one attempt for each record at one URL.
func (s *sink) sendTo(ctx context.Context, t *target, records []*connector.Record, results []connector.Result) {
	if s.config.BatchFormat != "" {
		s.sendBatches(ctx, t, records, results)
		return
	}
	for i := range records {
		results[i] = s.sendOne(ctx, t, records[i:i+1])
	}
}

// sendOne makes one request for one record.
func (s *sink) sendOne(ctx context.Context, t *target, record []*connector.Record) connector.Result {
	scope := s.scope(record[0])
	defer s.release(scope)
	m := s.message()
	defer s.dismiss(m)
	if err := s.compose(m, scope, t, record[0]); err != nil {
		return connector.Result{Err: err}
	}
	response, _, err := s.post(ctx, m, judge{scope, record})
	return connector.Result{Response: response, Err: err}
}
