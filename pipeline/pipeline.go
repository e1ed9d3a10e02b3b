// Package pipeline describes a pipeline as Go values: what the configuration is turned into, and
// what an embedder writes by hand.
package pipeline

import (
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/delivery"
	"github.com/acktor/acktor/expression"
	"github.com/acktor/acktor/field"
)

// Name identifies a pipeline within an engine.
type Name string

// FanOut says what several sinks mean for one record.
type FanOut string

// The fan-outs.
const (
	All        FanOut = "all"         // every sink gets it; delivered when all delivered it
	Any        FanOut = "any"         // every sink gets it; delivered when one delivered it, the others are withdrawn
	First      FanOut = "first"       // one sink after the other until one delivered it
	RoundRobin FanOut = "round_robin" // the sinks in turn, one each
)

// OnFull says what happens to a record that finds the queue of its destination full.
type OnFull string

// What a full queue does.
const (
	Hold OnFull = "hold" // the source is not read until there is room
	Fail OnFull = "fail" // the record fails at once: breaker_open when the breaker is open, else throttled
	Park OnFull = "park" // the record is parked in the durable store
)

// Window bounds what is in flight: read and not yet settled.
type Window struct {
	Records int         `config:"records" default:"1024" min:"1" doc:"Records read and not yet settled."`
	Bytes   field.Bytes `config:"bytes" default:"64MiB" min:"1KiB" doc:"... and their bytes."`
}

// Sink is one sink of a pipeline with everything that guards it.
type Sink struct {
	Name    string
	Kind    string // the connector's name, for display
	Outlet  *connector.Outlet
	Options Options
}

// Options are the keys beside the connector's own in a sink.
type Options struct {
	When            expression.Condition     `config:"when" doc:"Only records for which this is true go to this sink." example:"record.headers.kind == \"order\""`
	Destination     expression.Template      `config:"destination" doc:"What counts as one receiving end, with a breaker, a queue and limits of its own. The default is the connector's: for HTTP, scheme, host and port." example:"{{ record.headers.tenant }}"`
	InFlight        int                      `config:"in_flight" default:"64" min:"1" doc:"Attempts at the same time, per destination."`
	Queue           Queue                    `config:"queue" doc:"Records that wait, per destination."`
	OrderBy         expression.Value         `config:"order_by" doc:"Records with the same value reach the sink in source order, retries included. An empty value is not ordered." example:"record.key"`
	Timeout         time.Duration            `config:"timeout" default:"10s" min:"1ms" doc:"Time for one attempt."`
	Retry           delivery.Retry           `config:"retry" doc:"What follows a failed attempt."`
	Breaker         delivery.BreakerSettings `config:"breaker" doc:"When a destination is left alone."`
	RateLimit       *delivery.RateLimit      `config:"rate_limit" doc:"Most attempts per second, per destination."`
	Batch           *Batch                   `config:"batch" doc:"Several records in one attempt."`
	IdleAfter       time.Duration            `config:"idle_after" default:"5m" min:"1s" doc:"A destination without work is closed after this time."`
	MaxDestinations int                      `config:"max_destinations" default:"10000" min:"1" doc:"Most destinations open at the same time. Beyond it the longest idle one is closed; when none is idle, new ones wait or fail as on_full says."`
}

// Queue bounds what waits for one destination.
type Queue struct {
	Records int    `config:"records" default:"256" min:"1" doc:"Waiting records, those that wait for their next attempt included."`
	OnFull  OnFull `config:"on_full" enum:"hold,fail,park" doc:"What happens to a record that finds it full: hold slows the source, fail gives the outcome at once, park needs a durable store. The default is hold with one fixed destination and fail with many."`
}

// Batch asks for several records in one attempt.
type Batch struct {
	Records int           `config:"records" default:"100" min:"1" doc:"Most records in a batch."`
	Bytes   field.Bytes   `config:"bytes" default:"1MiB" min:"1" doc:"Most bytes in a batch."`
	Wait    time.Duration `config:"wait" default:"20ms" min:"0s" doc:"Longest time that the first record waits for others."`
}

// Backlog bounds what the engine answers for by itself, in its store: records that were accepted and not delivered yet, and
// records that are parked until their next attempt.
type Backlog struct {
	Records   int           `config:"records" default:"1000000" min:"1" doc:"Records in the backlog. At the limit no more are accepted, and none is parked."`
	Bytes     field.Bytes   `config:"bytes" default:"8GiB" min:"1KiB" doc:"... and their bytes."`
	ParkAfter time.Duration `config:"park_after" default:"10s" min:"1ms" doc:"A record whose next attempt is at least so far away leaves the window until then."`
}

// Restart is how the supervisors restart what failed.
type Restart struct {
	Initial     time.Duration `config:"initial" default:"100ms" min:"1ms" doc:"Wait before the first restart; it doubles with each."`
	Max         time.Duration `config:"max" default:"30s" min:"1ms" doc:"Longest wait."`
	MaxFailures int           `config:"max_failures" default:"10" min:"1" doc:"Failures in a row after which the pipeline counts as failed."`
	RetryFailed time.Duration `config:"retry_failed" default:"1m" min:"1ms" doc:"A failed pipeline is started again after this time."`
}
