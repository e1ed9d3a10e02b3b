package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync/atomic"
)

// Capacity is the highest number that a Set holds.
const Capacity = 1<<26 - 1

// Set is a set of record numbers: 1 bit for each. Its methods may be called at the same time.
type Set struct {
	words []atomic.Uint64
	used  atomic.Int64 // so many words have been written to, counted from the first
}

// NewSet makes an empty set of numbers from 0 to Capacity. Memory is used for what is added only.
func NewSet() *Set { return &Set{words: make([]atomic.Uint64, (Capacity+1)/64)} }

// Range makes the set of the numbers from 1 to n, without those for which leave is true; leave may be nil. Nothing beyond n can be
// added to it.
func Range(n int64, leave func(n int64) bool) *Set {
	s := &Set{words: make([]atomic.Uint64, n/64+1)}
	for i := int64(1); i <= n; i++ {
		if leave == nil || !leave(i) {
			s.Add(i)
		}
	}
	return s
}

// Add puts n in, and reports whether it was not in yet. It panics when n is beyond the set's capacity: see Holds.
func (s *Set) Add(n int64) bool {
	word, bit := n/64, uint64(1)<<(n%64)
	for used := s.used.Load(); word >= used && !s.used.CompareAndSwap(used, word+1); used = s.used.Load() {
	}
	return s.words[word].Or(bit)&bit == 0
}

// Holds says whether n is a number that a set can hold.
func (*Set) Holds(n int64) bool { return n > 0 && n <= Capacity }

// Has reports whether n is in.
func (s *Set) Has(n int64) bool {
	return n >= 0 && n/64 < s.used.Load() && s.words[n/64].Load()&(1<<(n%64)) != 0
}

// Len counts the numbers.
func (s *Set) Len() int64 {
	var count int
	for i := range s.used.Load() {
		count += bits.OnesCount64(s.words[i].Load())
	}
	return int64(count)
}

// Without counts the numbers of s that are not in other.
func (s *Set) Without(other *Set) int64 {
	var count int
	for i := range s.used.Load() {
		word := s.words[i].Load()
		if i < other.used.Load() {
			word &^= other.words[i].Load()
		}
		count += bits.OnesCount64(word)
	}
	return int64(count)
}

// MarshalText writes the set in base64, up to its highest number.
func (s *Set) MarshalText() ([]byte, error) {
	end := s.used.Load()
	raw := make([]byte, 0, 8*end)
	for i := range end {
		raw = binary.LittleEndian.AppendUint64(raw, s.words[i].Load())
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Set) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || len(raw)%8 != 0 {
		return fmt.Errorf("ledger: not a set: %w", err)
	}
	s.words = make([]atomic.Uint64, len(raw)/8)
	s.used.Store(int64(len(s.words)))
	for i := range s.words {
		s.words[i].Store(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return nil
}
