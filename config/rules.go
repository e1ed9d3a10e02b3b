package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/acktor/acktor/pipeline"
)

// nameRule is what names of pipelines and sinks look like: they become file names, metric labels and addresses.
var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

const nameCure = "use up to 63 lower-case letters, digits, - and _, a letter or digit first"

// checkPipeline reports what is wrong with a pipeline as a whole.
func (d *decoder) checkPipeline(p *pipelineForm) {
	if !nameRule.MatchString(p.name) {
		d.errorf(p.node.owner, p.path, nameCure, "%q is not a pipeline's name", p.name)
	}
	if sinks, ok := p.node.value("sinks"); ok && sinks.kind == mappingNode && len(sinks.entries) == 0 {
		d.errorf(sinks.owner, join(p.path, "sinks"), listing(d.names(asSink)), "there are no sinks")
	}
	for _, sink := range p.sinksInOrder() {
		if !nameRule.MatchString(sink.name) {
			d.errorf(sink.around.owner, sink.path, nameCure, "%q is not a sink's name", sink.name)
		}
		if sink.name == deadLetter && p.DeadLetter != nil {
			d.errorf(sink.around.owner, sink.path, "rename it", "the name belongs to the pipeline's dead_letter")
		}
		if b := sink.Batch; b != nil && (b.Records > p.InFlight.Records || b.Bytes > p.InFlight.Bytes) &&
			sound(p.node, "in_flight.records") && sound(p.node, "in_flight.bytes") {
			d.warn(sink.around, "batch", sink.path, "raise the pipeline's in_flight, or lower batch",
				"a batch is never full: the pipeline has at most %d records and %s in flight", p.InFlight.Records, p.InFlight.Bytes)
		}
	}
	if dead := p.DeadLetter; dead != nil && !dead.When.IsZero() {
		d.reject(dead.around, "when", dead.path, "leave it out", "a dead letter takes every failed record")
	}
	d.ordered(p.node, p.path, "restart.initial", "restart.max", p.Restart.Initial > p.Restart.Max)
}

// checkSink reports settings of a sink that do not go together.
func (d *decoder) checkSink(s *sinkForm) {
	n, path := s.around, s.path
	d.ordered(n, path, "retry.initial", "retry.max", s.Retry.Initial > s.Retry.Max)
	if s.Queue.OnFull == pipeline.Hold && s.many {
		d.warn(n, "queue.on_full", path, "use fail", "with many destinations, hold lets one that is down stop the source for all")
	}
	if s.Batch != nil && s.Batch.Records > 1 && s.single {
		d.warn(n, "batch", path, "leave it out, or, for http, set batch_format",
			"the sink sends each record by itself, one after the other within one timeout")
	}
	if s.Batch != nil && s.Batch.Records > s.Queue.Records {
		d.reject(n, "batch.records", path, fmt.Sprintf("raise queue.records to %d or more", s.Batch.Records),
			"a batch of %d never comes together in a queue of %d", s.Batch.Records, s.Queue.Records)
	}
	if s.Breaker.Enabled && s.Retry.MaxElapsed > 0 && s.Breaker.OpenFor >= s.Retry.MaxElapsed {
		d.warn(n, "breaker.open_for", path, "lower it, or raise retry.max_elapsed",
			"an open breaker outlasts every record: they are given up after %s (retry.max_elapsed)", s.Retry.MaxElapsed)
	}
}

// ordered rejects a lower bound above the upper one.
func (d *decoder) ordered(n *node, path, low, high string, wrong bool) {
	if wrong && sound(n, low) && sound(n, high) {
		key := low
		if _, exact := n.follow(low); !exact {
			key = high
		}
		d.reject(n, key, path, "", "%s is more than %s", low, high)
	}
}

// reject reports a combination as an error, at a key with dots, unless the key's value was found wrong already.
func (d *decoder) reject(n *node, key, path, cure, format string, args ...any) {
	if sound(n, key) {
		d.errorf(n.find(key), join(path, key), cure, format, args...)
	}
}

// warn reports a combination that works and misleads.
func (d *decoder) warn(n *node, key, path, cure, format string, args ...any) {
	if sound(n, key) {
		d.add(Warning, n.find(key), join(path, key), join(path, key)+": "+fmt.Sprintf(format, args...), cure)
	}
}

func joined(names []string) string { return strings.Join(names, ", ") }
