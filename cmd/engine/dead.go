package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/connector"
)

func (c *cli) deadCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "dead",
		Short: "See, replay and drop the records that failed for good",
		Long: `Dead letters are the records that failed for good. The engine keeps them in its store, unless the pipeline has a dead letter
of its own. They are asked of the engine that runs, or, when none does, read from the store of the configuration.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &exitError{code: exitUsage, err: errors.New("say what to do: list, show, replay or drop"), help: true}
		},
	}
	command.AddCommand(c.deadListCommand(), c.deadShowCommand(), c.deadMoveCommand(replaying()), c.deadMoveCommand(dropping()))
	return command
}

// letterFilters are the flags that say which dead letters are meant. The admin API has parameters of the same names.
func letterFilters() []string { return []string{"pipeline", "sink", "class", "id", "since", "until"} }

func (c *cli) filterFlags(command *cobra.Command, p *place) {
	flags := command.Flags()
	flags.String("pipeline", "", "of the pipeline `NAME`")
	flags.String("sink", "", "given up by the sink `NAME`")
	flags.String("class", "", "failed with `CLASS`, such as refused or timeout")
	flags.String("id", "", "of the record `ID`")
	flags.String("since", "", "failed at `TIME` or later: 2006-01-02T15:04:05Z, or how long ago, such as 15m")
	flags.String("until", "", "failed before `TIME`")
	classes := make([]string, 0, len(connector.Classes()))
	for _, class := range connector.Classes() {
		classes = append(classes, class.String())
	}
	complete(command, "class", func() []string { return classes })
	complete(command, "pipeline", func() []string { return c.names(p.files, pipelineNames) })
	complete(command, "sink", func() []string { return c.names(p.files, sinkNames) })
}

// complete makes the shell offer values for a flag.
func complete(command *cobra.Command, flag string, values func() []string) {
	offer := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := command.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic(err) // the flag was defined before
	}
}

// names reads names from a configuration; one that is wrong has none.
func (c *cli) names(files []string, of func(*config.Config) []string) []string {
	sources, err := c.read(files)
	if err != nil {
		return nil
	}
	loaded, _ := config.Load(sources, c.registry, config.Options{})
	if loaded == nil {
		return nil
	}
	defer func() { _ = loaded.Close() }()
	return of(loaded)
}

func pipelineNames(loaded *config.Config) (names []string) {
	for i := range loaded.Pipelines {
		names = append(names, string(loaded.Pipelines[i].Name))
	}
	return names
}

func sinkNames(loaded *config.Config) (names []string) {
	for i := range loaded.Pipelines {
		for j := range loaded.Pipelines[i].Sinks {
			names = append(names, loaded.Pipelines[i].Sinks[j].Name)
		}
	}
	return names
}

// filterOf returns the filters that were given. One that is empty is among them: it is refused, as it comes from a
// variable of a script that is not set and does not mean "all".
func filterOf(command *cobra.Command, more ...string) url.Values {
	filter := url.Values{}
	for _, name := range append(letterFilters(), more...) {
		if flag := command.Flags().Lookup(name); flag.Changed {
			filter.Set(name, flag.Value.String())
		}
	}
	return filter
}

func (c *cli) deadListCommand() *cobra.Command {
	var p place
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, the newest first",
		Args:  cobra.NoArgs,
		RunE: action(func(command *cobra.Command, _ []string) error {
			return c.deadList(command.Context(), &p, filterOf(command, "cursor", "limit"), asJSON)
		}),
	}
	placeFlags(command, &p)
	c.filterFlags(command, &p)
	command.Flags().Int("limit", 100, "at most `N`, up to 1000")
	command.Flags().String("cursor", "", "go on at `CURSOR`, the \"next\" of the JSON before")
	jsonFlag(command, &asJSON)
	return command
}

func (c *cli) deadList(ctx context.Context, p *place, filter url.Values, asJSON bool) (err error) {
	a, err := c.openArchive(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	list, err := a.letters(ctx, filter)
	if err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(list)
	}
	if len(list.Letters) == 0 {
		fmt.Fprintln(c.err, nothingMatches(filter))
		return nil
	}
	if err := tabulate(c.out, func(w io.Writer) { writeLetters(w, list.Letters) }); err != nil {
		return err
	}
	if list.Next != "" {
		fmt.Fprintf(c.err, "%d of %s: narrow it with a filter, or go on with --cursor %s\n", len(list.Letters), plural(list.Total, "dead letter"), list.Next)
	}
	return nil
}

func nothingMatches(filter url.Values) string {
	for _, name := range append(letterFilters(), "seq") {
		if filter.Has(name) {
			return "no dead letter matches"
		}
	}
	return "there are no dead letters"
}

func writeLetters(w io.Writer, letters []admin.Letter) {
	fmt.Fprintln(w, "NUMBER\tFAILED\tPIPELINE\tSINK\tDESTINATION\tCLASS\tATTEMPTS\tRECORD")
	for i := range letters {
		l := &letters[i]
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", l.Seq, moment(l.At), cell(l.Pipeline), cell(l.Sink), cell(l.Destination),
			cell(classAndStatus(&l.Result)), l.Attempts, cell(l.ID))
	}
}

// cell makes a text harmless to the columns of a table.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	return strings.ReplaceAll(printable(text), "\n", "·")
}

func (c *cli) deadShowCommand() *cobra.Command {
	var p place
	var asJSON, dataOnly bool
	command := &cobra.Command{
		Use:   "show NUMBER",
		Short: "Show a dead letter with its data",
		Args:  cobra.ExactArgs(1),
		RunE: action(func(command *cobra.Command, args []string) error {
			seqs, err := numbers(args)
			if err != nil {
				return err
			}
			return c.deadShow(command.Context(), &p, seqs[0], asJSON, dataOnly)
		}),
	}
	placeFlags(command, &p)
	command.Flags().BoolVar(&dataOnly, "data", false, "write the record's data alone, byte for byte")
	jsonFlag(command, &asJSON)
	command.MarkFlagsMutuallyExclusive("data", "json")
	return command
}

// numbers reads the numbers of dead letters.
func numbers(args []string) (seqs []int64, err error) {
	for _, arg := range args {
		seq, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || seq < 1 {
			return nil, &exitError{code: exitUsage, err: fmt.Errorf("%q is not the number of a dead letter: engine dead list shows them", arg)}
		}
		seqs = append(seqs, seq)
	}
	return seqs, nil
}

func (c *cli) deadShow(ctx context.Context, p *place, seq int64, asJSON, dataOnly bool) (err error) {
	a, err := c.openArchive(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	letter, err := a.letter(ctx, seq)
	switch {
	case err != nil:
		return err
	case asJSON:
		return c.printJSON(letter)
	case dataOnly:
		_, err = c.out.Write(letter.Record.Data())
		return err
	}
	_, err = io.WriteString(c.out, printable(describeLetter(letter)))
	return err
}
