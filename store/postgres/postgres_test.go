//go:build linux

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/storetest"
)

func TestPostgreSQLConforms(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		schema := shared.schema(t)
		return storetest.Place{
			Open:  func() (store.Store, error) { return Open(t.Context(), shared.url(schema), Options{}) },
			Alter: func(statement string) { shared.run(t, schema, statement) },
		}
	})
}

func BenchmarkKeep(b *testing.B) {
	storetest.BenchmarkKeep(b, func(b *testing.B) store.Store {
		s, err := Open(b.Context(), shared.url(shared.schema(b)), Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s
	})
}

func opened(t *testing.T, schema string) Store {
	t.Helper()
	s, err := Open(t.Context(), shared.url(schema), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func added(id string) *store.Change {
	return &store.Change{Add: []*store.Entry{{Pipeline: "orders", Record: &connector.Record{ID: connector.RecordID(id)}}}}
}

func TestSchemaOfANewerEngineIsRefused(t *testing.T) {
	schema := shared.schema(t)
	_ = opened(t, schema).Close()
	shared.run(t, schema, `UPDATE acktor_schema_version SET version = 99`)
	_, err := Open(t.Context(), shared.url(schema), Options{})
	if newer, ok := errors.AsType[*store.NewerError](err); !ok || newer.Found != 99 || !strings.Contains(newer.Path, "postgres") {
		t.Errorf("got %v", err)
	}
}

func TestEnginesThatStartTogetherMakeOneSchema(t *testing.T) {
	schema := shared.schema(t)
	errs := make(chan error)
	for range 4 {
		go func() {
			s, err := Open(context.Background(), shared.url(schema), Options{Shared: true})
			if err == nil {
				err = errors.Join(s.Keep(context.Background(), added("a")), s.Close())
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n, _, err := opened(t, schema).Count(t.Context(), "orders"); n != 4 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

// A trigger says what the server says when its disk is full.
func TestFullDiskIsErrFullAndTheNextKeepWorks(t *testing.T) {
	schema := shared.schema(t)
	s := opened(t, schema)
	shared.run(t, schema, `CREATE FUNCTION full_disk() RETURNS trigger AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100'', MESSAGE = ''No space left on device''; END' LANGUAGE plpgsql`)
	shared.run(t, schema, `CREATE TRIGGER full_disk BEFORE INSERT ON acktor_entries EXECUTE FUNCTION full_disk()`)
	change := added("a")
	change.Positions = []connector.Position{{Partition: "p"}}
	if err := s.Keep(t.Context(), change); !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "has no room left") {
		t.Errorf("got %v", err)
	}
	if got, err := s.Load(t.Context(), ""); len(got) != 0 || err != nil {
		t.Errorf("a part of it was kept: %v, %v", got, err)
	}
	shared.run(t, schema, `DROP TRIGGER full_disk ON acktor_entries`)
	if err := s.Keep(t.Context(), change); err != nil {
		t.Error(err)
	}
}

func TestConnectionsThatWereCutOffAreReplaced(t *testing.T) {
	schema := shared.schema(t)
	s := opened(t, schema)
	if err := s.Keep(t.Context(), added("a")); err != nil {
		t.Fatal(err)
	}
	shared.in(t, "public", func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'acktor'`)
		return err
	})
	if err := s.Keep(t.Context(), added("b")); err != nil {
		t.Errorf("a transaction that had not begun: %v", err)
	}
	if n, _, err := s.Count(t.Context(), "orders"); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestWhatCannotBeOpenedIsNamedWithItsCure(t *testing.T) {
	shared.run(t, "public", `CREATE ROLE stranger LOGIN`)
	for url, want := range map[string]string{
		"postgres://127.0.0.1:1/orders?user=u&password=secret":  "PostgreSQL database orders on 127.0.0.1:1 cannot be reached",
		"host=" + shared.directory + " user=acktor dbname=none": "create the database, or correct the name",
		"host=" + shared.directory + " user=nobody dbname=none": "correct the user and the password",
		shared.url("none"): "create the schema that search_path names",
		"host=" + shared.directory + " user=stranger dbname=postgres": "grant the user CREATE on the schema",
		"postgres://:secret@%zz": "the URL of the database cannot be read",
	} {
		_, err := Open(t.Context(), url, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

func TestSecondEngineIsRefusedUntilTheFirstIsGone(t *testing.T) {
	schema := shared.schema(t)
	first := opened(t, schema)
	if _, err := Open(t.Context(), shared.url(schema), Options{}); err == nil {
		t.Fatal("two engines write to one database")
	} else if _, ok := errors.AsType[*store.LockedError](err); !ok || strings.Count(err.Error(), "PostgreSQL database") != 1 {
		t.Fatalf("refused with %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := opened(t, schema)
	if err := second.Save(t.Context(), "orders", []connector.Position{{Offset: 1}}); err != nil {
		t.Error(err)
	}
}
