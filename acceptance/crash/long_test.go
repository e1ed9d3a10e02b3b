//go:build acceptance && !race

package crash

const kills = 50 // of a scenario
