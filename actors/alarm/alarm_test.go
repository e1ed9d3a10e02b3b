package alarm_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/acktor/acktor/actors/alarm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type ring struct{}

// bedroom has an alarm whose message is noted with its time.
type bedroom struct {
	alarm.Alarm
	start time.Time
	rings []time.Duration
}

func inBedroom(t *testing.T, test func(t *testing.T, b *bedroom)) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
		b := &bedroom{start: time.Now()}
		sleeper := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*ring); ok {
				b.rings = append(b.rings, time.Since(b.start))
			}
		}))
		b.Wire(system.Root, sleeper, &ring{})
		test(t, b)
		b.Stop()
		_ = system.Root.StopFuture(sleeper).Wait()
		time.Sleep(time.Minute)
	})
}

func (b *bedroom) set(after time.Duration) { b.Set(time.Now().Add(after), time.Now()) }

func (b *bedroom) expect(t *testing.T, want ...time.Duration) {
	t.Helper()
	synctest.Wait()
	if len(b.rings) != len(want) {
		t.Fatalf("it rang at %v, want %v", b.rings, want)
	}
	for i := range want {
		if b.rings[i] != want[i] {
			t.Errorf("it rang at %v, want %v", b.rings, want)
		}
	}
}

func TestAlarmRingsAtTheEarliestTimeItWasSetTo(t *testing.T) {
	inBedroom(t, func(t *testing.T, b *bedroom) {
		b.set(5 * time.Second)
		b.set(2 * time.Second)
		b.set(9 * time.Second)
		time.Sleep(time.Minute)
		b.expect(t, 2*time.Second)
	})
}

func TestAlarmCanBeSetAgainWhenItRang(t *testing.T) {
	inBedroom(t, func(t *testing.T, b *bedroom) {
		b.set(time.Second)
		time.Sleep(time.Second)
		b.expect(t, time.Second)
		b.Rang()
		b.set(3 * time.Second)
		time.Sleep(time.Minute)
		b.expect(t, time.Second, 4*time.Second)
	})
}

func TestAlarmThatIsSetToThePastRingsAtOnce(t *testing.T) {
	inBedroom(t, func(t *testing.T, b *bedroom) {
		b.set(-time.Hour)
		b.expect(t, 0)
	})
}

func TestAlarmThatIsStoppedDoesNotRingUntilItIsSetAgain(t *testing.T) {
	inBedroom(t, func(t *testing.T, b *bedroom) {
		b.Stop() // before it was ever set
		b.set(time.Second)
		b.Stop()
		time.Sleep(time.Minute)
		b.expect(t)
		b.set(time.Second)
		time.Sleep(time.Minute)
		b.expect(t, time.Minute+time.Second)
	})
}

func TestEarlierOfTwoInstantsWhereAZeroOneDoesNotCount(t *testing.T) {
	never, soon, later := time.Time{}, time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range []struct{ a, b, want time.Time }{
		{soon, later, soon}, {later, soon, soon}, {never, later, later}, {soon, never, soon}, {never, never, never}, {soon, soon, soon},
	} {
		if got := alarm.Earlier(c.a, c.b); !got.Equal(c.want) {
			t.Errorf("of %v and %v: %v", c.a, c.b, got)
		}
	}
}
