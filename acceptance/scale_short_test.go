//go:build !acceptance

package acceptance

// How much the tests do that can do with less.
const (
	linesInFile    = 1_000
	offeredBatches = 100 // of a hundred records each
)
