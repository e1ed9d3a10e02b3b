package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

func (c *cli) explainCommand() *cobra.Command {
	var p place
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain RECORD-ID",
		Short: "Tell what became of a record",
		Long: `Tells what is known of a record: each attempt that failed with its time, class, status and wait, then the outcome, or when the
next attempt is due. Records that failed and records that were accepted are known, for as long as store.ledger.keep_for says; of
those that were delivered or filtered otherwise a share, store.ledger.successes.`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(command *cobra.Command, args []string) error {
			if args[0] == "" {
				return &exitError{code: exitUsage, err: errors.New("the id of the record is empty")}
			}
			return c.explain(command.Context(), &p, args[0], asJSON)
		}),
	}
	placeFlags(command, &p)
	jsonFlag(command, &asJSON)
	return command
}

func (c *cli) explain(ctx context.Context, p *place, id string, asJSON bool) (err error) {
	a, err := c.openArchive(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	record, err := a.record(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(record)
	}
	_, err = io.WriteString(c.out, printable(explainRecord(record, a.running)))
	return err
}
