package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/config"
)

func (c *cli) checkCommand() *cobra.Command {
	var files []string
	var asJSON bool
	command := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with a configuration, all at once",
		Long:  "Reads the configuration as run does and reports every mistake with its place, without connecting to anything.",
		Args:  cobra.NoArgs,
		RunE:  action(func(*cobra.Command, []string) error { return c.check(files, asJSON) }),
	}
	filesFlag(command, &files)
	jsonFlag(command, &asJSON)
	return command
}

// checked is what check prints as JSON.
type checked struct {
	OK          bool               `json:"ok"`
	Pipelines   int                `json:"pipelines"`
	Diagnostics config.Diagnostics `json:"diagnostics"`
}

func (c *cli) check(files []string, asJSON bool) error {
	sources, err := c.read(files)
	if err != nil {
		return err
	}
	if asJSON {
		return c.checkJSON(sources)
	}
	loaded, err := c.load(sources, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "ok: %s\n", plural(len(loaded.Pipelines), "pipeline"))
	return loaded.Close()
}

func (c *cli) checkJSON(sources []config.Source) error {
	loaded, diagnostics := config.Load(sources, c.registry, config.Options{})
	result := checked{Diagnostics: config.Diagnostics{}}
	if diagnostics != nil {
		result.Diagnostics = diagnostics
	}
	if loaded == nil {
		if err := c.printJSON(result); err != nil {
			return err
		}
		return &exitError{code: exitUsage}
	}
	result.OK, result.Pipelines = true, len(loaded.Pipelines)
	if err := c.printJSON(result); err != nil {
		return err
	}
	return loaded.Close()
}
