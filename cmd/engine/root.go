package main

import (
	"github.com/spf13/cobra"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/all"
)

// cli is what the commands share.
type cli struct {
	streams
	registry *connector.Registry
}

// execute runs the command that args name and returns the exit code.
func execute(args []string, s streams) int {
	root := newRoot(&cli{streams: s, registry: all.Registry()})
	root.SetArgs(args)
	command, err := root.ExecuteC()
	return s.report(command.CommandPath(), err)
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "engine",
		Short: "acktor: know what happened to every record",
		Long: `acktor moves records from sources to sinks and tells for every record what became of it.

Begin with one of these:
  engine demo                        see it work, with nothing to set up
  engine new http-to-http            write acktor.yaml, then: engine run`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{code: exitUsage, err: err, help: true} })
	root.AddCommand(c.runCommand(), c.demoCommand(), c.newCommand(), c.checkCommand(),
		c.statusCommand(), c.pauseCommand(), c.resumeCommand(), c.drainCommand(), c.explainCommand(), c.deadCommand(), c.connectorsCommand(), c.schemaCommand(), c.versionCommand())
	return root
}

// action is a command's work. An error without a code of its own is a failure while running: the wrong
// usage was found before.
func action(work func(command *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error { return coded(exitFailed, work(command, args)) }
}

func jsonFlag(command *cobra.Command, value *bool) {
	command.Flags().BoolVar(value, "json", false, "print JSON on standard output")
}
