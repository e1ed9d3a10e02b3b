package ratelimit_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/http/ratelimit"
	"github.com/acktor/acktor/field"
)

var start = time.Unix(1_700_000_000, 0)

func limiter(t *testing.T, config ratelimit.Config) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAClientHasItsBurstAndThenItsRate(t *testing.T) {
	l := limiter(t, ratelimit.Config{PerSecond: 10, Burst: 3})
	for range 3 {
		if ok, _ := l.Allow("a", start); !ok {
			t.Fatal("the burst is not allowed")
		}
	}
	for range 2 { // what is refused costs nothing
		if ok, after := l.Allow("a", start); ok || after != 100*time.Millisecond {
			t.Errorf("%v, after %s", ok, after)
		}
	}
	if ok, _ := l.Allow("b", start); !ok {
		t.Error("another client is refused")
	}
	if ok, _ := l.Allow("a", start.Add(100*time.Millisecond)); !ok {
		t.Error("refused after the time that was given")
	}
	if ok, _ := l.Allow("a", start.Add(100*time.Millisecond)); ok {
		t.Error("twice allowed in one interval")
	}
}

// A bucket of tokens, written down as such.
func TestALimiterIsABucketOfTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.IntRange(1, 5).Draw(t, "burst")
		l, err := ratelimit.New(ratelimit.Config{PerSecond: 1, Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		tokens, now := time.Duration(burst)*time.Second, start
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			passed := time.Duration(rapid.IntRange(0, 3000).Draw(t, "milliseconds")) * time.Millisecond
			now, tokens = now.Add(passed), min(tokens+passed, time.Duration(burst)*time.Second)
			ok, after := l.Allow("a", now)
			if want := tokens >= time.Second; ok != want || !ok && after != time.Second-tokens {
				t.Fatalf("%v, after %s, with %s in the bucket", ok, after, tokens)
			}
			if ok {
				tokens -= time.Second
			}
		}
	})
}

func TestManyClientsCannotEvictOneThatIsLimited(t *testing.T) {
	l := limiter(t, ratelimit.Config{PerSecond: 1, Burst: 1, Clients: 10})
	l.Allow("greedy", start)
	allowed := 0
	for i := range 1000 {
		if ok, _ := l.Allow(fmt.Sprint("client ", i), start); ok {
			allowed++
		}
	}
	if ok, _ := l.Allow("greedy", start); ok || l.Len() != 10 || allowed != 10 { // nine of their own, and one for all others
		t.Errorf("greedy again: %v, %d known, %d allowed", ok, l.Len(), allowed)
	}
	for i := range 10 {
		if ok, _ := l.Allow(fmt.Sprint("later ", i), start.Add(time.Second)); !ok || l.Len() != 10 {
			t.Errorf("client %d, when the others are idle: %v, %d known", i, ok, l.Len())
		}
	}
}

func TestTheClientThatWasSeenLongestAgoGivesItsPlace(t *testing.T) {
	l := limiter(t, ratelimit.Config{PerSecond: 1, Burst: 1, Clients: 2})
	for i, c := range []struct {
		name    string
		seconds int
		ok      bool
	}{
		{"a", 0, true}, {"b", 1, true}, {"a", 2, true},
		{"c", 2, true},  // in the place of b, which is idle
		{"d", 2, true},  // a is busy: d shares
		{"e", 2, false}, // so does e, and d was just served
		{"a", 2, false},
	} {
		if ok, _ := l.Allow(c.name, start.Add(time.Duration(c.seconds)*time.Second)); ok != c.ok {
			t.Errorf("request %d, of %s: %v", i+1, c.name, ok)
		}
	}
}

func TestClientsAreToldApartByAddressOrHeader(t *testing.T) {
	byAddress, byHeader := limiter(t, ratelimit.Config{PerSecond: 1}), limiter(t, ratelimit.Config{PerSecond: 1, Header: "X-Customer"})
	header := http.Header{"X-Customer": {"shop"}}
	address := func(text string) netip.Addr { return netip.MustParseAddr(text) }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{byAddress.Client(header.Values, address("192.0.2.1")), byAddress.Client(header.Values, address("::ffff:192.0.2.1")), true},
		{byAddress.Client(header.Values, address("192.0.2.1")), byAddress.Client(header.Values, address("192.0.2.2")), false},
		{byAddress.Client(header.Values, address("2001:db8::1")), byAddress.Client(header.Values, address("2001:db8::ffff:1")), true},
		{byAddress.Client(header.Values, address("2001:db8::1")), byAddress.Client(header.Values, address("2001:db8:0:1::1")), false},
		{byAddress.Client(header.Values, address("fe80::1%a")), byAddress.Client(header.Values, address("fe80::1%b")), true},
		{byHeader.Client(header.Values, address("192.0.2.1")), byHeader.Client(header.Values, address("192.0.2.2")), true},
		{byHeader.Client(http.Header{}.Values, address("192.0.2.1")), byHeader.Client(http.Header{}.Values, address("192.0.2.2")), false},
		{byHeader.Client(http.Header{"X-Customer": {"192.0.2.1"}}.Values, address("192.0.2.2")), byHeader.Client(http.Header{}.Values, address("192.0.2.1")), false},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
	if name := byHeader.Client(http.Header{"X-Customer": {strings.Repeat("x", 1000)}}.Values, netip.Addr{}); len(name) > 200 {
		t.Errorf("a name of %d bytes is remembered", len(name))
	}
	if byAddress.Client(header.Values, netip.Addr{}) == "" {
		t.Error("no name without an address")
	}
}

func TestMistakesInTheConfigurationNameTheirKey(t *testing.T) {
	for key, config := range map[string]ratelimit.Config{
		"header": {PerSecond: 1, Header: "a b"}, "per_second": {}, " per_second": {PerSecond: math.NaN()}, "per_second ": {PerSecond: 1e18},
	} {
		_, err := ratelimit.New(config)
		if mistake, ok := errors.AsType[*connector.ConfigError](err); !ok || mistake.Key != strings.TrimSpace(key) {
			t.Errorf("%+v: %v", config, err)
		}
	}
	config := field.Defaults[ratelimit.Config]()
	config.PerSecond = 1
	if err := field.Validate(&config); err != nil || config.Burst != 10 || config.Clients != 10_000 {
		t.Errorf("%+v: %v", config, err)
	}
}

func ExampleLimiter() {
	limiter, err := ratelimit.New(ratelimit.Config{PerSecond: 2, Burst: 1})
	if err != nil {
		panic(err)
	}
	client := limiter.Client(http.Header{}.Values, netip.MustParseAddr("192.0.2.1"))
	now := time.Now()
	fmt.Println(limiter.Allow(client, now))
	fmt.Println(limiter.Allow(client, now))
	// Output:
	// true 0s
	// false 500ms
}

func BenchmarkAllow(b *testing.B) {
	limiter, err := ratelimit.New(ratelimit.Config{PerSecond: 1e6, Clients: 1000})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		limiter.Allow("aclient", start.Add(time.Duration(i)))
	}
}
