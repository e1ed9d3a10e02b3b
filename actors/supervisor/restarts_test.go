package supervisor

import (
	"testing"
	"time"

	"github.com/acktor/acktor/pipeline"
)

func TestRestartsWaitLongerEachTimeAndEndAfterTooManyInARow(t *testing.T) {
	settings := pipeline.Restart{Initial: 100 * time.Millisecond, Max: 10 * time.Second, MaxFailures: 5}
	r, now := newRestarts(settings), time.Unix(0, 0)
	longest := settings.Initial
	for n := 1; n <= settings.MaxFailures; n++ {
		wait, again := r.failed(now)
		if !again {
			t.Fatalf("no restart after failure %d", n)
		}
		if wait < longest/2 || wait > longest*3/2 {
			t.Errorf("wait %d is %v, want about %v", n, wait, longest)
		}
		longest = longest * 3 / 2
		now = now.Add(time.Second)
	}
	if _, again := r.failed(now); again {
		t.Error("there is no end to it")
	}
}

func TestFailuresAfterAQuietTimeAreTheFirstAgain(t *testing.T) {
	r, now := newRestarts(pipeline.Restart{Initial: time.Second, Max: 10 * time.Second, MaxFailures: 2}), time.Unix(0, 0)
	for range 10 {
		for range 2 {
			if wait, again := r.failed(now); !again || wait > 3*time.Second {
				t.Fatalf("again %v after %v", again, wait)
			}
		}
		now = now.Add(21 * time.Second)
	}
}
