package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/acktor/acktor"
	"github.com/acktor/acktor/admin"
	"github.com/acktor/acktor/config"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/postgres"
	"github.com/acktor/acktor/store/sqlite"
)

// host is an engine with what it needs around it.
type host struct {
	engine *acktor.Engine
	store  store.Store
	admin  *admin.Server // nil: not wanted
	log    *slog.Logger
	drain  time.Duration
}

// openHost opens the store, listens on the admin address, and makes an engine of the pipelines. Errors are of the environment.
func openHost(ctx context.Context, loaded *config.Config, log *slog.Logger) (h *host, err error) {
	h = &host{log: log, drain: loaded.DrainTimeout}
	defer func() {
		if err != nil {
			err = coded(exitEnvironment, errors.Join(err, h.close(), loaded.Close()))
		}
	}()
	if h.store, err = openStore(ctx, &loaded.Store, log); err != nil {
		return h, err
	}
	metrics := newRegistry()
	if h.engine, err = acktor.New(acktor.Options{Logger: log, Registerer: metrics, Store: h.store, Ledger: loaded.Store.Ledger}); err != nil {
		return h, err
	}
	for _, pipeline := range acktor.FromConfig(loaded) {
		if err := h.engine.Add(pipeline); err != nil {
			return h, err
		}
	}
	return h, h.listen(ctx, loaded.Admin, metrics)
}

// openStore opens what the configuration names.
func openStore(ctx context.Context, settings *config.Store, log *slog.Logger) (store.Store, error) {
	if url := settings.Postgres.Reveal(); url != "" {
		kept, err := postgres.Open(ctx, url, postgres.Options{Log: log})
		if err != nil {
			return nil, err
		}
		return kept, nil
	}
	kept, err := sqlite.Open(ctx, settings.Path, sqlite.Options{Log: log})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

func (h *host) listen(ctx context.Context, settings config.Admin, metrics prometheus.Gatherer) error {
	if !settings.Enabled {
		return nil
	}
	server, err := admin.New(h.engine, metrics, admin.Options{Address: settings.Address, Logger: h.log})
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return err
	}
	h.admin = server
	h.log.Info("admin listens on http://" + server.Addr().String())
	return nil
}

// run runs the engine until its pipelines have ended or ctx has, and then stops it. The error says what did not go
// well, failed records aside; it is an exitError when the engine could not start.
func (h *host) run(ctx context.Context) error {
	started := make(chan error, 1)
	go func() { started <- h.engine.Start(context.WithoutCancel(ctx)) }()
	select {
	case err := <-started:
		if err != nil {
			return coded(exitEnvironment, err)
		}
		h.log.Info("engine runs " + plural(len(h.engine.Pipelines()), "pipeline"))
		// What Wait returns, Stop returns too.
		_ = h.engine.Wait(ctx)
		return h.stop(ctx)
	case <-ctx.Done():
		err := h.stop(ctx)
		<-started // Stop ends it
		return err
	}
}

// stop drains the engine.
func (h *host) stop(ctx context.Context) error {
	if h.admin != nil {
		h.admin.ShuttingDown()
	}
	if ctx.Err() != nil {
		h.log.Info(fmt.Sprintf("draining, for at most %s; a second signal ends at once", h.drain))
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.drain)
	defer cancel()
	return h.engine.Stop(draining)
}

// adminGrace is how long running requests to the admin server may take at the end.
const adminGrace = time.Second

// close frees what is open, the engine included if it did not run.
func (h *host) close() error {
	var all []error
	ctx, cancel := context.WithTimeout(context.Background(), adminGrace)
	defer cancel()
	if h.engine != nil {
		all = append(all, h.engine.Stop(ctx))
	}
	if h.admin != nil {
		_ = h.admin.Stop(ctx) // a request that is cut off is no failure of the run
	}
	if h.store != nil {
		all = append(all, h.store.Close())
	}
	return errors.Join(all...)
}
