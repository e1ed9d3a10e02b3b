package sqlite_test

import (
	"testing"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/sqlite"
	"github.com/acktor/acktor/store/storetest"
)

func BenchmarkKeep(b *testing.B) {
	storetest.BenchmarkKeep(b, func(b *testing.B) store.Store {
		s, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s
	})
}
