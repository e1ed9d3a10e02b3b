package sqlite

import (
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/storetest"
)

func TestSQLiteConforms(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		path := filepath.Join(t.TempDir(), "data ü%3f#")
		return storetest.Place{
			Open:  func() (store.Store, error) { return Open(t.Context(), path, Options{}) },
			Alter: func(statement string) { execute(t, filepath.Join(path, "acktor.db"), statement) },
		}
	})
}

// execute runs a statement past the store.
func execute(t testing.TB, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)"}).String())
	if err == nil {
		_, err = db.ExecContext(t.Context(), statement)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
