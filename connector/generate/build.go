package generate

import (
	"strconv"
	"time"

	"github.com/acktor/acktor/connector"
)

// maxBatch bounds what one batch, which is freed as a whole, holds: about 60 KiB beside the data.
const maxBatch = 256

// place is where a record's texts stand among those of its batch: id[begin:key], its number [number:key], key[key:end].
type place struct{ begin, number, key, end int }

// build makes at most count records, at least one, of no more than credit bytes together. The records of a
// batch share their memory, and all records their data.
func (s *source) build(count, credit int) []*connector.Record {
	text := s.slate[:0]
	var places [maxBatch]place
	blank := connector.Record{Headers: connector.Headers{{Name: "seq"}}, Data: s.data}
	overhead, used := blank.Size(), 0
	built := 0
	for built < count {
		n := s.made + int64(built) + 1
		p := place{begin: len(text)}
		text = append(append(text, s.run...), '-')
		p.number = len(text)
		text = strconv.AppendInt(text, n, 10)
		p.key = len(text)
		text = s.keyOf(text, n)
		p.end = len(text)
		used += overhead + p.end - p.begin + p.key - p.number
		if built > 0 && used > credit {
			s.pace.giveBack(count - built)
			break
		}
		places[built] = p
		built++
	}
	records := s.records(string(text), places[:built])
	s.made += int64(built)
	s.slate = text
	return records
}

func (s *source) records(text string, places []place) []*connector.Record {
	slab := make([]connector.Record, len(places))
	headers := make([]connector.Header, len(places))
	records := make([]*connector.Record, len(places))
	now := time.Now()
	for i, p := range places {
		headers[i] = connector.Header{Name: "seq", Value: text[p.number:p.key]}
		record := &slab[i]
		record.ID = connector.RecordID(text[p.begin:p.key])
		record.Key = text[p.key:p.end]
		record.Headers = headers[i : i+1 : i+1]
		record.Data = s.data
		record.Time = now
		record.Position = connector.Position{Partition: "generate", Offset: s.made + int64(i) + 1, Token: s.run}
		records[i] = record
	}
	return records
}
