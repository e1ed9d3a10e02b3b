//go:build !acceptance

package crash

const kills = 4 // of a scenario
