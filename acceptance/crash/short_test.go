//go:build !acceptance || race

package crash

const kills = 4 // of a scenario
