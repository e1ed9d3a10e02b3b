package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/cmd/engine/demo"
)

func (c *cli) demoCommand() *cobra.Command {
	var lasts time.Duration
	var asJSON bool
	command := &cobra.Command{
		Use:   "demo",
		Short: "Watch the engine with destinations in trouble; needs nothing, leaves nothing",
		Long: `Starts five shops that take orders over HTTP on loopback addresses, one of them well, one failing now and then, one slow,
one that asks for pauses, and one that goes down and comes back; and callers that send orders to them through the engine and wait
for the outcome of each. It leaves no files. The exit code is 0 when every order got exactly one outcome.`,
		Args: cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			if lasts < minDemo {
				return &exitError{code: exitUsage, err: fmt.Errorf("--for %s is too short to see anything: want %s or more", lasts, minDemo)}
			}
			ctx, stop := c.interrupts()
			defer stop()
			return c.demo(ctx, lasts, asJSON)
		}),
	}
	command.Flags().DurationVar(&lasts, "for", 10*time.Second, "how long orders are sent")
	jsonFlag(command, &asJSON)
	return command
}

const minDemo = time.Second

func (c *cli) demo(ctx context.Context, lasts time.Duration, asJSON bool) error {
	options := demo.Options{For: lasts, Out: c.out, Live: width(c.out) >= demo.Width, Color: colored(c.out)}
	if asJSON {
		options.Out, options.Live = nil, false
	}
	summary, err := demo.Run(ctx, options)
	if err != nil {
		return err
	}
	if asJSON {
		err = c.printJSON(summary)
	} else {
		err = summary.Write(c.out)
	}
	if err == nil && !summary.OK {
		err = errors.New("the numbers of the demo do not add up")
	}
	return err
}
