package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// movement is what replay and drop have in common.
type movement struct {
	verb, past  string
	short, long string
	sure        bool // --yes is demanded
}

func replaying() movement {
	return movement{verb: "replay", past: "replayed", short: "Deliver dead letters again",
		long: `Takes dead letters out, the oldest first, and delivers them again: each to the sink that failed, under the id that it had. One
that fails again comes back as a new dead letter, and is not taken out twice. Without an engine that runs they are moved to
the backlog of the store, and delivered when the engine runs again.`}
}

func dropping() movement {
	return movement{verb: "drop", past: "dropped", short: "Remove dead letters for good", sure: true,
		long: `Removes dead letters for good, with their data. What became of their records is still told by: engine explain.`}
}

// moveFlags are the flags of replay and drop.
type moveFlags struct {
	place
	all, dryRun, yes, asJSON bool
	limit                    int
}

// moved is what replay and drop print as JSON.
type moved struct {
	Matching int `json:"matching"` // before
	Moved    int `json:"moved"`
	Left     int `json:"left"` // how many match still
}

func (c *cli) deadMoveCommand(m movement) *cobra.Command {
	var flags moveFlags
	command := &cobra.Command{
		Use:   m.verb + " [NUMBER]...",
		Short: m.short,
		Long:  m.long,
		RunE: action(func(command *cobra.Command, args []string) error {
			filter, err := flags.filter(filterOf(command), args)
			if err != nil {
				return err
			}
			ctx, stop := c.interrupts()
			defer stop()
			return c.deadMove(ctx, m, &flags, filter)
		}),
	}
	placeFlags(command, &flags.place)
	c.filterFlags(command, &flags.place)
	command.Flags().BoolVar(&flags.all, "all", false, "all dead letters")
	command.Flags().IntVar(&flags.limit, "limit", 0, "at most `N`, the oldest first; 0 is no limit")
	command.Flags().BoolVar(&flags.dryRun, "dry-run", false, "say how many match, and change nothing")
	if m.sure {
		command.Flags().BoolVar(&flags.yes, "yes", false, "really do it")
	}
	jsonFlag(command, &flags.asJSON)
	return command
}

// filter adds the numbers to the filters that were given, and pins the times down: what fails while this runs is not
// meant, or a letter that fails again would go round in circles.
func (f *moveFlags) filter(filter url.Values, args []string) (url.Values, error) {
	seqs, err := numbers(args)
	if err != nil {
		return nil, err
	}
	for _, seq := range seqs {
		filter.Add("seq", strconv.FormatInt(seq, 10))
	}
	switch {
	case f.limit < 0:
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("--limit %d: want 0 or more", f.limit)}
	case len(filter) == 0 && !f.all:
		return nil, &exitError{code: exitUsage, err: errors.New("say which dead letters are meant: their numbers, --pipeline, --sink, --class, --id, --since, --until, or --all")}
	case len(filter) > 0 && f.all:
		return nil, &exitError{code: exitUsage, err: errors.New("--all means every dead letter: leave it out, or the filters")}
	}
	now := time.Now()
	for _, name := range []string{"since", "until"} {
		if back, err := time.ParseDuration(filter.Get(name)); err == nil && back >= 0 {
			filter.Set(name, now.Add(-back).Format(time.RFC3339Nano))
		}
	}
	if !filter.Has("until") {
		filter.Set("until", now.Format(time.RFC3339Nano))
	}
	return filter, nil
}

func (c *cli) deadMove(ctx context.Context, m movement, flags *moveFlags, filter url.Values) (err error) {
	a, err := c.openArchive(ctx, &flags.place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	list, err := a.letters(ctx, withLimit(filter, 1))
	if err != nil {
		return err
	}
	result := moved{Matching: list.Total, Left: list.Total}
	goal := list.Total
	if flags.limit > 0 {
		goal = min(goal, flags.limit)
	}
	switch {
	case goal == 0 || flags.dryRun:
	case m.sure && !flags.yes:
		return &exitError{code: exitUsage, err: fmt.Errorf("%s would be %s for good: add --yes to do it", plural(goal, "dead letter"), m.past)}
	default:
		err = c.moveInParts(ctx, a, m, filter, goal, &result)
	}
	if flags.asJSON {
		return errors.Join(err, c.printJSON(result))
	}
	if err == nil {
		fmt.Fprintln(c.err, m.summary(&result, filter, goal, flags.dryRun, a.running))
	}
	return err
}

func (m movement) summary(result *moved, filter url.Values, goal int, dryRun, running bool) string {
	switch {
	case result.Matching == 0 && len(filter) == 1: // the time that was pinned down
		return "there are no dead letters"
	case result.Matching == 0:
		return "no dead letter matches"
	case dryRun:
		return fmt.Sprintf("%s would be %s; nothing was changed", plural(goal, "dead letter"), m.past)
	}
	text := m.past + " " + plural(result.Moved, "dead letter")
	if result.Left > 0 {
		text += fmt.Sprintf(", %d left that match", result.Left)
	}
	if m.verb == "replay" && !running {
		text += "; no engine runs: they are delivered when it runs again"
	}
	return text
}

// movePart is how many letters one request moves, so that an interruption is heeded soon and progress is seen.
const movePart = 500

func (c *cli) moveInParts(ctx context.Context, a *archive, m movement, filter url.Values, goal int, result *moved) error {
	bar := newProgress(c.err, m.past)
	defer bar.clear()
	for result.Moved < goal {
		bar.draw(result.Moved, goal)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %s %d of %s", m.past, result.Moved, plural(goal, "dead letter"))
		}
		// What has begun is waited for: its count would be lost otherwise.
		part, err := a.move(context.WithoutCancel(ctx), m.verb, withLimit(filter, min(movePart, goal-result.Moved)))
		if problem, ok := errors.AsType[*problemError](err); ok {
			result.Moved += problem.Moved
		}
		if err != nil {
			result.Left = result.Matching - result.Moved
			return fmt.Errorf("%s %d of %s, then: %w", m.past, result.Moved, plural(goal, "dead letter"), err)
		}
		result.Moved += part.Moved
		if result.Left = part.Left; part.Moved == 0 {
			break // others have moved the rest meanwhile
		}
	}
	return nil
}

func withLimit(filter url.Values, limit int) url.Values {
	limited := url.Values{"limit": {strconv.Itoa(limit)}}
	for name, values := range filter {
		limited[name] = values
	}
	return limited
}
