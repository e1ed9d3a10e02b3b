// Package docs holds the documentation to what the code does. Its tests check what a reader copies: every
// configuration in README, docs and examples passes the check of package config, every piece of Go stands in a file
// that compiles, every link leads somewhere, and docs/reference.md is what the definitions say.
package docs

//go:generate go test -run ^TestReferenceIsCurrent$ . -update
