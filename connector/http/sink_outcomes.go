package http

import (
	"slices"
	"time"

	"github.com/acktor/acktor/connector"
)

// outcomeKey is a record at the place where it was delivered: a destination, or one of several URLs.
type outcomeKey struct {
	place string
	id    connector.RecordID
}

// outcomes remembers what was delivered, and what the answer was.
type outcomes struct {
	recent *recent[outcomeKey, *connector.Response]
}

// outcomeOverhead is what one entry costs beside what it holds, roughly.
const outcomeOverhead = 320

const noteRemembered = "delivered before; answered from the outcome cache"

// newOutcomes returns nil, which remembers nothing, when config is nil.
func newOutcomes(config *SinkOutcomeCache) *outcomes {
	if config == nil {
		return nil
	}
	return &outcomes{recent: newRecent[outcomeKey, *connector.Response](config.TTL, config.Entries, int(config.Bytes))}
}

// newTaken is what a broadcast remembers, so that a retry goes only where the record is still missing: as much as
// config allows the outcome cache, or by default.
func newTaken(config *SinkOutcomeCache) *outcomes {
	if config == nil {
		config = &SinkOutcomeCache{TTL: 30 * time.Minute, Entries: 10_000, Bytes: 16 << 20}
	}
	return newOutcomes(config)
}

func (o *outcomes) get(place string, id connector.RecordID) (*connector.Response, bool) {
	if o == nil || id == "" {
		return nil, false
	}
	return o.recent.get(outcomeKey{place, id})
}

func (o *outcomes) put(place string, id connector.RecordID, response *connector.Response) {
	if o == nil || id == "" {
		return
	}
	weight := outcomeOverhead + len(place) + len(id)
	kept := &connector.Response{Note: noteRemembered}
	if response != nil {
		kept.Status, kept.Headers, kept.Body, kept.Truncated = response.Status, response.Headers, response.Body, response.Truncated
		weight += len(response.Body)
		for _, h := range response.Headers {
			weight += len(h.Name) + len(h.Value) + 32
		}
	}
	o.recent.put(outcomeKey{place, id}, kept, weight)
}

// missing answers those of records that were delivered to place before and returns the others, with their
// places in results.
func (o *outcomes) missing(place string, records []*connector.Record, results []connector.Result) ([]*connector.Record, []int) {
	var rest []*connector.Record
	var places []int
	for i, record := range records {
		if response, ok := o.get(place, record.ID); ok {
			results[i] = connector.Result{Response: response}
			continue
		}
		rest, places = append(rest, record), append(places, i)
	}
	return rest, places
}

// through calls send for those of records that are not known to have been delivered to place, and remembers
// those that then are.
func (o *outcomes) through(place string, records []*connector.Record, results []connector.Result, send func([]*connector.Record, []connector.Result)) {
	if o == nil {
		send(records, results)
		return
	}
	rest, places := o.missing(place, records, results)
	if len(rest) == 0 {
		return
	}
	fresh := make([]connector.Result, len(rest))
	send(slices.Clip(rest), fresh)
	for i, result := range fresh {
		results[places[i]] = result
		if result.Err == nil {
			o.put(place, rest[i].ID, result.Response)
		}
	}
}
