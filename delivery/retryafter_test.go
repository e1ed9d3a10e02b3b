package delivery

import (
	"math"
	"testing"
	"time"
)

func TestRetryAfterIsReadInAllItsForms(t *testing.T) {
	now := time.Date(2026, 11, 6, 8, 49, 0, 0, time.UTC)
	for _, c := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"0", 0, true},
		{"120", 2 * time.Minute, true},
		{" 120\t", 2 * time.Minute, true},
		{"007", 7 * time.Second, true},
		{"9223372036", 9223372036 * time.Second, true},
		{"9223372037", math.MaxInt64, true},
		{"99999999999999999999999999999999", math.MaxInt64, true},
		{"Fri, 06 Nov 2026 08:49:37 GMT", 37 * time.Second, true},
		{"Friday, 06-Nov-26 08:49:37 GMT", 37 * time.Second, true},
		{"Fri Nov  6 08:49:37 2026", 37 * time.Second, true},
		{"Fri, 06 Nov 2026 08:48:59 GMT", 0, true},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 0, true},
		{"Friday, 06-Nov-76 08:48:00 GMT", 50*365*24*time.Hour + 13*24*time.Hour - time.Minute, true}, // thirteen leap days
		{"Friday, 06-Nov-76 08:50:00 GMT", 0, true},                                                   // more than fifty years ahead: 1976
		{"Fri, 06 Nov 9999 08:49:37 GMT", math.MaxInt64, true},
		{"", 0, false},
		{"-1", 0, false},
		{"+1", 0, false},
		{"1.5", 0, false},
		{"1 2", 0, false},
		{"soon", 0, false},
		{"Fri, 06 Nov 2026 08:49:37 PST", 0, false},
		{"Friday, 06-Nov-26 08:49:37 PST", 0, false},
		{"2026-11-06T08:49:37Z", 0, false},
		{"Fri, 31 Feb 2026 08:49:37 GMT", 0, false},
	} {
		if got, ok := RetryAfter(c.value, now); got != c.want || ok != c.ok {
			t.Errorf("%q: got %v, %v; want %v, %v", c.value, got, ok, c.want, c.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"120", "Fri, 06 Nov 2026 08:49:37 GMT", "Friday, 06-Nov-26 08:49:37 GMT", "Fri Nov  6 08:49:37 2026", "x"} {
		f.Add(value, start.Unix())
	}
	f.Fuzz(func(t *testing.T, value string, unix int64) {
		got, ok := RetryAfter(value, time.Unix(unix%1e11, 0))
		if got < 0 || !ok && got != 0 {
			t.Errorf("%q: %v, %v", value, got, ok)
		}
	})
}
