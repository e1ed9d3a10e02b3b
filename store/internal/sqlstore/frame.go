package sqlstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/acktor/acktor/connector"
)

// A blob is a byte with the version of its form, its fields one after the other, and a checksum: CRC-32C over all of
// it and over what identifies its row, so that a blob that came to stand in another row does not match either.
const form = 1

const sumLength = 4

var errDamaged = errors.New("its checksum does not match")

func sum(b []byte, seq int64, names []string) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(seq))
	s := crc32.Update(crc32.Checksum(b, table), table, number[:])
	for _, name := range names {
		s = crc32.Update(s, table, []byte(name))
	}
	return s
}

// seal appends the checksum.
func seal(b []byte, seq int64, names ...string) []byte {
	return binary.LittleEndian.AppendUint32(b, sum(b, seq, names))
}

// unseal checks a blob, and returns a reader of its fields.
func unseal(b []byte, seq int64, names ...string) (*fields, error) {
	if len(b) <= sumLength {
		return nil, errDamaged
	}
	content, check := b[:len(b)-sumLength], b[len(b)-sumLength:]
	if binary.LittleEndian.Uint32(check) != sum(content, seq, names) {
		return nil, errDamaged
	}
	if content[0] != form {
		return nil, errors.New("its form is not known")
	}
	return &fields{rest: content[1:]}, nil
}

func appendText[T ~string | ~[]byte](b []byte, text T) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// appendTime keeps all of a time but the name of its zone. Its monotonic reading is dropped.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	_, offset := t.Zone()
	b = append(b, 1)
	b = binary.AppendVarint(b, t.Unix())
	b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	return binary.AppendVarint(b, int64(offset))
}

func appendJSON(b []byte, value any) ([]byte, error) {
	text, err := json.Marshal(value)
	return appendText(b, text), err
}

// fields reads what was appended, in the same order. After the first error everything is zero.
type fields struct {
	rest []byte
	err  error
}

var errShort = errors.New("it is cut off")

func (f *fields) number() uint64 {
	n, length := binary.Uvarint(f.rest)
	if length <= 0 {
		f.rest, f.err = nil, errShort
		return 0
	}
	f.rest = f.rest[length:]
	return n
}

func (f *fields) signed() int64 {
	n, length := binary.Varint(f.rest)
	if length <= 0 {
		f.rest, f.err = nil, errShort
		return 0
	}
	f.rest = f.rest[length:]
	return n
}

// bytes returns a part of the blob.
func (f *fields) bytes() []byte {
	n := f.number()
	if n > uint64(len(f.rest)) {
		f.rest, f.err = nil, errShort
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) text() string { return string(f.bytes()) }

func (f *fields) time() time.Time {
	if f.number() == 0 {
		return time.Time{}
	}
	seconds, nanoseconds, offset := f.signed(), f.number(), f.signed()
	t := time.Unix(seconds, int64(nanoseconds))
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", int(offset)))
}

func (f *fields) json(into any) {
	text := f.bytes()
	if f.err == nil {
		f.err = json.Unmarshal(text, into)
	}
}

// The hashes by which rows are searched.

func pipe(pipeline string) int64 {
	h := sha256.Sum256([]byte(pipeline))
	return int64(binary.LittleEndian.Uint64(h[:]))
}

func slot(partition string) []byte {
	h := sha256.Sum256([]byte(partition))
	return h[:16]
}

func hash(id connector.RecordID) int64 {
	return int64(crc32.Checksum([]byte(id), crc32.MakeTable(crc32.Castagnoli)))
}

// The times that nanoseconds since 1970 can tell, in whole years.
const firstYear, lastYear = 1678, 2261

// nanos is a time by which rows are searched. What is out of its range, as the zero time is, is the first or the last of all.
func nanos(t time.Time) int64 {
	switch year := t.Year(); {
	case year < firstYear:
		return math.MinInt64
	case year > lastYear:
		return math.MaxInt64
	}
	return t.UnixNano()
}
