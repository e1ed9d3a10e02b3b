package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/telemetry"
)

// place says where records are kept.
type place struct {
	files   []string
	address string // of a running engine; empty: the configuration says where
}

func placeFlags(command *cobra.Command, p *place) {
	filesFlag(command, &p.files)
	command.Flags().StringVar(&p.address, "address", "", "admin address `HOST:PORT` of a running engine, instead of a configuration")
}

// archive is access to records and dead letters: those of a running engine over HTTP, or those of a store that no engine
// uses. Both are asked in the same way and answer alike, for a store without an engine is asked through the same handler
// in this process.
type archive struct {
	client  http.Client
	base    string // URL
	running bool   // an engine answers
	close   func() error
}

// openArchive finds out who has the records. The lock of the store's directory decides, and not who answers at the admin
// address: that may be the engine of another configuration, whose dead letters are none of ours.
func (c *cli) openArchive(ctx context.Context, p *place) (*archive, error) {
	if p.address != "" {
		return remoteArchive(p.address)
	}
	loaded, err := c.settings(p.files)
	if err != nil {
		return nil, err
	}
	log := telemetry.NewLogger(c.err, telemetry.LogOptions{Level: slog.LevelWarn, Format: telemetry.Format(loaded.Log.Format), Secrets: loaded.Secrets})
	kept, err := openStore(ctx, &loaded.Store, log)
	if locked, held := errors.AsType[*store.LockedError](err); held {
		return c.holder(ctx, loaded.Admin, locked)
	}
	if err != nil {
		return nil, coded(exitEnvironment, err)
	}
	return localArchive(ctx, kept, log)
}

// settings reads a configuration for what it says beside its pipelines.
func (c *cli) settings(files []string) (*config.Config, error) {
	sources, err := c.read(files)
	if _, there := os.Stat(files[0]); err != nil && errors.Is(there, fs.ErrNotExist) {
		err = &exitError{code: exitUsage, err: fmt.Errorf("there is no %s: name the configuration with -c FILE, or the admin address of a running engine with --address HOST:PORT", files[0])}
	}
	if err != nil {
		return nil, err
	}
	loaded, err := c.load(sources, nil)
	if err != nil {
		return nil, err
	}
	return loaded, loaded.Close()
}

func remoteArchive(address string) (*archive, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("address %q is not host:port: write for example %s", address, admin.DefaultAddress)}
	}
	const answers = 40 * time.Second // the engine takes 30 s at most
	dialer := net.Dialer{Timeout: 2 * time.Second}
	transport := &http.Transport{DialContext: dialer.DialContext, ResponseHeaderTimeout: answers} // without a proxy: it is this machine
	return &archive{
		client: http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base:   "http://" + address, running: true,
		close: func() error { transport.CloseIdleConnections(); return nil },
	}, nil
}

func localArchive(ctx context.Context, kept store.Store, log *slog.Logger) (*archive, error) {
	engine, err := acktor.New(acktor.Options{Store: kept, Logger: log})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	end := func() error { return errors.Join(engine.Stop(context.WithoutCancel(ctx)), kept.Close()) }
	server, err := admin.New(engine, nil, admin.Options{Logger: log})
	if err != nil {
		return nil, errors.Join(err, end())
	}
	return &archive{client: http.Client{Transport: inProcess{server.Handler()}}, base: "http://localhost", close: end}, nil
}

// holder returns the archive of the engine that holds the store.
func (c *cli) holder(ctx context.Context, settings config.Admin, locked *store.LockedError) (*archive, error) {
	unreached := func(format string, args ...any) error {
		reason := fmt.Sprintf(format, args...)
		return &exitError{code: exitEnvironment, err: fmt.Errorf("%w\nthat engine could be asked, but %s", locked, reason)}
	}
	switch _, port, _ := net.SplitHostPort(settings.Address); {
	case !settings.Enabled:
		return nil, unreached("it has no admin address: this configuration says admin: {enabled: false}")
	case port == "0":
		return nil, unreached("its admin address has any free port: its log says which, name it with --address HOST:PORT")
	}
	remote, err := remoteArchive(settings.Address)
	if err != nil {
		return nil, err
	}
	process, err := remote.process(ctx)
	if err != nil {
		return nil, errors.Join(unreached("its admin address %s does not answer (%v): name another one with --address HOST:PORT", settings.Address, err), remote.close())
	}
	if holder := "process " + strconv.Itoa(locked.Process); locked.Process != 0 && process != holder {
		return nil, errors.Join(unreached("at %s %s answers: name the admin address of %s with --address HOST:PORT",
			settings.Address, cmp.Or(process, "something else"), holder), remote.close())
	}
	return remote, nil
}
