package source

import (
	"context"
	"fmt"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// unsaid is what was decided over records: first it is kept, where it must survive, then the connector is told, then the
// records give their credit back.
type unsaid struct {
	outcomes []connector.Settled // for the connector
	change   *store.Change       // for the store; nil: nothing
	records  int
	bytes    int
	removed  int64 // bytes of the records that the change removes from the backlog
}

// keep returns the change, to be added to.
func (u *unsaid) keep() *store.Change {
	if u.change == nil {
		u.change = &store.Change{}
	}
	return u.change
}

// before puts what was to be said earlier before the rest.
func (u *unsaid) before(earlier *unsaid) {
	u.outcomes = append(earlier.outcomes, u.outcomes...)
	u.records += earlier.records
	u.bytes += earlier.bytes
	u.removed += earlier.removed
	if earlier.change == nil {
		return
	}
	if later := u.change; later != nil {
		c := earlier.change
		c.Add = append(c.Add, later.Add...)
		c.Update = append(c.Update, later.Update...)
		c.Remove = append(c.Remove, later.Remove...)
		c.Letters = append(c.Letters, later.Letters...)
		c.Stories = append(c.Stories, later.Stories...)
	}
	u.change = earlier.change
}

// keepTimeout bounds one Keep.
const keepTimeout = 30 * time.Second

func (u *unsaid) keepIn(kept store.Store) (err error) {
	if u.change == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	defer connector.Recover(&err)
	if err := kept.Keep(ctx, u.change); err != nil {
		return fmt.Errorf("keep what became of %d records: %w", u.records, err)
	}
	return nil
}
