package main

import (
	"github.com/spf13/cobra"

	"github.com/acktor/acktor/config"
)

func (c *cli) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configuration files",
		Long: `Prints the JSON Schema (draft 2020-12) of configuration files, for editors and other tools:

  engine schema > acktor.schema.json

and then, as the first line of a configuration:

  # yaml-language-server: $schema=acktor.schema.json`,
		Args: cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			schema, err := config.Schema(c.registry)
			if err != nil {
				return err
			}
			_, err = c.out.Write(schema)
			return err
		}),
	}
}
