package store

import (
	"context"
	"time"

	"github.com/acktor/acktor/connector"
)

// Ledger keeps what became of records.
type Ledger interface {
	// Stories returns the stories that match, the newest first, and the cursor of the next page, which is empty when
	// there is none.
	Stories(ctx context.Context, query StoryQuery) (stories []*Story, next string, err error)
	// Expire removes the stories from before a time, and then the oldest until at most maxStories are left; 0 is no limit. It
	// returns how many it removed, also with an error. It does so in small parts, between which Keep goes on.
	Expire(ctx context.Context, before time.Time, maxStories int) (int, error)
}

// Story is what became of a record. It belongs to the caller, but for the outcome, which nobody changes.
type Story struct {
	Seq      int64 // set by Keep; never given twice in a store
	Pipeline string
	ID       connector.RecordID
	Key      string
	At       time.Time // when the outcome came
	Outcome  *connector.Outcome
	Accepted bool // the source was told "accepted" before
}

// StoryQuery says which stories are meant: those that match all of its fields. A zero field matches every story.
type StoryQuery struct {
	ID           connector.RecordID
	Pipeline     string
	State        connector.State // of the outcome
	Class        connector.Class // of the outcome's failure
	Since, Until time.Time       // Since <= At < Until

	Cursor string // goes on where Stories stopped
	Limit  int    // 0 is 100
}
