package signature

import (
	"errors"
	"strings"
	"time"
)

// Verifier tells whether a message is signed by somebody who has one of the keys.
type Verifier interface {
	// Verify looks at the headers it needs by way of header, which returns all values of a name, whatever its case,
	// and keeps nothing of body. The error is an *Error.
	//
	// The id is the same for the same message, and cannot be another without a new signature: the webhook-id where that is
	// signed, else a text that is made from what is signed. It serves Replay.
	Verify(header func(name string) []string, body []byte, now time.Time) (id string, err error)
}

// Signer signs messages.
type Signer interface {
	// Sign calls add for each header that the message needs. It keeps nothing of body. The id goes out as it is where
	// it has letters, digits and any of -_~:/@+= alone; every other byte is written as %XX, since a full stop in an id could make
	// one message pass for another.
	Sign(add func(name, value string), id string, body []byte, now time.Time)
}

// Why a message was not accepted. The set is closed: an *Error wraps one of these.
var (
	// ErrMissing: a header is not there.
	ErrMissing = errors.New("missing")
	// ErrMalformed: a header is there and cannot be read, or is there more than once.
	ErrMalformed = errors.New("malformed")
	// ErrStale: the timestamp is further from now than the tolerance, in either direction.
	ErrStale = errors.New("stale")
	// ErrMismatch: no signature was made of this message with any of the keys.
	ErrMismatch = errors.New("no match")
)

// Error says why a message was not accepted. It holds nothing of keys, of the body, or of the signature that was expected.
type Error struct {
	Reason error  // one of the four
	Header string // the header at fault
	Detail string // for people
}

// Error names the header and the reason.
func (e *Error) Error() string {
	text := "signature: " + e.Header + ": " + e.Reason.Error()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

const (
	// DefaultTolerance is how far a timestamp may be from now where nothing else is said.
	DefaultTolerance = 5 * time.Minute
	// maxSignatures bounds the work that one message can ask for.
	maxSignatures = 32
)

// one returns the value of a header that must be there once.
func one(header func(string) []string, name string) (string, error) {
	values := header(name)
	switch {
	case len(values) == 0, len(values) == 1 && strings.TrimSpace(values[0]) == "":
		return "", &Error{Reason: ErrMissing, Header: name}
	case len(values) > 1:
		return "", &Error{Reason: ErrMalformed, Header: name, Detail: "it is there more than once"}
	}
	return strings.TrimSpace(values[0]), nil
}

// safeID writes the id of a record so that it can stand in a header, and between full stops.
func safeID(id string) string {
	const digits = "0123456789ABCDEF"
	var safe []byte
	for i := range len(id) {
		switch c := id[i]; {
		case plain(c):
			if safe != nil {
				safe = append(safe, c)
			}
		default:
			if safe == nil {
				safe = append(make([]byte, 0, len(id)+8), id[:i]...)
			}
			safe = append(safe, '%', digits[c>>4], digits[c&15])
		}
	}
	if safe == nil {
		return id
	}
	return string(safe)
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_~:/@+=", c) >= 0
}
