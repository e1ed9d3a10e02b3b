package delivery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/acktor/acktor/connector"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// steady is a retry without chance: 100ms, 200ms, 400ms, ... 1s.
func steady() Retry {
	return Retry{Initial: 100 * time.Millisecond, Max: time.Second, Multiplier: 2, MaxRetryAfter: time.Minute}
}

func begun(attempts int) *Progress {
	p := &Progress{Received: start}
	for range attempts {
		p.Begin(start)
	}
	return p
}

func attempt(class connector.Class, status int) *connector.AttemptError {
	return &connector.AttemptError{Class: class, Status: status}
}

// httpClass is the class that a connector gives to an HTTP status which is not a success.
func httpClass(status int) connector.Class {
	switch {
	case status == 429:
		return connector.Throttled
	case status == 408, status == 425, status >= 500 && status <= 599:
		return connector.Unavailable
	case status >= 300 && status <= 499:
		return connector.Rejected
	}
	return connector.Parse
}

func TestEveryStatusIsJudgedAsDocumented(t *testing.T) {
	statuses := []int{600, 999}
	for status := 100; status <= 599; status++ {
		statuses = append(statuses, status)
	}
	for _, status := range statuses {
		var retry, trip bool
		switch {
		case status == 408, status == 425, status == 429:
			retry = true
		case status >= 300 && status <= 499, status == 501:
		case status >= 500 && status <= 599:
			retry, trip = true, true
		default:
			retry = true
		}
		d := NewPolicy(steady()).Failed(begun(1), attempt(httpClass(status), status), start)
		if d.Retry != retry || d.Failure.Retryable != retry || d.Trips != trip || d.Failure.Status != status || d.Inconclusive {
			t.Errorf("status %d: got %+v %+v, want retry %v, trips %v", status, d, *d.Failure, retry, trip)
		}
	}
}

func TestEveryClassIsJudgedAsTheTableInTheDocumentationSays(t *testing.T) {
	table := map[string]struct{ retry, trips, inconclusive bool }{
		"connect_timeout": {true, true, false}, "refused": {true, true, false}, "dns": {true, true, false},
		"tls": {true, true, false}, "reset": {true, true, false}, "timeout": {true, true, false},
		"unavailable": {true, true, false}, "throttled": {true, false, false}, "parse": {true, false, false},
		"breaker_open": {true, false, true}, "rejected": {false, false, false}, "business": {false, false, false},
		"oversize": {false, false, true}, "invalid": {false, false, true}, "denied": {false, false, true},
		"expired": {false, false, true}, "panic": {false, false, true}, "cancelled": {false, false, true},
	}
	for _, class := range connector.Classes() {
		want, ok := table[class.String()]
		if !ok {
			t.Errorf("class %s is not in the table", class)
		}
		d := NewPolicy(steady()).Failed(begun(1), attempt(class, 0), start)
		if d.Retry != want.retry || d.Trips != want.trips || d.Inconclusive != want.inconclusive {
			t.Errorf("class %s: got %+v, want %+v", class, d, want)
		}
	}
}

func TestOverridesRankPermanentThenRetryableThenPermanentErrorThenTheTable(t *testing.T) {
	permanent := fmt.Errorf("wrapped: %w", &connector.PermanentError{Err: errors.New("no")})
	permanentTimeout := fmt.Errorf("wrapped: %w", &connector.PermanentError{Err: attempt(connector.Timeout, 0)})
	for _, c := range []struct {
		name                 string
		retryable, permanent string
		err                  error
		want                 bool
	}{
		{"business by class", "business", "", attempt(connector.Business, 200), true},
		{"conflict by status", "409", "", attempt(connector.Rejected, 409), true},
		{"another status is not meant", "409", "", attempt(connector.Rejected, 410), false},
		{"a hundred of statuses", "4xx", "", attempt(connector.Rejected, 499), true},
		{"501 by hundred", "5xx", "", attempt(connector.Unavailable, 501), true},
		{"permanent class", "", "dns", attempt(connector.DNS, 0), false},
		{"permanent status", "", "503", attempt(connector.Unavailable, 503), false},
		{"permanent status leaves others", "", "503", attempt(connector.Unavailable, 502), true},
		{"permanent wins", "5xx", "503", attempt(connector.Unavailable, 503), false},
		{"permanent wins over the narrower", "503", "5xx", attempt(connector.Unavailable, 503), false},
		{"a permanent error", "", "", permanent, false},
		{"a permanent error around a retryable class", "", "", permanentTimeout, false},
		{"a permanent error that is listed", "timeout", "", permanentTimeout, true},
		{"a permanent error listed as rejected", "rejected", "", permanent, true},
		{"a status that is absent", "1xx", "", attempt(connector.Business, 0), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			retry := steady()
			retry.Retryable, retry.Permanent = matches(t, c.retryable), matches(t, c.permanent)
			if d := NewPolicy(retry).Failed(begun(1), c.err, start); d.Retry != c.want || d.Failure.Retryable != c.want {
				t.Errorf("got retry %v, failure %+v; want %v", d.Retry, *d.Failure, c.want)
			}
		})
	}
}

func matches(t *testing.T, text string) []Match {
	t.Helper()
	if text == "" {
		return nil
	}
	m, err := ParseMatch(text)
	if err != nil {
		t.Fatal(err)
	}
	return []Match{m}
}

func TestRetryAfterIsNeverUndercutButClampedAndHoldsTheDestination(t *testing.T) {
	for _, c := range []struct {
		name                 string
		class                connector.Class
		status               int
		asked, clamp, waited time.Duration
		hold                 time.Duration
	}{
		{"429 asks for longer than the schedule", connector.Throttled, 429, 7 * time.Second, time.Minute, 7 * time.Second, 7 * time.Second},
		{"429 asks for less than the schedule", connector.Throttled, 429, time.Millisecond, time.Minute, 100 * time.Millisecond, time.Millisecond},
		{"429 does not say", connector.Throttled, 429, 0, time.Minute, 100 * time.Millisecond, 0},
		{"503 asks", connector.Unavailable, 503, 3 * time.Second, time.Minute, 3 * time.Second, 3 * time.Second},
		{"500 asks for this record alone", connector.Unavailable, 500, 3 * time.Second, time.Minute, 3 * time.Second, 0},
		{"a connector without statuses", connector.Unavailable, 0, 3 * time.Second, time.Minute, 3 * time.Second, 3 * time.Second},
		{"too long is cut", connector.Throttled, 429, time.Hour, time.Minute, time.Minute, time.Minute},
		{"a clamp of 0 ignores it", connector.Throttled, 429, time.Hour, 0, 100 * time.Millisecond, 0},
		{"negative is nothing", connector.Throttled, 429, -time.Hour, time.Minute, 100 * time.Millisecond, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			retry := steady()
			retry.MaxRetryAfter = c.clamp
			err := &connector.AttemptError{Class: c.class, Status: c.status, After: c.asked}
			d := NewPolicy(retry).Failed(begun(1), err, start)
			if !d.Retry || d.After != c.waited || d.Hold != c.hold {
				t.Errorf("got %+v, want after %v, hold %v", d, c.waited, c.hold)
			}
		})
	}
}

func TestDestinationIsHeldAlsoWhenTheRecordIsGivenUp(t *testing.T) {
	retry := steady()
	retry.MaxAttempts = 1
	d := NewPolicy(retry).Failed(begun(1), &connector.ThrottledError{After: 5 * time.Second}, start)
	if d.Retry || d.Hold != 5*time.Second || !d.Failure.Retryable {
		t.Errorf("got %+v %+v", d, *d.Failure)
	}
}

func TestRecordIsGivenUpWhenItsAttemptsAreUsedUp(t *testing.T) {
	retry := steady()
	retry.MaxAttempts = 3
	policy := NewPolicy(retry)
	p := &Progress{Received: start}
	for i := 1; i <= 3; i++ {
		p.Begin(start.Add(time.Duration(i)))
		d := policy.Failed(p, attempt(connector.Refused, 0), start)
		if d.Retry != (i < 3) || !d.Failure.Retryable {
			t.Errorf("attempt %d: got %+v %+v", i, d, *d.Failure)
		}
	}
	if p.Attempts != 3 || !p.First.Equal(start.Add(1)) || !p.Last.Equal(start.Add(3)) {
		t.Errorf("progress is %+v", p)
	}
}

func TestRecordIsGivenUpWhenTheNextAttemptWouldBeTooLate(t *testing.T) {
	retry := steady()
	retry.MaxElapsed = 10 * time.Second
	policy := NewPolicy(retry)
	for _, c := range []struct {
		now  time.Duration
		want bool
	}{{0, true}, {9900 * time.Millisecond, true}, {9900*time.Millisecond + 1, false}, {time.Hour, false}} {
		if d := policy.Failed(begun(1), attempt(connector.Refused, 0), start.Add(c.now)); d.Retry != c.want {
			t.Errorf("after %v: retry is %v", c.now, d.Retry)
		}
	}
	asked := &connector.ThrottledError{After: 11 * time.Second}
	if d := policy.Failed(begun(1), asked, start); d.Retry {
		t.Errorf("a Retry-After beyond the deadline is waited for: %+v", d)
	}
}

func TestAmbiguityIsRemembered(t *testing.T) {
	policy, p := NewPolicy(steady()), begun(1)
	if d := policy.Failed(p, attempt(connector.Refused, 0), start); d.Failure.Ambiguous {
		t.Error("a refused connection is ambiguous")
	}
	policy.Failed(p, context.DeadlineExceeded, start)
	if d := policy.Failed(p, attempt(connector.Refused, 0), start); !d.Failure.Ambiguous || !p.Ambiguous {
		t.Error("the timeout before is forgotten")
	}
}

func TestDetailIsBoundedAndPrintable(t *testing.T) {
	for _, c := range []struct{ detail, want string }{
		{"plain ünïcode", "plain ünïcode"},
		{"two\nlines\x1b[31m\x00", `two\nlines\x1b[31m\x00`},
		{"bad \xff utf-8, \u202ereversed", `bad \xff utf-8, \u202ereversed`},
		{strings.Repeat("x", 600), strings.Repeat("x", 509) + "..."},
		{strings.Repeat("\n", 600), strings.Repeat(`\n`, 254) + `\...`},
	} {
		err := &connector.AttemptError{Class: connector.Parse, Detail: c.detail}
		d := NewPolicy(steady()).Failed(begun(1), err, start)
		if d.Failure.Detail != c.want {
			t.Errorf("got %q, want %q", d.Failure.Detail, c.want)
		}
	}
	d := NewPolicy(steady()).Failed(begun(1), &connector.AttemptError{Class: connector.Parse, Err: errors.New("cause")}, start)
	if d.Failure.Detail != "cause" {
		t.Errorf("the cause is not told: %q", d.Failure.Detail)
	}
}

func TestDeadlineIsReceiptPlusMaxElapsed(t *testing.T) {
	retry := steady()
	if deadline := NewPolicy(retry).Deadline(begun(0)); !deadline.IsZero() {
		t.Errorf("without a limit the deadline is %v", deadline)
	}
	retry.MaxElapsed = time.Minute
	if deadline := NewPolicy(retry).Deadline(begun(0)); !deadline.Equal(start.Add(time.Minute)) {
		t.Errorf("the deadline is %v", deadline)
	}
}

func TestGivingUpTellsTheLastFailureElseWhyThereWasNone(t *testing.T) {
	policy, tried := NewPolicy(steady()), begun(1)
	last := policy.Failed(tried, &net.DNSError{Err: "no such host", Name: "x"}, start).Failure
	if got := policy.GiveUp(tried, true); got != last {
		t.Errorf("got %+v, want the last failure", got)
	}
	if got := policy.GiveUp(begun(0), true); got.Class != connector.BreakerOpen || !got.Retryable {
		t.Errorf("behind an open breaker: %+v", got)
	}
	if got := policy.GiveUp(begun(0), false); got.Class != connector.Expired || got.Retryable {
		t.Errorf("in a queue: %+v", got)
	}
}

func TestZeroMeansTheDocumentedDefault(t *testing.T) {
	check := func(settings any, keys ...string) {
		v := reflect.ValueOf(settings)
		for _, key := range keys {
			f, _ := v.Type().FieldByName(key)
			got := strings.TrimSuffix(fmt.Sprint(v.FieldByIndex(f.Index)), "0s")
			if want := f.Tag.Get("default"); got != want {
				t.Errorf("%s is %q, documented as %q", key, got, want)
			}
		}
	}
	check(Retry{}.withDefaults(), "Initial", "Max", "Multiplier")
	s := BreakerSettings{}.withDefaults()
	check(s, "FailureRatio", "MinRequests", "Probes")
	if s.Window != 10*time.Second || s.OpenFor != 30*time.Second {
		t.Errorf("got %+v", s)
	}
}

func TestProgressIsSmallAndSuccessCostsNoMemory(t *testing.T) {
	if size := unsafe.Sizeof(Progress{}); size > 112 {
		t.Errorf("Progress takes %d bytes", size)
	}
	p := &Progress{Received: start}
	if n := testing.AllocsPerRun(100, func() { p.Begin(start) }); n != 0 {
		t.Errorf("Begin allocates %v times", n)
	}
}

func FuzzDetailIsPrintable(f *testing.F) {
	f.Add("two\nlines \xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := detail(&connector.AttemptError{Detail: text})
		if len(got) > maxDetail || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

func BenchmarkPolicyFailed(b *testing.B) {
	policy := NewPolicy(Retry{MaxAttempts: 8, Jitter: 0.2, MaxElapsed: 15 * time.Minute})
	err := &connector.AttemptError{Class: connector.Unavailable, Status: 503, Detail: "service unavailable"}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := Progress{Received: start}
			p.Begin(start)
			policy.Failed(&p, err, start)
		}
	})
	b.Run("later", func(b *testing.B) {
		p := begun(1)
		policy.Failed(p, err, start)
		b.ReportAllocs()
		for b.Loop() {
			policy.Failed(p, err, start)
		}
	})
}
