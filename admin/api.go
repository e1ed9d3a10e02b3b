package admin

import (
	"time"

	"github.com/acktor/acktor/connector"
)

// Record is the answer of /v1/records/{id}: all that the store knows of a record. What an engine that has it in flight knows
// beside that is told by its events alone.
type Record struct {
	ID      string    `json:"id"`
	Pending []Pending `json:"pending"` // what is yet to be delivered, the oldest first
	Stories []Story   `json:"stories"` // its outcomes, the newest first, at most 100
	Dead    []Letter  `json:"dead"`    // its dead letters, the newest first, at most 100
}

// Known reports whether anything is known of the record.
func (r *Record) Known() bool { return len(r.Pending)+len(r.Stories)+len(r.Dead) > 0 }

// Pending is a record that the engine answers for and that has no outcome yet.
type Pending struct {
	Seq      int64     `json:"seq"`
	Pipeline string    `json:"pipeline"`
	Origin   string    `json:"origin"` // accepted, parked or replayed
	Since    time.Time `json:"since"`
	Due      time.Time `json:"due,omitzero"`      // of the next attempt; missing: as soon as there is room
	Replays  int       `json:"replays,omitempty"` // how often it was taken out of the dead letters
	Sinks    []Leg     `json:"sinks"`             // empty: every sink that wants it
}

// Leg is a record's way to one sink so far.
type Leg struct {
	Sink        string    `json:"sink"`
	Destination string    `json:"destination,omitempty"`
	Attempts    int       `json:"attempts"`
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`
	Result                // of the last attempt
	Trail       []Attempt `json:"trail"`
	Outcome     *Outcome  `json:"outcome,omitempty"` // set when this sink has decided
}

// Result is what one attempt, or all of them together, came to. Class is empty when nothing failed.
type Result struct {
	Class     string `json:"class,omitempty"`
	Status    int    `json:"status,omitempty"` // the protocol's, where there was one
	Detail    string `json:"detail,omitempty"`
	Retryable bool   `json:"retryable,omitempty"`
	Ambiguous bool   `json:"ambiguous,omitempty"` // it may have been processed all the same
}

// Attempt is one try that failed.
type Attempt struct {
	N    int           `json:"n"`
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took_ns"`
	Result
	Wait time.Duration `json:"wait_ns,omitempty"` // until the next one; missing: there was none
}

// Outcome is the final word of one sink, or of all of them.
type Outcome struct {
	State       string    `json:"state"` // delivered, failed or filtered
	Sink        string    `json:"sink,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Attempts    int       `json:"attempts"`
	First       time.Time `json:"first,omitzero"`
	Last        time.Time `json:"last,omitzero"`
	Result
	Reason       string    `json:"reason,omitempty"` // which step filtered it
	DeadLettered bool      `json:"dead_lettered,omitempty"`
	Trail        []Attempt `json:"trail"`              // the failed attempts, the latest 16, the oldest first
	Branches     []Outcome `json:"branches,omitempty"` // of each sink, when there were several
}

// Story is what became of a record.
type Story struct {
	Seq      int64     `json:"seq"`
	Pipeline string    `json:"pipeline"`
	ID       string    `json:"id"`
	Key      string    `json:"key,omitempty"`
	At       time.Time `json:"at"`
	Accepted bool      `json:"accepted,omitempty"` // its source had been told "accepted" before
	Outcome  Outcome   `json:"outcome"`
}

// Stories is the answer of /v1/records.
type Stories struct {
	Stories []Story `json:"stories"`
	Next    string  `json:"next,omitempty"` // the cursor of the next page
}

// Letter is a dead letter: a record that failed for good.
type Letter struct {
	Seq         int64     `json:"seq"`
	Pipeline    string    `json:"pipeline"`
	Sink        string    `json:"sink,omitempty"`
	Destination string    `json:"destination,omitempty"`
	ID          string    `json:"id"`
	Key         string    `json:"key,omitempty"`
	At          time.Time `json:"at"`
	Attempts    int       `json:"attempts"`
	Result
	Replays int      `json:"replays,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"` // not in lists
	Record  *Content `json:"record,omitempty"`  // in /v1/dead/{seq} alone
}

// Content is what a dead letter carries.
type Content struct {
	Time    time.Time          `json:"time,omitzero"`
	Headers []connector.Header `json:"headers"`
	Bytes   int                `json:"bytes"`
	Text    string             `json:"text,omitempty"`   // the data, when it is UTF-8
	Base64  []byte             `json:"base64,omitempty"` // the data, when it is not
}

// Data returns the data byte for byte.
func (c *Content) Data() []byte {
	if c.Text != "" {
		return []byte(c.Text)
	}
	return c.Base64
}

// Letters is the answer of /v1/dead.
type Letters struct {
	Letters []Letter `json:"letters"`
	Total   int      `json:"total"`          // how many match, on all pages
	Next    string   `json:"next,omitempty"` // the cursor of the next page
}

// Moved is the answer of /v1/dead/replay and /v1/dead/drop.
type Moved struct {
	Moved int `json:"moved"`
	Left  int `json:"left"` // how many match still
}

// Problem is what could not be answered, and how to do better (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Moved  int    `json:"moved,omitempty"` // what a replay or a drop had done by then
}
