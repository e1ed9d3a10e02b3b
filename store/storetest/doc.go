// Package storetest is the suite that every store.Store has to pass: what the contract says, clause by clause, and a
// long random comparison with a twin that is too simple to be wrong.
//
//	func TestMemoryConforms(t *testing.T) {
//		storetest.Run(t, func(testing.TB) storetest.Place {
//			return storetest.Place{Open: func() (store.Store, error) { return store.NewMemory(), nil }, Forgets: true}
//		})
//	}
package storetest
