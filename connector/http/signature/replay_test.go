package signature_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector/http/signature"
)

func TestAMessageThatWasKeptIsKnownUntilItsTimestampIsStale(t *testing.T) {
	scheme := schemes(t)["standard"]
	ahead := now.Add(signature.DefaultTolerance) // the sender's clock is as far ahead as is accepted
	header := sign(scheme, "order-17", body, ahead)
	replay := signature.NewReplay(0, 0)
	id := must(scheme.Verify(header.Values, []byte(body), now))(t)
	if got := replay.Claim(id, now); got != signature.Fresh {
		t.Fatalf("standing %d, want fresh", got)
	}
	if got := replay.Claim(id, now); got != signature.Pending {
		t.Fatalf("standing %d, want pending", got)
	}
	replay.Keep(id)
	replay.Release(id) // too late
	for at := now; ; at = at.Add(time.Second) {
		if _, err := scheme.Verify(header.Values, []byte(body), at); err != nil {
			break
		}
		if got := replay.Claim(id, at); got != signature.Seen {
			t.Fatalf("standing %d after %s, want seen", got, at.Sub(now))
		}
	}
}

func TestAMessageThatWasReleasedMayComeAgain(t *testing.T) {
	replay := signature.NewReplay(0, 0)
	replay.Claim("a", now)
	replay.Release("a")
	if got := replay.Claim("a", now); got != signature.Fresh {
		t.Errorf("standing %d, want fresh", got)
	}
}

func TestOneOfManyClaimsIsFresh(t *testing.T) {
	replay := signature.NewReplay(0, 0)
	var fresh atomic.Int32
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if replay.Claim("a", now) == signature.Fresh {
				fresh.Add(1)
			}
		})
	}
	group.Wait()
	if fresh.Load() != 1 {
		t.Errorf("%d were fresh", fresh.Load())
	}
}

// twin is a Replay as simple as can be.
type twin struct {
	window    time.Duration
	entries   int
	list      []twinEntry // oldest first
	forgotten uint64
}

type twinEntry struct {
	id   string
	at   time.Time
	kept bool
}

func (w *twin) find(id string) int {
	return slices.IndexFunc(w.list, func(e twinEntry) bool { return e.id == id })
}

func (w *twin) claim(id string, now time.Time) signature.Standing {
	for len(w.list) > 0 && now.Sub(w.list[0].at) > w.window {
		w.list = w.list[1:]
	}
	if i := w.find(id); i >= 0 {
		if w.list[i].kept {
			return signature.Seen
		}
		return signature.Pending
	}
	if len(w.list) == w.entries {
		w.list = w.list[1:]
		w.forgotten++
	}
	w.list = append(w.list, twinEntry{id: id, at: now})
	return signature.Fresh
}

func TestReplayDoesWhatItsTwinDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.IntRange(1, 6).Draw(t, "entries")
		replay, model := signature.NewReplay(time.Minute, entries), &twin{window: 2 * time.Minute, entries: entries}
		at := now
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "id"))
			at = at.Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "seconds")) * time.Second)
			i := model.find(id)
			switch rapid.IntRange(0, 3).Draw(t, "action") {
			case 0:
				replay.Keep(id)
				if i >= 0 {
					model.list[i].kept = true
				}
			case 1:
				replay.Release(id)
				if i >= 0 && !model.list[i].kept {
					model.list = slices.Delete(model.list, i, i+1)
				}
			default:
				if got, want := replay.Claim(id, at), model.claim(id, at); got != want {
					t.Fatalf("claim %s: %d, want %d", id, got, want)
				}
			}
			if replay.Len() != len(model.list) || replay.Forgotten() != model.forgotten {
				t.Fatalf("%d remembered and %d forgotten, want %d and %d", replay.Len(), replay.Forgotten(), len(model.list), model.forgotten)
			}
		}
	})
}

func BenchmarkReplayClaim(b *testing.B) {
	replay := signature.NewReplay(0, 1000)
	for i := 0; b.Loop(); i++ {
		replay.Claim(fmt.Sprint("msg_", i), now)
	}
}
