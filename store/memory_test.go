package store_test

import (
	"testing"

	"github.com/acktor/acktor/store"
	"github.com/acktor/acktor/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(testing.TB) storetest.Place {
		return storetest.Place{Open: func() (store.Store, error) { return store.NewMemory(), nil }, Forgets: true}
	})
}
