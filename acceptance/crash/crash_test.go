package crash

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func (r *trial) report() {
	r.Helper()
	for i, wrong := range r.wrong {
		if i == 10 {
			r.Errorf("... and %d more", len(r.wrong)-i)
			break
		}
		r.Error(wrong)
	}
}

// TestCrashAtAnyTimeLosesNothing kills engines under load, at times that the seed decides.
func TestCrashAtAnyTimeLosesNothing(t *testing.T) {
	seed := seedOf(t)
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			r := newTrial(t, s, seed)
			for range kills {
				r.live("")
			}
			r.judgeAfterKill()
			r.finish()
			r.judge()
			r.report()
		})
	}
}

// TestCrashAtEachPointLosesNothing lets engines die just before and just after each call by which something is promised.
func TestCrashAtEachPointLosesNothing(t *testing.T) {
	seed := seedOf(t)
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			r := newTrial(t, s, seed)
			reached := 0
			for _, point := range points {
				if prefix, _, _ := strings.Cut(point, "."); !strings.Contains(s.points, prefix) {
					continue
				}
				r.live(fmt.Sprint(point, " ", 1+r.random.IntN(6)))
				r.judgeAfterKill()
				reached++
				if r.hit[point] == 0 {
					t.Errorf("no engine died at %s", point)
				}
			}
			r.finish()
			r.judge()
			r.report()
			t.Logf("died at %d points", reached)
		})
	}
}

// TestCrashOracleSeesBugs seeds engines with bugs: the oracle has to find each.
func TestCrashOracleSeesBugs(t *testing.T) {
	seed := seedOf(t)
	for _, c := range []struct{ bug, scenario, point, says string }{
		{"early ack", "accepted", "", "which was accepted, is 0 times"},
		{"no sync", "accepted", "", "which was accepted, is 0 times"},
		{"written twice", "accepted", "", "delivered twice"},
		{"never written", "outcome", "", "was told that it is delivered before it was"},
		{"commit over a gap", "file", "save.after 2", "taken 0 times"},
	} {
		t.Run(c.bug, func(t *testing.T) {
			for _, s := range scenarios() {
				if s.name == c.scenario {
					wantFound(t, newTrial(t, s, seed), c.bug, c.point, c.says)
				}
			}
		})
	}
}

func wantFound(t *testing.T, r *trial, bug, point, says string) {
	t.Helper()
	r.bug = bug
	r.peer.slow.Store(int64(5 * time.Millisecond)) // so that something is always in flight
	for range 4 {
		r.live(point)
		r.judgeAfterKill()
	}
	r.bug = ""
	r.finish()
	r.judge()
	t.Logf("%d findings: %q", len(r.wrong), r.wrong[:min(2, len(r.wrong))])
	if !strings.Contains(strings.Join(r.wrong, "\n"), says) {
		t.Errorf("the oracle does not see it")
	}
}
