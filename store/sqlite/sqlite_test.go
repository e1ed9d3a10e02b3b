package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/sqlite"
	"github.com/acktor/acktor/store/storetest"
)

func TestSQLiteConforms(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		path := filepath.Join(t.TempDir(), "data ü%3f#")
		return storetest.Place{Open: func() (store.Store, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) }}
	})
}
