package suite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acktor/acktor/bench/roles"
)

// selfCheck proves that a missing record would be noticed: a loop posts records to a target that answers all of them and loses
// one, and that has to be seen.
func selfCheck(ctx context.Context, files *files) (err error) {
	const records = 500
	s := Scenario{Name: "self-check", Ends: []roles.End{{Fault: roles.Lose}}}
	st, err := newStage(ctx, &s, 200, files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close(), files.forget()) }()
	entry := loop(roles.FastHTTP, plainLoop)
	heat, err := st.run(ctx, &entry, records, time.Second, "")
	if err != nil {
		return err
	}
	if heat.Lost != 1 || len(heat.Problems) == 0 {
		return fmt.Errorf("suite: the self-check failed: the target lost 1 record of %d, and %d were missed (%q)", records, heat.Lost, heat.Problems)
	}
	return nil
}
