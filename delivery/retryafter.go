package delivery

import (
	"math"
	"strings"
	"time"
)

// httpDates are the forms of an HTTP date (RFC 9110 section 5.6.7): the one in use, and the two obsolete ones
// that recipients must read all the same.
var httpDates = [...]string{
	"Mon, 02 Jan 2006 15:04:05 GMT",
	rfc850,
	time.ANSIC,
}

const rfc850 = "Monday, 02-Jan-06 15:04:05 GMT"

// RetryAfter reads a Retry-After header: seconds or an HTTP date (RFC 9110 section 10.2.3). A date in the past
// is 0, true; a number too large for a Duration is the longest one. Anything else is 0, false. It does not know
// Retry.MaxRetryAfter: Policy.Failed cuts.
func RetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.Trim(value, " \t")
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		return seconds(value), true
	}
	for _, layout := range httpDates {
		date, err := time.Parse(layout, value)
		if err != nil {
			continue
		}
		if layout == rfc850 {
			date = nearestCentury(date, now)
		}
		return max(date.Sub(now), 0), true
	}
	return 0, false
}

// seconds turns decimal digits into a duration, at most the longest.
func seconds(digits string) time.Duration {
	const most = math.MaxInt64 / int64(time.Second)
	var n int64
	for i := range len(digits) {
		n = n*10 + int64(digits[i]-'0')
		if n > most {
			return math.MaxInt64
		}
	}
	return time.Duration(n) * time.Second
}

// nearestCentury moves a date of a two-digit year to within fifty years of now: one that would be further in
// the future means the past.
func nearestCentury(date, now time.Time) time.Time {
	for date.After(now.AddDate(50, 0, 0)) {
		date = date.AddDate(-100, 0, 0)
	}
	for date.Before(now.AddDate(-50, 0, 0)) {
		date = date.AddDate(100, 0, 0)
	}
	return date
}
