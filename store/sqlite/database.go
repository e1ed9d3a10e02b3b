package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/internal/sqlstore"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// application marks our databases: "Ackt".
	application = 0x41636b74
	pageSize    = 8192
	// checkpointPages is the length of the log at which it is copied into the database.
	checkpointPages = 2048
	// vacuumPages is how many free pages there may be before some are given back to the file system.
	vacuumPages = 4096
	readers     = 4
)

// source is a data source name: each pragma is run on each connection.
func source(path, mode string, pragmas ...string) string {
	query := url.Values{"mode": {mode}, "_pragma": pragmas}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: query.Encode()}
	return u.String()
}

// open opens the database, and makes it if there is none.
func (s *Store) open(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // what has begun is brought to an end
	path := s.database()
	lost, err := s.prepare(ctx, path)
	if err != nil {
		return err
	}
	writer, err := sql.Open("sqlite", source(path, "rw", "busy_timeout(10000)", "synchronous(FULL)", "cache_size(-16384)", "temp_store(MEMORY)",
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages), fmt.Sprintf("journal_size_limit(%d)", 2*checkpointPages*pageSize)))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	reader, err := sql.Open("sqlite", source(path, "rw", "busy_timeout(10000)", "query_only(1)", "cache_size(-4096)", "temp_store(MEMORY)"))
	if err != nil {
		return errors.Join(fmt.Errorf("store: %w", err), writer.Close())
	}
	reader.SetMaxOpenConns(readers + 1)
	reader.SetMaxIdleConns(readers + 1)
	inner, err := sqlstore.Open(ctx, sqlstore.Options{Where: path, Dialect: s.dialect(), Writer: writer, Reader: reader, Log: s.log})
	if err != nil {
		return err
	}
	if s.keeper, err = keep(ctx, reader); err != nil {
		return errors.Join(explain(path, err), inner.Close())
	}
	if lost != "" {
		if err := inner.Report(ctx, "wal", lost); err != nil {
			return errors.Join(err, s.keeper.Close(), inner.Close())
		}
	}
	s.inner = inner
	return nil
}

// keep opens a connection that has read something and is never used again. As long as one has the log open, SQLite
// goes by the index of it that is in memory. If the writer is closed after a write that failed and none were left, the next one
// would read the log anew, from what the system has in memory: it would find what never reached the disk.
func keep(ctx context.Context, reader *sql.DB) (*sql.Conn, error) {
	conn, err := reader.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var n int
	if err := conn.QueryRowContext(ctx, `SELECT version FROM acktor_schema_version`).Scan(&n); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// prepare makes the database file, or looks at the one that is there before anything is written to it. It returns what
// was lost of its log.
func (s *Store) prepare(ctx context.Context, path string) (lost string, err error) {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		made, err := s.inspect(ctx, path)
		if err != nil {
			return "", err
		}
		if log, err := os.Stat(path + "-wal"); made || err == nil && log.Size() > 0 {
			return s.recover(ctx, path)
		}
		for _, file := range []string{path, path + "-wal", path + "-shm"} {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", explainFile(err)
			}
		}
	}
	return "", s.create(ctx, path)
}

// create makes the database file, without a schema. Until it is whole it has another name, so that a process that is killed
// meanwhile leaves nothing that the next one would have to understand.
func (s *Store) create(ctx context.Context, path string) error {
	draft := path + ".new"
	for _, file := range []string{draft, draft + "-journal", draft + "-wal", draft + "-shm"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainFile(err)
		}
	}
	file, err := os.OpenFile(draft, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return explainFile(err)
	}
	if err := file.Close(); err != nil {
		return explainFile(err)
	}
	err = s.once(ctx, source(draft, "rw"), func(db *sql.DB) error {
		for _, pragma := range []string{fmt.Sprintf("page_size = %d", pageSize), "auto_vacuum = INCREMENTAL", fmt.Sprintf("application_id = %d", application), "journal_mode = WAL"} {
			if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := errors.Join(os.Rename(draft, path), syncDirectory(s.path)); err != nil {
		return explainFile(err)
	}
	return nil
}

// once opens the database for one call.
func (s *Store) once(ctx context.Context, name string, call func(db *sql.DB) error) error {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db.SetMaxOpenConns(1)
	err = call(db)
	return explain(s.database(), errors.Join(err, db.Close()))
}

// inspect reads whose database it is, and its version. It changes nothing. A database without anything in it was not
// made to the end.
func (s *Store) inspect(ctx context.Context, path string) (made bool, err error) {
	var beside []string // what reading makes
	for _, file := range []string{path + "-wal", path + "-shm"} {
		if has, err := exists(file); err != nil {
			return false, err
		} else if !has {
			beside = append(beside, file)
		}
	}
	err = s.once(ctx, source(path, "ro", "busy_timeout(10000)"), func(db *sql.DB) error {
		var id, tables, version int
		for query, into := range map[string]*int{
			`PRAGMA application_id`: &id, `SELECT COUNT(*) FROM sqlite_schema`: &tables,
			`SELECT COUNT(*) FROM sqlite_schema WHERE name = 'acktor_schema_version'`: &version,
		} {
			if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
				return err
			}
		}
		if made = tables > 0; !made && (id == 0 || id == application) {
			return nil
		}
		if id != application || version == 0 {
			return &store.DamagedError{Path: path, Reason: "it is a database of another program"}
		}
		_, err := sqlstore.CheckVersion(ctx, db, path)
		return err
	})
	if err != nil {
		for _, file := range beside {
			_ = os.Remove(file)
		}
	}
	return made, err
}

func (s *Store) dialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Int: "INTEGER", Blob: "BLOB",
		Insert:  "INSERT OR FAIL",
		Begin:   "BEGIN IMMEDIATE",
		Numbers: `UPDATE acktor_numbers SET last = last + ? RETURNING last`,
		Setup:   []string{`CREATE TABLE acktor_numbers (last INTEGER NOT NULL)`, `INSERT INTO acktor_numbers VALUES (0)`},
		Guard:   s.lock.check,
		Explain: explain,
		Tend:    tend,
	}
}

// tend gives free pages back to the file system when there are many. At the end it empties the log.
func tend(ctx context.Context, conn *sql.Conn, last bool) error {
	var free, pages int
	if err := conn.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		return err
	}
	if free > vacuumPages && free > pages/2 {
		if err := drain(ctx, conn, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, vacuumPages/8)); err != nil {
			return err
		}
	}
	if !last {
		return nil
	}
	return drain(ctx, conn, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// drain runs a pragma to its end.
func drain(ctx context.Context, conn *sql.Conn, pragma string) error {
	rows, err := conn.QueryContext(ctx, pragma)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}
