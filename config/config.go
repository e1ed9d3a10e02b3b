package config

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/acktor/acktor/actors/ledger"
	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
	"github.com/acktor/acktor/pipeline"
)

// Config is a checked configuration.
type Config struct {
	Settings
	Pipelines []pipeline.Spec // in file order
	// Secrets are the texts that came from the environment or from files, and every field.Secret: what the
	// logs must not show. Numbers, durations and the like from the environment are not among them.
	Secrets []string
}

// Settings are the keys of the engine beside the pipelines.
type Settings struct {
	Log          Log           `config:"log" doc:"What the engine writes about itself."`
	Admin        Admin         `config:"admin" doc:"Metrics, health and control over HTTP."`
	Store        Store         `config:"store" doc:"Where what has to survive a restart is kept: positions, the backlog, dead letters, and what became of records."`
	DrainTimeout time.Duration `config:"drain_timeout" default:"30s" min:"0s" doc:"Time for records in flight to settle when the engine stops."`
}

// Log says what is logged and how.
type Log struct {
	Level  string `config:"level" default:"info" enum:"debug,info,warn,error" doc:"The least level that is written."`
	Format string `config:"format" default:"auto" enum:"auto,tint,json" doc:"tint is for people, json for machines; auto is tint on a terminal and json elsewhere."`
}

// Admin is the engine's own HTTP address.
type Admin struct {
	Enabled bool   `config:"enabled" default:"true" doc:"Without it there are neither metrics nor health checks."`
	Address string `config:"address" default:"127.0.0.1:7717" doc:"Host and port. It has to be a loopback address."`
}

// Store is where the engine keeps things: in a directory, or in a database.
type Store struct {
	Path     string         `config:"path" default:"./acktor-data" doc:"A directory; it is created when missing."`
	Postgres field.Secret   `config:"postgres" doc:"The URL of a PostgreSQL database, in place of a directory. One engine at a time uses it." example:"postgres://acktor@localhost/acktor"`
	Ledger   ledger.Options `config:"ledger" doc:"What is kept of what became of records: see engine explain."`
}

// Close frees the sinks of a configuration that is not going to be run.
func (c *Config) Close() error {
	var all []error
	for i := range c.Pipelines {
		all = append(all, closeSinks(&c.Pipelines[i]))
	}
	return errors.Join(all...)
}

func closeSinks(spec *pipeline.Spec) error {
	var all []error
	for i := range spec.Sinks {
		all = append(all, closeOutlet(spec.Sinks[i].Outlet))
	}
	if spec.DeadLetter != nil {
		all = append(all, closeOutlet(spec.DeadLetter.Outlet))
	}
	return errors.Join(all...)
}

func closeOutlet(outlet *connector.Outlet) error {
	if outlet == nil || outlet.Close == nil {
		return nil
	}
	return outlet.Close()
}

// Source is one configuration file.
type Source struct {
	Name string // as diagnostics show it
	Text []byte
}

// Options are what Load may use of the world. The zero value is that of the process.
type Options struct {
	LookupEnv func(name string) (string, bool)  // nil: os.LookupEnv
	ReadFile  func(name string) ([]byte, error) // for secrets; nil: os.ReadFile
	Logger    *slog.Logger                      // for the connectors; nil discards
}

func (o Options) withDefaults() Options {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Load reads, merges and checks configuration files and constructs their connectors, which connect to nothing
// yet. It reports every mistake that it finds, sorted by place. The Config is nil when one of them is an error;
// warnings alone come with a Config.
func Load(sources []Source, registry *connector.Registry, options Options) (*Config, Diagnostics) {
	options = options.withDefaults()
	d := &decoder{report: &report{}, registry: registry, readFile: options.ReadFile}
	for _, source := range sources {
		d.files = append(d.files, newFile(source))
	}
	document := d.document(options.LookupEnv)
	config := &Config{Settings: document.Settings}
	for _, form := range document.inOrder() {
		config.Pipelines = append(config.Pipelines, d.build(form, options.Logger))
	}
	if d.errors > 0 {
		if err := config.Close(); err != nil {
			options.Logger.Debug("closing what was constructed", "error", err)
		}
		return nil, d.sorted()
	}
	config.Secrets = d.secrets.kept
	return config, d.sorted()
}
