package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/telemetry"
)

// runFlags are the flags of run. Those that are not set leave the configuration as it is.
type runFlags struct {
	files        []string
	logLevel     string
	logFormat    string
	drainTimeout time.Duration
	asJSON       bool

	drainTimeoutSet bool
}

func (c *cli) runCommand() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run",
		Short: "Run the pipelines of a configuration",
		Long: `Runs the pipelines until all have ended, or until SIGINT or SIGTERM: then nothing more is read, and what is in flight
is settled within the drain timeout. A second signal ends the engine at once.

The log and a summary go to standard error. The exit code is 0 when no record failed, else 1.`,
		Args: cobra.NoArgs,
		RunE: action(func(command *cobra.Command, _ []string) error {
			flags.drainTimeoutSet = command.Flags().Changed("drain-timeout")
			ctx, stop := c.interrupts()
			defer stop()
			return c.run(ctx, &flags)
		}),
	}
	filesFlag(command, &flags.files)
	choiceFlag(command, &flags.logLevel, "log-level", "least `LEVEL` that is logged, instead of the configured one", levels())
	choiceFlag(command, &flags.logFormat, "log-format", "`FORMAT` of the log, instead of the configured one", formats())
	command.Flags().DurationVar(&flags.drainTimeout, "drain-timeout", 0, "`TIME` for records in flight to settle at the end, instead of the configured one")
	jsonFlag(command, &flags.asJSON)
	return command
}

func levels() []string { return []string{"debug", "info", "warn", "error"} }

func formats() []string {
	return []string{string(telemetry.FormatAuto), string(telemetry.FormatTint), string(telemetry.FormatJSON)}
}

// choiceFlag defines a flag with a few allowed values.
func choiceFlag(command *cobra.Command, value *string, name, usage string, allowed []string) {
	command.Flags().Var(&choice{value, allowed}, name, usage+": "+strings.Join(allowed, ", "))
	if err := command.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag was defined a line above
	}
}

// choice is the value of a flag with a few allowed ones.
type choice struct {
	value   *string
	allowed []string
}

// String returns the value.
func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Type names the value in help texts that do not name it otherwise.
func (c *choice) Type() string { return "choice" }

// Set takes an allowed value.
func (c *choice) Set(text string) error {
	if !slices.Contains(c.allowed, text) {
		return fmt.Errorf("want one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = text
	return nil
}

// override puts the flags in place of what the configuration says.
func (f *runFlags) override(settings *config.Settings) error {
	if f.logLevel != "" {
		settings.Log.Level = f.logLevel
	}
	if f.logFormat != "" {
		settings.Log.Format = f.logFormat
	}
	if f.drainTimeoutSet {
		settings.DrainTimeout = f.drainTimeout
	}
	if settings.DrainTimeout < 0 {
		return &exitError{code: exitUsage, err: fmt.Errorf("drain timeout %s: want 0s or more", settings.DrainTimeout)}
	}
	return nil
}

func (c *cli) run(ctx context.Context, flags *runFlags) error {
	loaded, log, err := c.prepare(flags)
	if err != nil {
		return err
	}
	h, err := openHost(ctx, loaded, log)
	if err != nil {
		return err
	}
	began := time.Now()
	runErr := h.run(ctx)
	s := newSummary(h.engine.Pipelines(), time.Since(began), hidden(loaded.Secrets))
	closeErr := h.close()
	if exit, hopeless := errors.AsType[*exitError](runErr); hopeless {
		if s.read() == 0 {
			return exit // nothing ran, so there is nothing to sum up
		}
		runErr = exit.err
	}
	if flags.asJSON {
		err = c.printJSON(s)
	} else {
		err = s.write(c.err)
	}
	if err = errors.Join(runErr, closeErr, err); err != nil {
		return err
	}
	if s.Failed() {
		return &exitError{code: exitFailed}
	}
	return nil
}

// prepare reads the configuration twice: connectors are constructed with the log, whose settings, and whose
// secrets to hide, stand in the configuration.
func (c *cli) prepare(flags *runFlags) (*config.Config, *slog.Logger, error) {
	sources, err := c.read(flags.files)
	if err != nil {
		return nil, nil, err
	}
	first, err := c.load(sources, nil)
	if err != nil {
		return nil, nil, err
	}
	settings, secrets := first.Settings, first.Secrets
	if err := errors.Join(flags.override(&settings), first.Close()); err != nil {
		return nil, nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(settings.Log.Level)); err != nil {
		return nil, nil, err
	}
	log := telemetry.NewLogger(c.err, telemetry.LogOptions{
		Level: level, Format: telemetry.Format(settings.Log.Format), Secrets: secrets})
	loaded, diagnostics := config.Load(sources, c.registry, config.Options{Logger: log})
	if loaded == nil { // a file that it refers to was changed between the two
		return nil, nil, &exitError{code: exitUsage, err: &acktor.ConfigError{Diagnostics: diagnostics}}
	}
	loaded.Settings = settings
	return loaded, log, nil
}
