package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

func (c *cli) connectorsCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "connectors [NAME]",
		Short: "List the connectors, or the keys of one",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return c.completeConnectors(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listConnectors(asJSON)
			}
			return c.describeConnector(args[0], asJSON)
		}),
	}
	jsonFlag(command, &asJSON)
	return command
}

func (c *cli) completeConnectors(args []string) []string {
	var names []string
	for _, definition := range c.registry.All() {
		if len(args) == 0 {
			names = append(names, cobra.CompletionWithDesc(definition.Name, definition.Summary))
		}
	}
	return names
}

// connectorEntry is a connector in the JSON list; with its keys it is a description.
type connectorEntry struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Source  bool   `json:"source"`
	Sink    bool   `json:"sink"`

	SourceKeys []key `json:"source_keys,omitempty"`
	SinkKeys   []key `json:"sink_keys,omitempty"`
}

// key is one key of a connector in JSON.
type key struct {
	Key      string   `json:"key"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc,omitempty"`
	Default  string   `json:"default,omitempty"`
	Example  string   `json:"example,omitempty"`
	Required bool     `json:"required,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Min      string   `json:"min,omitempty"`
	Max      string   `json:"max,omitempty"`
	Keys     []key    `json:"keys,omitempty"`
}

func newKeys(fields []field.Field) []key {
	var keys []key
	for _, f := range fields {
		keys = append(keys, key{
			Key: f.Key, Type: f.Kind, Doc: f.Doc, Default: f.Default, Example: f.Example, Required: f.Required,
			Enum: f.Enum, Min: f.Min, Max: f.Max, Keys: newKeys(f.Fields),
		})
	}
	return keys
}

func newConnectorEntry(d connector.Definition) connectorEntry {
	return connectorEntry{Name: d.Name, Summary: d.Summary, Source: d.Source != nil, Sink: d.Sink != nil}
}

func (c *cli) listConnectors(asJSON bool) error {
	var entries []connectorEntry
	for _, definition := range c.registry.All() {
		entries = append(entries, newConnectorEntry(definition))
	}
	if asJSON {
		return c.printJSON(map[string]any{"connectors": entries})
	}
	return tabulate(c.out, func(w io.Writer) {
		for _, entry := range entries {
			fmt.Fprintf(w, "%s\t%s\t%s\n", entry.Name, entry.sides(), entry.Summary)
		}
	})
}

func (e connectorEntry) sides() string {
	var sides []string
	if e.Source {
		sides = append(sides, "source")
	}
	if e.Sink {
		sides = append(sides, "sink")
	}
	return strings.Join(sides, ", ")
}

func (c *cli) describeConnector(name string, asJSON bool) error {
	definition, ok := c.registry.Lookup(name)
	if !ok {
		return &exitError{code: exitUsage, err: fmt.Errorf("there is no connector %q: there are %s", name, strings.Join(c.connectorNames(), ", "))}
	}
	if !asJSON {
		_, err := io.WriteString(c.out, config.Text(definition))
		return err
	}
	entry := newConnectorEntry(definition)
	if definition.Source != nil {
		entry.SourceKeys = newKeys(field.Describe(definition.Source.Config()))
	}
	if definition.Sink != nil {
		entry.SinkKeys = newKeys(field.Describe(definition.Sink.Config()))
	}
	return c.printJSON(entry)
}

func (c *cli) connectorNames() []string {
	var names []string
	for _, definition := range c.registry.All() {
		names = append(names, definition.Name)
	}
	return names
}

// tabulate writes lines whose cells are separated by tabs as a table.
func tabulate(w io.Writer, fill func(io.Writer)) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fill(table)
	return table.Flush()
}
