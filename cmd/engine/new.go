package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// template is a configuration that runs as it is.
type template struct {
	Name    string `json:"name"`
	Summary string `json:"summary"` // its first line
	text    []byte
}

// templates returns all templates, sorted by name.
func templates() ([]template, error) {
	names, err := fs.Glob(templateFiles, "templates/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []template
	for _, name := range names {
		text, err := templateFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		all = append(all, template{
			Name: strings.TrimSuffix(path.Base(name), ".yaml"), Summary: strings.TrimPrefix(first, "# "), text: text})
	}
	return all, nil
}

func (c *cli) newCommand() *cobra.Command {
	var output string
	var asJSON bool
	command := &cobra.Command{
		Use:   "new [TEMPLATE]",
		Short: "Write a configuration that runs as it is, or list the templates",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeTemplates(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listTemplates(asJSON)
			}
			return c.writeTemplate(args[0], output)
		}),
	}
	command.Flags().StringVarP(&output, "output", "o", defaultFile, "`FILE` to write, which must not exist; - is standard output")
	jsonFlag(command, &asJSON)
	return command
}

func completeTemplates(args []string) []string {
	all, err := templates()
	if err != nil || len(args) > 0 {
		return nil
	}
	var names []string
	for _, t := range all {
		names = append(names, cobra.CompletionWithDesc(t.Name, t.Summary))
	}
	return names
}

func (c *cli) listTemplates(asJSON bool) error {
	all, err := templates()
	if err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(map[string]any{"templates": all})
	}
	if err := tabulate(c.out, func(w io.Writer) {
		for _, t := range all {
			fmt.Fprintf(w, "%s\t%s\n", t.Name, t.Summary)
		}
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "\nWrite one with: engine new %s\n", all[0].Name)
	return err
}

func (c *cli) writeTemplate(name, output string) error {
	t, err := findTemplate(name)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	if output == "-" {
		_, err := c.out.Write(t.text)
		return err
	}
	if err := create(output, t.text); err != nil {
		return err
	}
	arguments := ""
	if output != defaultFile {
		arguments = " -c " + output
	}
	_, err = fmt.Fprintf(c.err, "wrote %s; run it with: engine run%s\n", output, arguments)
	return err
}

func findTemplate(name string) (template, error) {
	all, err := templates()
	if err != nil {
		return template{}, err
	}
	var names []string
	for _, t := range all {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return template{}, fmt.Errorf("there is no template %q: there are %s", name, strings.Join(names, ", "))
}

// create writes a file that must not exist yet.
func create(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &exitError{code: exitUsage, err: fmt.Errorf("%s is there already and is left as it is: name another file with -o FILE", name)}
	}
	if err != nil {
		return &exitError{code: exitEnvironment, err: err}
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
