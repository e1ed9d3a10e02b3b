package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/acktor/acktor/store"
)

// migrations lead from an empty database to the newest version: the first to version 1, and so on. One that has been
// released is never changed.
//
// pipe is a hash of the pipeline's name and hash one of the record's id, so that indexes are small and names of any length; they
// are compared as a whole where it matters. slot is a hash of the partition.
func migrations() [][]string {
	return [][]string{{
		`CREATE TABLE acktor_positions (pipe {int} NOT NULL, slot {blob} NOT NULL, pipeline {blob} NOT NULL, body {blob} NOT NULL, PRIMARY KEY (pipe, slot))`,

		`CREATE TABLE acktor_entries (seq {int} PRIMARY KEY, pipe {int} NOT NULL, hash {int} NOT NULL, parked {int} NOT NULL, size {int} NOT NULL,
			pipeline {blob} NOT NULL, id {blob} NOT NULL, mark {blob} NOT NULL, body {blob} NOT NULL)`,
		`CREATE INDEX acktor_fresh ON acktor_entries (pipe, seq, size) WHERE parked = 0`,
		`CREATE INDEX acktor_parked ON acktor_entries (pipe, seq, size) WHERE parked = 1`,
		`CREATE INDEX acktor_entries_id ON acktor_entries (hash)`,

		`CREATE TABLE acktor_letters (seq {int} PRIMARY KEY, pipe {int} NOT NULL, hash {int} NOT NULL, class {int} NOT NULL, at {int} NOT NULL,
			pipeline {blob} NOT NULL, id {blob} NOT NULL, sink {blob} NOT NULL, body {blob} NOT NULL, data {blob} NOT NULL)`,
		`CREATE INDEX acktor_letters_pipeline ON acktor_letters (pipe, seq, class, at)`,
		`CREATE INDEX acktor_letters_id ON acktor_letters (hash)`,

		`CREATE TABLE acktor_stories (seq {int} PRIMARY KEY, pipe {int} NOT NULL, hash {int} NOT NULL, at {int} NOT NULL, state {int} NOT NULL,
			class {int} NOT NULL, pipeline {blob} NOT NULL, id {blob} NOT NULL, body {blob} NOT NULL)`,
		`CREATE INDEX acktor_stories_id ON acktor_stories (hash)`,
		`CREATE INDEX acktor_stories_at ON acktor_stories (at)`,
		`CREATE INDEX acktor_stories_failed ON acktor_stories (seq) WHERE state = 2`,

		`CREATE TABLE acktor_damaged (at {int} NOT NULL, part {blob} NOT NULL, seq {int} NOT NULL, pipeline {blob} NOT NULL, id {blob} NOT NULL,
			reason {blob} NOT NULL, first {blob} NOT NULL, second {blob} NOT NULL)`,
	}}
}

// Version is the newest version of the schema that this package knows.
func Version() int { return len(migrations()) }

// Querier is what FoundVersion needs of a connection.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// CheckVersion returns a store.NewerError when the table acktor_schema_version, which is there, has a version that is
// not known. It only reads.
func CheckVersion(ctx context.Context, from Querier, where string) (version int, err error) {
	err = from.QueryRowContext(ctx, `SELECT version FROM acktor_schema_version`).Scan(&version)
	if err == nil && version > Version() {
		err = &store.NewerError{Path: where, Found: version, Known: Version()}
	}
	return version, err
}

// migrate brings the schema to the newest version, in one transaction.
func (s *Store) migrate(ctx context.Context) error {
	return s.transact(ctx, func(ctx context.Context, w *writing) error {
		if lock := s.dialect.LockSchema; lock != "" {
			if err := w.exec(ctx, lock); err != nil {
				return err
			}
		}
		if err := w.exec(ctx, `CREATE TABLE IF NOT EXISTS acktor_schema_version (version {int} NOT NULL)`); err != nil {
			return err
		}
		if err := w.exec(ctx, `INSERT INTO acktor_schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM acktor_schema_version)`); err != nil {
			return err
		}
		version, err := CheckVersion(ctx, w.conn, s.where)
		if err != nil || version == Version() {
			return err
		}
		for number, statements := range migrations() {
			if number < version {
				continue
			}
			if number == 0 {
				statements = append(statements, s.dialect.Setup...)
			}
			for _, statement := range statements {
				if err := w.exec(ctx, statement); err != nil {
					return fmt.Errorf("migration %d: %w", number+1, err)
				}
			}
		}
		return w.exec(ctx, fmt.Sprintf(`UPDATE acktor_schema_version SET version = %d`, Version()))
	})
}
