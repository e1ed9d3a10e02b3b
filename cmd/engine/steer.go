package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/admin"
)

func (c *cli) statusCommand() *cobra.Command {
	var p place
	var asJSON bool
	command := &cobra.Command{
		Use:   "status",
		Short: "Show how the pipelines of a running engine stand",
		Args:  cobra.NoArgs,
		RunE: action(func(command *cobra.Command, _ []string) error {
			a, err := c.openEngine(&p)
			if err != nil {
				return err
			}
			all, err := asked[admin.Pipelines](command.Context(), a, http.MethodGet, "/v1/pipelines", nil)
			if err = errors.Join(err, a.close()); err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(all)
			}
			return printPipelines(c.out, all.Pipelines)
		}),
	}
	placeFlags(command, &p)
	jsonFlag(command, &asJSON)
	return command
}

func (c *cli) pauseCommand() *cobra.Command {
	return c.steerCommand("pause", "Read no more; what is in flight goes on", nil)
}

func (c *cli) resumeCommand() *cobra.Command {
	return c.steerCommand("resume", "Read again after a pause", nil)
}

func (c *cli) drainCommand() *cobra.Command {
	timeout := 30 * time.Second
	command := c.steerCommand("drain", "Read no more, settle what is in flight, and end the pipeline", func() url.Values {
		return url.Values{"timeout": {timeout.String()}}
	})
	command.Flags().DurationVar(&timeout, "timeout", timeout, "give up what is not settled after `TIME`")
	return command
}

func (c *cli) steerCommand(verb, short string, query func() url.Values) *cobra.Command {
	var p place
	var asJSON bool
	command := &cobra.Command{
		Use:   verb + " PIPELINE",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: action(func(command *cobra.Command, args []string) error {
			var values url.Values
			if query != nil {
				values = query()
			}
			return c.steer(command.Context(), &p, verb, args[0], values, asJSON)
		}),
	}
	placeFlags(command, &p)
	jsonFlag(command, &asJSON)
	return command
}

func (c *cli) steer(ctx context.Context, p *place, verb, name string, query url.Values, asJSON bool) error {
	a, err := c.openEngine(p)
	if err != nil {
		return err
	}
	status, err := asked[admin.Pipeline](ctx, a, http.MethodPost, "/v1/pipelines/"+url.PathEscape(name)+"/"+verb, query)
	if err = errors.Join(err, a.close()); err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(status)
	}
	return printPipelines(c.out, []admin.Pipeline{*status})
}

// openEngine finds the running engine: at --address, or where the configuration says.
func (c *cli) openEngine(p *place) (*archive, error) {
	if p.address != "" {
		return remoteArchive(p.address)
	}
	loaded, err := c.settings(p.files)
	if err != nil {
		return nil, err
	}
	if !loaded.Admin.Enabled {
		return nil, &exitError{code: exitUsage, err: errors.New("this configuration says admin: {enabled: false}: an engine of it cannot be asked")}
	}
	return remoteArchive(loaded.Admin.Address)
}

// printPipelines writes a table: a line for each pipeline, and one for each of its destinations that does not simply deliver.
func printPipelines(out io.Writer, pipelines []admin.Pipeline) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PIPELINE\tSTATE\tREAD\tDELIVERED\tFAILED\tFILTERED\tIN FLIGHT\tPENDING\tDESTINATIONS")
	var notes strings.Builder
	for i := range pipelines {
		p := &pipelines[i]
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n",
			p.Name, p.State, p.Read, p.Delivered, p.Failed, p.Filtered, p.InFlight, p.Pending, p.DestinationCount)
		note(&notes, p)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, printable(notes.String()))
	return err
}

func note(notes *strings.Builder, p *admin.Pipeline) {
	if p.Error != "" {
		fmt.Fprintf(notes, "%s: %s\n", p.Name, p.Error)
	}
	if p.Refusing {
		fmt.Fprintf(notes, "%s: records are refused, because the store cannot keep them\n", p.Name)
	}
	for i := range p.Destinations {
		d := &p.Destinations[i]
		if d.State == "delivering" && d.Breaker == "closed" {
			continue
		}
		fmt.Fprintf(notes, "%s/%s %s: %s, breaker %s, %d waiting", p.Name, d.Sink, d.Destination, d.State, d.Breaker, d.Waiting)
		if d.LastError != "" {
			fmt.Fprintf(notes, "; last: %s", d.LastError)
		}
		notes.WriteByte('\n')
	}
}
