package signature

import (
	"strconv"
	"time"
)

// stamps reads and writes the timestamps of a scheme, and says which are fresh.
type stamps struct {
	header    string
	unit      time.Duration // time.Second or time.Millisecond
	tolerance time.Duration
}

func newStamps(header string, tolerance time.Duration) stamps {
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	return stamps{header: header, unit: time.Second, tolerance: tolerance}
}

func (s stamps) write(now time.Time) string {
	return strconv.FormatInt(now.UnixNano()/int64(s.unit), 10)
}

// maxDigits keeps a timestamp in milliseconds within what the arithmetic can hold.
const maxDigits = 15

// check reads text, which must be a plain number: what is signed is the text, and there is to be one text for one time.
func (s stamps) check(text string, now time.Time) error {
	if !isNumber(text) || len(text) > maxDigits || len(text) > 1 && text[0] == '0' {
		return &Error{Reason: ErrMalformed, Header: s.header, Detail: "the timestamp is not a whole number of " + s.unitName()}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return &Error{Reason: ErrMalformed, Header: s.header}
	}
	at := time.Unix(n, 0)
	if s.unit == time.Millisecond {
		at = time.UnixMilli(n)
	}
	if now.Sub(at).Abs() > s.tolerance {
		detail := "the timestamp is more than " + s.tolerance.String() + " old"
		if at.After(now) {
			detail = "the timestamp is more than " + s.tolerance.String() + " in the future"
		}
		return &Error{Reason: ErrStale, Header: s.header, Detail: detail}
	}
	return nil
}

func (s stamps) unitName() string {
	if s.unit == time.Millisecond {
		return "milliseconds"
	}
	return "seconds"
}

func isNumber(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
