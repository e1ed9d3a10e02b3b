package connector

import (
	"strings"
	"time"
)

// RecordID identifies a record for its whole life; every attempt carries it as the
// idempotency key.
type RecordID string

// Record is one unit of data on its way from a source to its sinks. Once a source has
// returned it from Read nobody changes it any more: whoever needs another one takes a Clone.
//
// A CloudEvent stands in a record the way the HTTP binary mode writes it: the attributes as
// headers named "ce-" + attribute (ce-specversion, ce-type, ce-source, ...), datacontenttype as
// "content-type", the data byte for byte in Data, the id in ID and in "ce-id".
type Record struct {
	ID      RecordID
	Key     string // orders and groups records; empty when it has none
	Headers Headers
	Data    []byte
	Time    time.Time // when the record came into being, as far as the source knows

	// Position says where in its source the record stands. The zero Position means that the
	// source keeps no positions and Settle alone acknowledges the record.
	Position Position

	// Ref belongs to the source: the engine never looks at it and hands it back in Settle.
	Ref any
}

// recordOverhead is what a record costs in memory beside its bytes, roughly.
const recordOverhead = 160

// Size is the memory that the record holds, in bytes, as counted against a window.
func (r *Record) Size() int {
	n := recordOverhead + len(r.ID) + len(r.Key) + len(r.Data)
	for i := range r.Headers {
		n += len(r.Headers[i].Name) + len(r.Headers[i].Value) + 32
	}
	return n
}

// Clone returns a copy whose headers may be changed without touching the original. Data is
// shared: replace it, never write into it.
func (r *Record) Clone() *Record {
	c := *r
	c.Headers = append(Headers(nil), r.Headers...)
	return &c
}

// Position is a place in a source. Positions of one Partition follow each other in the order in
// which the source returned their records; Offset serves sources that count, Token those that
// do not. Partition and Token are opaque to the engine.
type Position struct {
	Partition string `json:"partition,omitempty"`
	Offset    int64  `json:"offset"`
	Token     string `json:"token,omitempty"`
}

// IsZero reports whether the source keeps no position for the record.
func (p Position) IsZero() bool { return p == Position{} }

// Header is one name and one value. Names are lower case.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Headers keeps headers in their order, repeated names included.
type Headers []Header

// Get returns the first value of name, which must be lower case, or "".
func (h Headers) Get(name string) string {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value
		}
	}
	return ""
}

// Has reports whether name, which must be lower case, is present.
func (h Headers) Has(name string) bool {
	for i := range h {
		if h[i].Name == name {
			return true
		}
	}
	return false
}

// Values returns all values of name, which must be lower case.
func (h Headers) Values(name string) []string {
	var values []string
	for i := range h {
		if h[i].Name == name {
			values = append(values, h[i].Value)
		}
	}
	return values
}

// Add appends a header; the name is put in lower case.
func (h *Headers) Add(name, value string) {
	*h = append(*h, Header{Name: strings.ToLower(name), Value: value})
}

// Set replaces every header of that name by one; the name is put in lower case.
func (h *Headers) Set(name, value string) {
	name = strings.ToLower(name)
	h.Del(name)
	*h = append(*h, Header{Name: name, Value: value})
}

// Del removes every header of that name, in place.
func (h *Headers) Del(name string) {
	name = strings.ToLower(name)
	kept := (*h)[:0]
	for _, header := range *h {
		if header.Name != name {
			kept = append(kept, header)
		}
	}
	*h = kept
}
