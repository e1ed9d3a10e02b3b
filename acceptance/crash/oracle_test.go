package crash

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/sqlite"
)

// found is what the store says of the records.
type found struct {
	pending, letters  map[int]int
	delivered, failed map[int]int // final outcomes of records that were accepted
}

// look reads the store of an engine that does not run.
func (r *trial) look() found {
	r.Helper()
	ctx := context.Background()
	kept, err := sqlite.Open(ctx, storeBeside(r.path), sqlite.Options{})
	if err != nil {
		r.Fatal(err)
	}
	defer kept.Close()
	f := found{make(map[int]int), make(map[int]int), make(map[int]int), make(map[int]int)}
	entries, err := kept.Fresh(ctx, "crash", 0, 1<<30, 0)
	if err != nil {
		r.Fatal(err)
	}
	parked, err := kept.Parked(ctx, "crash", 0, 1<<30)
	if err != nil {
		r.Fatal(err)
	}
	for _, head := range parked {
		whole, err := kept.Take(ctx, "crash", []int64{head.Seq})
		if err != nil {
			r.Fatal(err)
		}
		entries = append(entries, whole...)
	}
	for _, entry := range entries {
		f.pending[r.recognize(entry.Record)]++
	}
	letters, _, err := kept.List(ctx, store.LetterQuery{Limit: 1 << 30, WithData: true})
	if err != nil {
		r.Fatal(err)
	}
	ids := make(map[connector.RecordID]int)
	for n, id := range r.peer.known() {
		ids[connector.RecordID(id)] = n
	}
	for _, letter := range letters {
		f.letters[r.recognize(letter.Record)]++
	}
	stories, _, err := kept.Stories(ctx, store.StoryQuery{Limit: 1 << 30})
	if err != nil {
		r.Fatal(err)
	}
	for _, story := range stories {
		switch n := ids[story.ID]; {
		case !story.Accepted:
		case story.Outcome.State == connector.Delivered:
			f.delivered[n]++
		default:
			f.failed[n]++
		}
	}
	if damage, err := kept.Damage(ctx); err != nil || len(damage) > 0 {
		r.fault("the store is damaged: %v, %v", damage, err)
	}
	return f
}

func (r *trial) recognize(record *connector.Record) int {
	n, err := number(record.Data)
	if err != nil {
		r.fault("the store has another record than was sent: %v", err)
	}
	return n
}

// isPromised says whether the engine has answered for a record.
func (r *trial) isPromised(n int) bool {
	if r.name == "file" {
		return true
	}
	return r.load.told[n].status == 202
}

// judgeAfterKill holds the store against what was promised and what has arrived: accepted is delivered, failed, or pending.
func (r *trial) judgeAfterKill() {
	if r.name == "file" {
		return // what is not in the store is in the file
	}
	f := r.look()
	r.load.mu.Lock()
	defer r.load.mu.Unlock()
	for n := 1; n <= r.load.next; n++ {
		if !r.isPromised(n) {
			continue
		}
		places := f.pending[n] + f.letters[n]
		if !isIn(f.letters, n) || r.replays {
			places += f.delivered[n]
		}
		if places != 1 {
			r.fault("after a kill record %d, which was accepted, is %d times pending, %d times a dead letter, %d times delivered", n, f.pending[n], f.letters[n], f.delivered[n])
		}
	}
}

func isIn(m map[int]int, n int) bool { return m[n] > 0 }

// judge holds everything against everything, at the end.
func (r *trial) judge() {
	f := r.look()
	made := r.load.made()
	r.peer.mu.Lock()
	defer r.peer.mu.Unlock()
	r.wrong = append(r.wrong, r.peer.wrong...)
	promised := 0
	for n := 1; n <= made; n++ {
		if r.isPromised(n) {
			promised++
			r.judgeOne(n, &f)
		}
		if r.name == "outcome" {
			r.judgeAnswer(n, &f)
		}
		r.judgeDuplicates(n)
	}
	for n := range r.peer.taken {
		if n < 1 || n > made {
			r.fault("the peer has record %d, which nobody sent", n)
		}
	}
	if len(f.pending) > 0 {
		r.fault("%d records are pending at the end", len(f.pending))
	}
	r.Logf("%s: %d records, %d promised, %d at the peer, %d dead letters, %d kills", r.name, made, promised, len(r.peer.taken), len(f.letters), len(r.kills))
	if promised == 0 && r.name != "outcome" {
		r.fault("no record was ever promised")
	}
}

// judgeOne is for a record that the engine has answered for.
func (r *trial) judgeOne(n int, f *found) {
	taken := len(r.peer.taken[n])
	dead := !r.replays && isBad(n)
	switch {
	case dead && (taken > 0 || f.letters[n] == 0):
		r.fault("record %d, which the peer refuses, has %d dead letters and was taken %d times", n, f.letters[n], taken)
	case !dead && (taken == 0 || f.letters[n] > 0):
		r.fault("record %d is lost: taken %d times, %d dead letters", n, taken, f.letters[n])
	}
	if r.name == "accepted" || r.name == "replay" {
		if f.delivered[n] > 1 || !dead && f.delivered[n] != 1 || dead && f.failed[n] != 1 {
			r.fault("record %d has %d outcomes delivered and %d failed", n, f.delivered[n], f.failed[n])
		}
	}
}

// judgeAnswer is for a record whose caller waits for its outcome.
func (r *trial) judgeAnswer(n int, f *found) {
	told := r.load.told[n]
	switch {
	case told.status == 200 && (len(r.peer.taken[n]) == 0 || r.peer.taken[n][0].at.After(told.at)):
		r.fault("the caller of record %d was told that it is delivered before it was", n)
	case told.status == 422 && f.letters[n] == 0:
		r.fault("the caller of record %d was told that it failed, and it has no dead letter", n)
	}
}

// recent is how long before a kill a record may have been delivered that is delivered again after it. Positions are committed
// every 100 ms; the rest is for a busy machine.
const recent = 2 * time.Second

// late is how long after a kill the peer may find a request that the killed engine had sent.
const late = 500 * time.Millisecond

// judgeDuplicates allows a record to be taken again only when it was in flight at a kill.
func (r *trial) judgeDuplicates(n int) {
	receipts := r.peer.taken[n]
	for i := 1; i < len(receipts); i++ {
		excused := false
		for _, kill := range r.kills {
			excused = excused || receipts[i-1].at.Before(kill.Add(late)) && receipts[i].at.After(kill) && kill.Sub(receipts[i-1].at) < recent
		}
		if !excused {
			r.fault("record %d was delivered twice, %s after the first time, without a kill", n, receipts[i].at.Sub(receipts[i-1].at))
		}
	}
}

// known returns the ids of the records that the peer has seen.
func (p *peer) known() map[int]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := make(map[int]string, len(p.keys))
	for n, key := range p.keys {
		ids[n] = key
	}
	return ids
}
