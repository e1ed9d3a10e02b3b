package delivery

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var small = BreakerSettings{Enabled: true, FailureRatio: 0.5, MinRequests: 4, Window: 10 * time.Second, OpenFor: 30 * time.Second, Probes: 2}

// guarded is a breaker with a diary of its changes.
type guarded struct {
	*Breaker
	diary []string
}

func guard(settings BreakerSettings) *guarded {
	g := &guarded{}
	g.Breaker = NewBreaker("test", settings, func(from, to BreakerState, failed, requests int) {
		g.diary = append(g.diary, fmt.Sprintf("%s->%s %d/%d", from, to, failed, requests))
		g.State(time.Now()) // a listener may ask
	})
	return g
}

func (g *guarded) permit(t *testing.T) Permit {
	t.Helper()
	permit, ok, wait := g.Allow(time.Now())
	if !ok {
		t.Fatalf("not allowed, wait %v", wait)
	}
	return permit
}

// open makes requests fail until the breaker is open.
func (g *guarded) open(t *testing.T) {
	t.Helper()
	for range g.settings.MinRequests {
		g.permit(t).Done(true)
	}
	if state := g.State(time.Now()); state != Open {
		t.Fatalf("the breaker is %s", state)
	}
}

func (g *guarded) wrote(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(g.diary, want) {
		t.Errorf("changes are %q, want %q", g.diary, want)
	}
}

func (g *guarded) refuses(t *testing.T, want time.Duration) {
	t.Helper()
	if _, ok, wait := g.Allow(time.Now()); ok || wait != want {
		t.Errorf("allowed %v, wait %v; want a wait of %v", ok, wait, want)
	}
}

func TestBreakerOpensAtTheRatioOnceEnoughRequestsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		waiting := []Permit{g.permit(t), g.permit(t), g.permit(t)} // under way: they count for nothing yet
		g.permit(t).Done(true)
		g.permit(t).Done(false)
		g.permit(t).Done(true)
		g.wrote(t)
		g.permit(t).Done(true)
		g.wrote(t, "closed->open 3/4")
		if until := g.OpenUntil(); !until.Equal(time.Now().Add(30 * time.Second)) {
			t.Errorf("open until %v", until)
		}
		for _, permit := range waiting {
			permit.Done(false)
		}
		g.refuses(t, 30*time.Second+1)
	})
}

func TestWaitOfAnOpenBreakerIsExactlyEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		g.open(t)
		time.Sleep(29 * time.Second)
		g.refuses(t, time.Second+1)
		time.Sleep(time.Second)
		g.refuses(t, 1)
		time.Sleep(time.Nanosecond)
		if state := g.State(time.Now()); state != HalfOpen || len(g.diary) != 1 {
			t.Errorf("state is %s, changes %q", state, g.diary)
		}
		g.permit(t)
		if !g.OpenUntil().IsZero() {
			t.Errorf("half-open, yet open until %v", g.OpenUntil())
		}
	})
}

func TestAllProbesTogetherCloseTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		g.open(t)
		time.Sleep(30*time.Second + 1)
		first, second := g.permit(t), g.permit(t)
		g.refuses(t, 0)
		first.Done(false)
		g.refuses(t, 0)
		second.Done(false)
		g.wrote(t, "closed->open 4/4", "open->half-open 0/0", "half-open->closed 0/2")
	})
}

func TestOneFailedProbeOpensTheBreakerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		g.open(t)
		time.Sleep(30*time.Second + 1)
		first, second := g.permit(t), g.permit(t)
		first.Done(false)
		time.Sleep(time.Minute) // longer than the window
		second.Done(true)
		g.wrote(t, "closed->open 4/4", "open->half-open 0/0", "half-open->open 1/2")
		g.refuses(t, 30*time.Second+1)
	})
}

func TestWithdrawnProbeMakesRoomAndDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := small
		settings.Probes = 1
		g := guard(settings)
		g.open(t)
		time.Sleep(30*time.Second + 1)
		for range 3 {
			permit := g.permit(t)
			g.refuses(t, 0)
			permit.Failed(Decision{Inconclusive: true})
		}
		g.wrote(t, "closed->open 4/4", "open->half-open 0/0")
		g.permit(t).Failed(Decision{}) // a 404: the destination is well
		g.wrote(t, "closed->open 4/4", "open->half-open 0/0", "half-open->closed 0/1")
	})
}

func TestSecondDoneIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		permit := g.permit(t)
		permit.Done(false)
		next := g.permit(t) // stands where the first one stood
		for range 10 {
			permit.Done(true)
			permit.Withdraw()
		}
		next.Done(true)
		if got := g.ended.total; got != (tally{failed: 1, ended: 2}) {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestPermitFromBeforeAChangeDisturbsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		var old []Permit
		for range 9 {
			old = append(old, g.permit(t))
		}
		g.open(t)
		old[0].Done(false)
		old[1].Done(true)
		g.refuses(t, 30*time.Second+1)
		time.Sleep(30*time.Second + 1)
		first, second := g.permit(t), g.permit(t)
		old[2].Done(false)
		old[3].Done(true)
		old[4].Withdraw()
		g.refuses(t, 0)
		first.Done(false)
		second.Done(false)
		for _, permit := range old[5:] {
			permit.Done(true)
		}
		if got := g.ended.total; got != (tally{}) || g.State(time.Now()) != Closed {
			t.Errorf("counted %+v, state %s", got, g.State(time.Now()))
		}
	})
}

func TestTimeoutsLongerThanTheWindowOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		var hanging []Permit
		for range 4 {
			hanging = append(hanging, g.permit(t))
		}
		time.Sleep(3 * small.Window)
		for _, permit := range hanging {
			permit.Done(true)
		}
		g.wrote(t, "closed->open 4/4")
	})
}

func TestWindowForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(small)
		for range 20 {
			g.permit(t).Done(true)
			time.Sleep(small.Window/3 + 1) // the fourth that it takes to open ends just after the first is forgotten
		}
		g.wrote(t)
	})
}

func TestDisabledBreakerAlwaysAllows(t *testing.T) {
	g := guard(BreakerSettings{MinRequests: 1})
	for range 100 {
		g.permit(t).Done(true)
	}
	if g.State(time.Now()) != Closed || !g.OpenUntil().IsZero() || g.diary != nil {
		t.Errorf("state %s, changes %q", g.State(time.Now()), g.diary)
	}
}

// request is what a breaker's twin knows of one.
type request struct {
	permit     Permit
	generation int
}

// breakerTwin follows the documentation with a list of everything that ended.
type breakerTwin struct {
	settings   BreakerSettings
	state      BreakerState
	generation int
	since      time.Time // of this state
	ended      []struct {
		bucket int64
		failed bool
	}
	running int
}

func (tw *breakerTwin) become(state BreakerState, now time.Time) {
	tw.state, tw.since, tw.ended, tw.running = state, now, nil, 0
	tw.generation++
}

func (tw *breakerTwin) pass(now time.Time) {
	if tw.state == Open && now.Sub(tw.since) > tw.settings.OpenFor {
		tw.become(HalfOpen, now)
	}
}

func (tw *breakerTwin) allow(now time.Time) bool {
	tw.pass(now)
	if tw.state == Open || tw.state == HalfOpen && tw.running+len(tw.ended) >= tw.settings.Probes {
		return false
	}
	tw.running++
	return true
}

func (tw *breakerTwin) end(generation int, result string, now time.Time) {
	tw.pass(now)
	if generation != tw.generation {
		return
	}
	tw.running--
	if result == "withdrawn" {
		return
	}
	bucket := int64(now.Sub(tw.since) / (tw.settings.Window / buckets))
	tw.ended = append(tw.ended, struct {
		bucket int64
		failed bool
	}{bucket, result == "failed"})
	failed, ended := 0, 0
	for _, e := range tw.ended {
		if tw.state == HalfOpen || e.bucket > bucket-buckets {
			ended++
			if e.failed {
				failed++
			}
		}
	}
	switch {
	case tw.state == HalfOpen && failed > 0:
		tw.become(Open, now)
	case tw.state == HalfOpen && ended == tw.settings.Probes:
		tw.become(Closed, now)
	case tw.state == Closed && result == "failed" && ended >= tw.settings.MinRequests && float64(failed) >= tw.settings.FailureRatio*float64(ended):
		tw.become(Open, now)
	}
}

// action is one step of a random story.
type action struct {
	What  string // allow, failed, done, withdrawn, sleep
	Which int
	Sleep time.Duration
}

func TestBreakerBehavesLikeItsTwin(t *testing.T) {
	actions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) action {
		return action{
			What:  rapid.SampledFrom([]string{"allow", "allow", "failed", "failed", "done", "withdrawn", "sleep"}).Draw(t, "what"),
			Which: rapid.IntRange(0, 100).Draw(t, "which"),
			Sleep: time.Duration(rapid.IntRange(0, 40).Draw(t, "tenths")) * 100 * time.Millisecond,
		}
	}), 1, 200)
	rapid.Check(t, func(rt *rapid.T) {
		settings := BreakerSettings{
			Enabled: true, Window: 3 * time.Second, OpenFor: 4 * time.Second,
			FailureRatio: rapid.SampledFrom([]float64{0.1, 0.5, 1}).Draw(rt, "ratio"),
			MinRequests:  rapid.IntRange(1, 5).Draw(rt, "min requests"),
			Probes:       rapid.IntRange(1, 3).Draw(rt, "probes"),
		}
		story := actions.Draw(rt, "story")
		var difference string
		synctest.Test(t, func(*testing.T) { difference = compare(settings, story) })
		if difference != "" {
			rt.Fatal(difference)
		}
	})
}

// compare tells the story to a breaker and its twin and says where they differ, or "".
func compare(settings BreakerSettings, story []action) string {
	g, tw := guard(settings), &breakerTwin{settings: settings, since: time.Now()}
	var running []request
	for i, a := range story {
		now := time.Now()
		switch {
		case a.What == "sleep":
			time.Sleep(a.Sleep)
		case a.What == "allow":
			permit, ok, wait := g.Allow(now)
			if want := tw.allow(now); ok != want {
				return fmt.Sprintf("step %d: allowed is %v, want %v", i, ok, want)
			}
			if ok {
				running = append(running, request{permit, tw.generation})
			} else if (wait > 0) != (tw.state == Open) {
				return fmt.Sprintf("step %d: wait is %v when %s", i, wait, tw.state)
			}
		case len(running) > 0:
			k := a.Which % len(running)
			r := running[k]
			running = slices.Delete(running, k, k+1)
			switch a.What {
			case "withdrawn":
				r.permit.Withdraw()
			default:
				r.permit.Done(a.What == "failed")
			}
			tw.end(r.generation, a.What, now)
		}
		if g.Breaker.state != tw.state {
			return fmt.Sprintf("step %d, %s: state is %s, want %s", i, a.What, g.Breaker.state, tw.state)
		}
		if len(g.diary) != tw.generation {
			return fmt.Sprintf("step %d: %d changes told of %d", i, len(g.diary), tw.generation)
		}
	}
	return ""
}

func BenchmarkBreaker(b *testing.B) {
	for _, enabled := range []bool{true, false} {
		b.Run(fmt.Sprintf("enabled=%v", enabled), func(b *testing.B) {
			settings := small
			settings.Enabled = enabled
			breaker := NewBreaker("bench", settings, nil)
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				permit, _, _ := breaker.Allow(now)
				permit.Done(false)
			}
		})
	}
}
