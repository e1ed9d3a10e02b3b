package lines

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/acktor/acktor/connector"
)

const (
	// maxBatch bounds what one batch, which is freed as a whole, can hold: about 40 KiB beside the data.
	maxBatch = 256
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
	idLength, err := s.find(credit, atEnd, stamp)
	if len(s.found) == 0 {
		return nil, err
	}
	records := s.build(idLength, stamp)
	s.take(s.found[len(s.found)-1].next)
	return records, nil
}

func (s *Splitter) take(next int) {
	s.offset += int64(next - s.begin)
	s.begin = next
}

// find notes the lines that make up the next batch, and returns the length of their ids together.
func (s *Splitter) find(credit connector.Credit, atEnd bool, stamp *Stamp) (idLength int, err error) {
	s.found = s.found[:0]
	most := min(credit.Records, maxBatch)
	blank := connector.Record{Headers: stamp.Headers}
	overhead, bytesUsed := blank.Size(), 0
	for next := s.begin; len(s.found) < most; {
		l, ok := s.lineAt(next, atEnd)
		if l.end-l.begin > s.maxLine {
			return idLength, &OversizeError{Offset: s.offset + int64(l.begin-s.begin), MaxLine: s.maxLine}
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
		id := len(stamp.Prefix) + digits(s.offset+int64(l.begin-s.begin))
		bytesUsed += overhead + id + l.end - l.begin
		if len(s.found) > 0 && bytesUsed > credit.Bytes {
			break
		}
		idLength += id
		s.found = append(s.found, l)
	}
	return idLength, nil
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

// build makes the records of the lines found, out of memory of their own.
func (s *Splitter) build(idLength int, stamp *Stamp) []*connector.Record {
	first, last := s.found[0], s.found[len(s.found)-1]
	data := bytes.Clone(s.block[first.begin:last.end])
	slab := make([]connector.Record, len(s.found))
	records := make([]*connector.Record, len(s.found))
	var ids strings.Builder
	ids.Grow(idLength)
	keepsPosition := stamp.Partition != "" || stamp.Token != ""
	for i, l := range s.found {
		record := &slab[i]
		at := s.offset + int64(l.begin-s.begin)
		record.ID = appendID(&ids, stamp.Prefix, at)
		record.Headers = stamp.Headers
		record.Data = data[l.begin-first.begin : l.end-first.begin : l.end-first.begin]
		record.Time = stamp.Time
		if keepsPosition {
			after := s.offset + int64(l.next-s.begin)
			record.Position = connector.Position{Partition: stamp.Partition, Offset: after, Token: stamp.Token}
		}
		records[i] = record
	}
	return records
}

// appendID writes an id into ids, which has room for it, and returns the part that it is.
func appendID(ids *strings.Builder, prefix string, offset int64) connector.RecordID {
	begin := ids.Len()
	ids.WriteString(prefix)
	var number [20]byte
	ids.Write(strconv.AppendInt(number[:0], offset, 10))
	return connector.RecordID(ids.String()[begin:])
}

func digits(n int64) int {
	count := 1
	for ; n >= 10; n /= 10 {
		count++
	}
	return count
}
