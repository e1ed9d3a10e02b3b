package store

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
)

// Damage is what a store has lost, or had to mend: something that no longer was what had been written. The bytes are kept
// for people to look at.
type Damage struct {
	At       time.Time // when it was noticed
	Part     string    // of the store: entries, letters, stories, positions, or wal
	Seq      int64     // 0 where there is none
	Pipeline string    // empty where it is not known, as is the id
	ID       connector.RecordID
	Reason   string // for people
}

// Inspector is a Store that finds out about damage. It also logs each when it finds it.
type Inspector interface {
	// Damage returns what was found so far, over restarts, the oldest first.
	Damage(ctx context.Context) ([]Damage, error)
}
