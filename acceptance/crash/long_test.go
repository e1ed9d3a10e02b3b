//go:build acceptance

package crash

const kills = 50 // of a scenario
