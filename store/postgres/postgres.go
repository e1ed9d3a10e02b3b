package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/internal/sqlstore"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	readers = 4
	// patience is how long one transaction may take: so long may the network be silent before a caller hears of it.
	patience = 30 * time.Second
	// idle is how long a connection is kept without use.
	idle = 5 * time.Minute
)

// Options may be zero.
type Options struct {
	Log *slog.Logger // of what is damaged; nil discards
	// Shared lets several engines write at the same time. Without it the second one is refused with a store.LockedError, and
	// so is one that has lost its connection while another engine came in.
	Shared bool
}

// Store is a store.Store in a PostgreSQL database.
type Store struct{ *sqlstore.Store }

var (
	_ store.Store     = Store{}
	_ store.Inspector = Store{}
)

// Open connects to the database at url, as libpq writes it (postgres://user@host/database?sslmode=verify-full or
// key=value), and brings the schema to its newest version. It returns a store.NewerError when the schema is newer than that.
func Open(ctx context.Context, url string, options Options) (Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return Store{}, fmt.Errorf("store: the URL of the database cannot be read: %w", err) // its text has no password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "acktor"
	}
	config.RuntimeParams["synchronous_commit"] = "on"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = patience / 3
	}
	writer, reader := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if options.Shared {
			return nil
		}
		return hold(ctx, conn, name(config))
	})), stdlib.OpenDB(*config)
	writer.SetMaxOpenConns(1)
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	reader.SetConnMaxIdleTime(idle)
	inner, err := sqlstore.Open(ctx, sqlstore.Options{Where: name(config), Dialect: dialect(), Writer: writer, Reader: reader, Log: options.Log})
	if err != nil {
		return Store{}, err
	}
	return Store{inner}, nil
}

// hold takes the lock that one engine has at a time. It belongs to the connection that writes, so that who writes has it.
func hold(ctx context.Context, conn *pgx.Conn, where string) error {
	var held bool
	err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(7165012, hashtext(coalesce(current_schema(), '')))`).Scan(&held)
	if err == nil && !held {
		err = &store.LockedError{Path: where}
	}
	return err
}

// name names a database, without secrets.
func name(config *pgx.ConnConfig) string {
	at := "PostgreSQL database " + config.Database + " on "
	if strings.HasPrefix(config.Host, "/") {
		return at + config.Host
	}
	return at + net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
}

func dialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Int: "BIGINT", Blob: "BYTEA", Numbered: true,
		Insert:     "INSERT",
		Begin:      "BEGIN",
		LockSchema: `SELECT pg_advisory_xact_lock(7165011)`,
		Numbers:    `SELECT nextval('acktor_numbers') FROM generate_series(1, CAST(? AS BIGINT))`,
		Setup: []string{
			`CREATE SEQUENCE acktor_numbers`,
			// Most entries live for milliseconds: what they leave behind is to be swept up soon.
			`ALTER TABLE acktor_entries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)`,
		},
		Patience: patience,
		Explain:  explain,
		Tend:     func(context.Context, *sql.Conn, bool) error { return nil },
	}
}

// explain puts an error of PostgreSQL in the terms of package store.
func explain(where string, err error) error {
	if locked, ok := errors.AsType[*store.LockedError](err); ok {
		return locked
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainCode(where, failure)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("store: %s cannot be reached: %w: start it, or correct its address", where, err)
	}
	return fmt.Errorf("store: %s: %w", where, err)
}

func explainCode(where string, err *pgconn.PgError) error {
	cure := ""
	switch {
	case err.Code == "53100" || err.Code == "53200" && strings.Contains(err.Message, "No space"):
		return &store.FullError{Path: where, Err: err}
	case strings.HasPrefix(err.Code, "28"):
		cure = ": correct the user and the password of its URL, or allow them in pg_hba.conf"
	case err.Code == "3D000":
		cure = ": create the database, or correct the name in its URL"
	case err.Code == "42501":
		cure = ": grant the user CREATE on the schema, and ALL on the tables acktor_*"
	case err.Code == "3F000":
		cure = ": create the schema that search_path names"
	case strings.HasPrefix(err.Code, "53"):
		cure = ": allow more connections (max_connections), or use fewer"
	case err.Code == "25006":
		cure = ": it is read only; name the primary in its URL (target_session_attrs=read-write)"
	case strings.HasPrefix(err.Code, "XX001"), strings.HasPrefix(err.Code, "XX002"):
		return &store.DamagedError{Path: where, Reason: err.Error()}
	}
	return fmt.Errorf("store: %s: %w%s", where, err, cure)
}
