//go:build acceptance

package acceptance

// How much the tests do that can do with less.
const (
	linesInFile    = 20_000
	offeredBatches = 10_000 // of a hundred records each
)
