package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/bench/ledger"
	"github.com/acktor/acktor/bench/suite"
)

func rootCommand(c console) *cobra.Command {
	root := &cobra.Command{
		Use: "bench", Short: "Load tests of the engine, side by side with what one would otherwise use",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(runCommand(c), listCommand(c))
	return root
}

func listCommand(c console) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the scenarios", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
			for _, s := range suite.All() {
				name := s.Name
				if s.Off {
					name += " (only when named)"
				}
				fmt.Fprintf(table, "%s\t%s\n", name, s.Summary) //nolint:errcheck // Flush tells
			}
			return table.Flush()
		},
	}
}

// settings are the flags of run.
type settings struct {
	sizes         []int
	runs          int
	length        time.Duration
	check, json   bool
	html, png     string
	profiles, dir string
	peers         bool
}

func runCommand(c console) *cobra.Command {
	var s settings
	command := &cobra.Command{
		Use: "run [SCENARIO...]", Short: "Run scenarios; all that are on when none is named",
		Long: "Run scenarios. The exit code is 1 when a record is lost or has no outcome, in whatever heat.",
		RunE: func(command *cobra.Command, names []string) error {
			if err := s.validate(); err != nil {
				return &usageError{err}
			}
			scenarios, err := find(suite.All(), names)
			if err != nil {
				return err
			}
			return c.run(command.Context(), &s, scenarios)
		},
	}
	flags := command.Flags()
	flags.IntSliceVar(&s.sizes, "size", []int{200, 1024}, "bytes of data in a record")
	flags.IntVar(&s.runs, "runs", 5, "how often everything is measured; the medians count")
	flags.DurationVar(&s.length, "for", 3*time.Second, "length of one measurement, roughly")
	flags.BoolVar(&s.check, "check", false, "run for correctness, not for figures")
	flags.BoolVar(&s.json, "json", false, "print one JSON object a line for each scenario, size and baseline")
	flags.StringVar(&s.html, "html", "", "write a page with charts to this file")
	flags.StringVar(&s.png, "png", "", "write the charts as a picture to this file")
	flags.StringVar(&s.profiles, "profile", "", "write profiles of the engine into this directory, from a further measurement of each scenario")
	flags.StringVar(&s.dir, "dir", "", "directory for the files that are read and written; default: that of the system")
	flags.BoolVar(&s.peers, "peers", false, "measure other programs too; their modules are fetched")
	return command
}

func (s *settings) validate() error {
	switch {
	case s.runs < 1:
		return errors.New("--runs: want 1 or more")
	case s.length < 100*time.Millisecond:
		return errors.New("--for: want 100ms or more")
	}
	for _, size := range s.sizes {
		if size < 128 || size > 1<<20-ledger.MinSize {
			return fmt.Errorf("--size %d: want 128 to 1000000", size)
		}
	}
	return nil
}
