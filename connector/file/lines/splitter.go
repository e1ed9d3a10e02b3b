package lines

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	// maxBatch bounds the work of one call of Records.
	maxBatch = 256
	// Records are allocated in groups, which are freed as a whole. A record that waits for long so keeps no more than its
	// neighbours in memory: at most 7 records, with 4 KiB of data together.
	groupRecords = 8
	groupBytes   = 4 << 10
	// firstBlock is the room for the first read; longer lines let it grow.
	firstBlock = 128 << 10
)

// Stamp is what the records of one batch have in common.
type Stamp struct {
	// Prefix begins every id; the offset of the line's first byte in the stream follows.
	Prefix string
	// Headers are shared by the records.
	Headers connector.Headers
	// Partition and Token go into the positions, together with the offset just after the line. When both
	// are empty the records get no position.
	Partition, Token string
	Time             time.Time
}

// OversizeError is a line that is longer than it may be.
type OversizeError struct {
	Offset  int64 // of the line's first byte in the stream
	MaxLine int   // in bytes
}

// Error says where the line begins and how long it may be.
func (e *OversizeError) Error() string {
	return fmt.Sprintf("the line at byte %d is longer than max_line (%d bytes)", e.Offset, e.MaxLine)
}

// Splitter cuts a stream into records. Fill it by reading into Space, tell how much was read
// with Fill, and take the records out. It holds at most one line, or one block, and serves one goroutine.
type Splitter struct {
	format  Format
	maxLine int

	block      []byte
	begin, end int   // what was read and not yet taken: block[begin:end]
	offset     int64 // of block[begin] in the stream
	found      []line
	ids        []byte // of one group
}

// line is one record's place in the block: its data, and where the next line begins.
type line struct{ begin, end, next int }

// NewSplitter returns a splitter of lines of at most maxLine bytes, their ends not counted.
func NewSplitter(format Format, maxLine int) *Splitter {
	return &Splitter{format: format, maxLine: maxLine}
}

// Reset forgets what was not taken; what is filled in next begins at offset.
func (s *Splitter) Reset(offset int64) { s.begin, s.end, s.offset = 0, 0, offset }

// Taken is the offset in the stream of the first byte that no record was made of yet.
func (s *Splitter) Taken() int64 { return s.offset }

// Filled is the offset in the stream of the next byte to be read.
func (s *Splitter) Filled() int64 { return s.offset + int64(s.end-s.begin) }

// Complete is the offset in the stream just behind the last complete line that was read.
func (s *Splitter) Complete() int64 {
	return s.offset + int64(bytes.LastIndexByte(s.block[s.begin:s.end], '\n')+1)
}

// Space returns room to read into, never empty. It is valid until the next call of a method.
func (s *Splitter) Space() []byte {
	switch {
	case s.begin == s.end:
		s.begin, s.end = 0, 0
	case s.begin > 0 && s.end == len(s.block):
		s.end = copy(s.block, s.block[s.begin:s.end])
		s.begin = 0
	}
	if s.end == len(s.block) {
		grown := make([]byte, max(firstBlock, 2*len(s.block)))
		copy(grown, s.block[:s.end])
		s.block = grown
	}
	return s.block[s.end:]
}

// Fill tells that n bytes were read into Space.
func (s *Splitter) Fill(n int) { s.end += n }

// Records takes out the records of the lines that are complete, as many as credit allows, and
// none when there is no complete line. With atEnd the stream has ended, and what is left is a line too.
// A line that is too long is an *OversizeError, once the records before it are taken.
func (s *Splitter) Records(credit connector.Credit, atEnd bool, stamp *Stamp) ([]*connector.Record, error) {
	if err := s.find(credit, atEnd, stamp); len(s.found) == 0 {
		return nil, err
	}
	records := make([]*connector.Record, 0, len(s.found))
	for left := s.found; len(left) > 0; {
		n := group(left)
		records = s.build(records, left[:n], stamp)
		left = left[n:]
	}
	s.take(s.found[len(s.found)-1].next)
	return records, nil
}

func (s *Splitter) take(next int) {
	s.offset += int64(next - s.begin)
	s.begin = next
}

// find notes the lines that make up the next batch.
func (s *Splitter) find(credit connector.Credit, atEnd bool, stamp *Stamp) error {
	s.found = s.found[:0]
	most := min(credit.Records, maxBatch)
	blank := connector.Record{Headers: stamp.Headers}
	overhead, bytesUsed := blank.Size(), 0
	for next := s.begin; len(s.found) < most; {
		l, ok := s.lineAt(next, atEnd)
		if l.end-l.begin > s.maxLine {
			return &OversizeError{Offset: s.offsetOf(l.begin), MaxLine: s.maxLine}
		}
		if !ok {
			break
		}
		next = l.next
		if s.format == NDJSON && len(bytes.TrimSpace(s.block[l.begin:l.end])) == 0 {
			if len(s.found) == 0 {
				s.take(l.next)
			}
			continue
		}
		bytesUsed += overhead + s.idLength(l, stamp) + l.end - l.begin
		if len(s.found) > 0 && bytesUsed > credit.Bytes {
			break
		}
		s.found = append(s.found, l)
	}
	return nil
}

// lineAt returns the line that begins at begin, and whether it is complete.
func (s *Splitter) lineAt(begin int, atEnd bool) (line, bool) {
	rest := s.block[begin:s.end]
	length, next, complete := len(rest), s.end, atEnd && len(rest) > 0
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		length, next, complete = i, begin+i+1, true
	}
	if length > 0 && rest[length-1] == '\r' {
		length--
	}
	return line{begin: begin, end: begin + length, next: next}, complete
}

// group says how many of the lines, from the first on, are allocated together.
func group(found []line) int {
	first := found[0]
	for i, l := range found {
		if i == groupRecords || i > 0 && l.end-first.begin > groupBytes {
			return i
		}
	}
	return len(found)
}

// build appends the records of a group to records, out of memory of their own.
func (s *Splitter) build(records []*connector.Record, found []line, stamp *Stamp) []*connector.Record {
	first, last := found[0], found[len(found)-1]
	data := bytes.Clone(s.block[first.begin:last.end])
	slab := make([]connector.Record, len(found))
	keepsPosition := stamp.Partition != "" || stamp.Token != ""
	ids := s.idsOf(found, stamp)
	for i, l := range found {
		record := &slab[i]
		length := s.idLength(l, stamp)
		record.ID, ids = connector.RecordID(ids[:length]), ids[length:]
		record.Headers = stamp.Headers
		record.Data = data[l.begin-first.begin : l.end-first.begin : l.end-first.begin]
		record.Time = stamp.Time
		if keepsPosition {
			record.Position = connector.Position{Partition: stamp.Partition, Offset: s.offsetOf(l.next), Token: stamp.Token}
		}
		records = append(records, record)
	}
	return records
}

// offsetOf is the offset in the stream of the block's byte at.
func (s *Splitter) offsetOf(at int) int64 { return s.offset + int64(at-s.begin) }

// idsOf returns the ids of the group, one behind the other.
func (s *Splitter) idsOf(found []line, stamp *Stamp) string {
	s.ids = s.ids[:0]
	for _, l := range found {
		s.ids = append(s.ids, stamp.Prefix...)
		s.ids = strconv.AppendInt(s.ids, s.offsetOf(l.begin), 10)
	}
	return string(s.ids)
}

// idLength is the length of the id of the line's record.
func (s *Splitter) idLength(l line, stamp *Stamp) int {
	return len(stamp.Prefix) + digits(s.offsetOf(l.begin))
}

func digits(n int64) int {
	count := 1
	for ; n >= 10; n /= 10 {
		count++
	}
	return count
}
