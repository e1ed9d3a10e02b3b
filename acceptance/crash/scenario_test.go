package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scenario is a way for records to come in, and what the peer does with them.
type scenario struct {
	name    string
	source  string
	answer  func(n, before int) int
	points  string // the prefixes of the points that it comes to
	replays bool   // dead letters are taken out all the time
}

func refusesBad(n, _ int) int {
	if isBad(n) {
		return 422
	}
	return 200
}

func refusesFirst(_, before int) int {
	if before == 0 {
		return 422
	}
	return 200
}

func scenarios() []scenario {
	return []scenario{
		{"file", "file: {path: <file>, follow: true, poll: 10ms}", refusesBad, "keep save settle write", false},
		{"accepted", `http: {address: "127.0.0.1:0", path: /in, reply: accepted}`, refusesBad, "keep settle write", false},
		{"replay", `http: {address: "127.0.0.1:0", path: /in, reply: accepted}`, refusesFirst, "keep settle write replay", true},
		{"outcome", `http: {address: "127.0.0.1:0", path: /in, reply: outcome}`, refusesBad, "keep settle write", false},
	}
}

const document = `
pipelines:
  crash:
    in_flight: {records: <window>}
    backlog: {park_after: 20ms}
    source:
      <source>
    sinks:
      peer:
        http: {url: <peer>}
        in_flight: 16
        retry: {max_attempts: 0, initial: 10ms, max: 60ms}
        breaker: {enabled: false}
`

const window = 64

// trial is a scenario while it runs.
type trial struct {
	*testing.T
	scenario
	random *rand.Rand
	path   string // of the configuration
	peer   *peer
	load   *load
	bug    string
	kills  []time.Time
	hit    map[string]int // points at which an engine died
	wrong  []string       // what the oracle found
}

func newTrial(t *testing.T, s scenario, seed uint64) *trial {
	directory := t.TempDir()
	r := &trial{T: t, scenario: s, random: rand.New(rand.NewPCG(seed, 5)), path: filepath.Join(directory, "engine.yaml"),
		peer: newPeer(t, seed, s.answer), load: newLoad(t), hit: make(map[string]int)}
	file := filepath.Join(directory, "records.ndjson")
	text := strings.NewReplacer("<window>", strconv.Itoa(window), "<source>", s.source, "<peer>", r.peer.URL).Replace(document)
	if err := os.WriteFile(r.path, []byte(strings.ReplaceAll(text, "<file>", file)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.name == "file" {
		r.load.write(file)
	} else {
		r.load.post(8)
	}
	return r
}

// seedOf returns the seed of this run, and prints it.
func seedOf(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("ACKTOR_CRASH_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = given
	}
	t.Logf("ACKTOR_CRASH_SEED=%d", seed)
	return seed
}

// live runs an engine until it is killed: at a point, or else at any time.
func (r *trial) live(point string) {
	p := begin(r.T, r.path, point, r.bug)
	r.load.aim(p.address)
	after := 40*time.Millisecond + time.Duration(r.random.Int64N(int64(260*time.Millisecond)))
	if point != "" {
		after = patience
	}
	r.untilDead(p, after)
	restore := func() {}
	if r.bug == "no sync" {
		restore = r.remember()
		r.untilDead(p, after)
	}
	r.load.aim("")
	p.kill()
	restore()
	time.Sleep(20 * time.Millisecond) // what it has sent arrives
	r.kills = append(r.kills, time.Now())
	if died := p.point(); died != "" {
		r.hit[died]++
	} else if point != "" {
		r.Errorf("%s was not reached in %s", point, after)
	}
}

// untilDead returns when the time is over or the process has ended. Meanwhile it takes dead letters out, if that is wanted.
func (r *trial) untilDead(p *process, after time.Duration) {
	end := time.After(after)
	for {
		var again <-chan time.Time
		if r.replays {
			again = time.After(15 * time.Millisecond)
		}
		select {
		case <-p.done:
			return
		case <-end:
			return
		case <-again:
			moved := 0
			p.ask("replay", &moved)
		}
	}
}

// remember copies the store. restore is what a disk does that loses what it said was on it.
func (r *trial) remember() (restore func()) {
	r.Helper()
	before, at := r.TempDir(), storeBeside(r.path)
	if err := os.CopyFS(before, os.DirFS(at)); err != nil {
		r.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.RemoveAll(at), os.CopyFS(at, os.DirFS(before))); err != nil {
			r.Fatal(err)
		}
	}
}

// finish lets a last engine bring everything to its end.
func (r *trial) finish() {
	p := begin(r.T, r.path, "", r.bug)
	r.load.end()
	deadline := time.Now().Add(finishIn)
	for !r.isDone(p) {
		if time.Now().After(deadline) {
			r.fault("it does not come to an end")
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.end()
}

// finishIn is far more than the rest of the records takes.
const finishIn = 15 * time.Second

func (r *trial) isDone(p *process) bool {
	var pending, letters, inFlight, moved int
	if r.replays && !p.ask("replay", &moved) {
		r.Fatalf("the engine died:\n%s", &p.log)
	}
	if !p.ask("status", &pending, &letters, &inFlight) {
		r.Fatalf("the engine died:\n%s", &p.log)
	}
	if pending+inFlight > 0 || r.replays && letters > 0 {
		return false
	}
	return r.name != "file" || r.lastLineIsThrough()
}

func (r *trial) lastLineIsThrough() bool {
	r.peer.mu.Lock()
	defer r.peer.mu.Unlock()
	return r.peer.seen[r.load.made()] > 0
}

func (r *trial) fault(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}
