package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor/config"
)

// defaultFile is the configuration that is used, and written, when no other is named.
const defaultFile = "acktor.yaml"

func filesFlag(command *cobra.Command, files *[]string) {
	command.Flags().StringArrayVarP(files, "config", "c", []string{defaultFile}, "configuration `FILE`; several are merged, - is standard input")
	if err := command.MarkFlagFilename("config", "yaml", "yml"); err != nil {
		panic(err) // the flag was defined a line above
	}
}

// read reads the configuration files.
func (c *cli) read(names []string) ([]config.Source, error) {
	var sources []config.Source
	for _, name := range names {
		source, err := c.readOne(name)
		if err != nil {
			return nil, &exitError{code: exitUsage, err: err}
		}
		sources = append(sources, source)
	}
	return sources, nil
}

func (c *cli) readOne(name string) (config.Source, error) {
	if name == "-" {
		text, err := io.ReadAll(c.in)
		return config.Source{Name: "stdin", Text: text}, err
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Source{}, fmt.Errorf("there is no %s: name the configuration with -c FILE, or write one with: engine new http-to-http -o %s", name, name)
	}
	return config.Source{Name: name, Text: text}, err
}

// load checks the configuration and shows what is wrong with it on standard error.
func (c *cli) load(sources []config.Source, log *slog.Logger) (*config.Config, error) {
	loaded, diagnostics := config.Load(sources, c.registry, config.Options{Logger: log})
	if err := diagnostics.Render(c.err, colored(c.err)); err != nil {
		return nil, err
	}
	if loaded == nil {
		return nil, &exitError{code: exitUsage, err: countOf(diagnostics)}
	}
	return loaded, nil
}

func countOf(diagnostics config.Diagnostics) error {
	n := 0
	for i := range diagnostics {
		if diagnostics[i].Severity == config.Error {
			n++
		}
	}
	return fmt.Errorf("the configuration has %s", plural(n, "mistake"))
}

func plural[N int | int64](n N, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
