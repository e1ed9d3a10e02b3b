package dispatch_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/acktor/acktor/actors/dispatch"
)

type post struct{ sender, n int }

// counter notes what it gets, and panics over some of it.
type counter struct {
	turn *dispatch.Turn
	got  map[int][]int
	last chan map[int][]int
	rest int
}

func (c *counter) Receive(ctx actor.Context) {
	msg, ok := ctx.Message().(post)
	if !ok {
		return
	}
	if c.turn.Now().IsZero() || time.Since(c.turn.Now()) > time.Minute {
		panic("the clock stands")
	}
	c.got[msg.sender] = append(c.got[msg.sender], msg.n)
	if c.rest--; c.rest == 0 {
		if c.turn.More() {
			panic("there is more than was sent")
		}
		c.last <- c.got
	}
	if msg.n%100 == 99 {
		panic("on purpose")
	}
}

func TestMailboxKeepsTheOrderOfEachSenderAndLosesNothingOverPanics(t *testing.T) {
	const senders, each = 8, 5000
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	pool := dispatch.NewPool()
	defer pool.Close()
	c := &counter{got: map[int][]int{}, last: make(chan map[int][]int, 1), rest: senders * each}
	props := dispatch.Props(func(turn *dispatch.Turn) actor.Actor { c.turn = turn; return c }, pool)
	always := actor.NewOneForOneStrategy(1<<30, time.Hour, func(any) actor.Directive { return actor.RestartDirective })
	props = props.Configure(actor.WithGuardian(always))
	pid := system.Root.Spawn(props)
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := range each {
				system.Root.Send(pid, post{s, n})
			}
		})
	}
	all.Wait()
	got := <-c.last
	for s := range senders {
		if fmt.Sprint(got[s]) != fmt.Sprint(upTo(each)) {
			t.Errorf("sender %d: %d messages, or another order", s, len(got[s]))
		}
	}
	_ = system.Root.PoisonFuture(pid).Wait()
	system.Shutdown()
}

func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

func quiet(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }
