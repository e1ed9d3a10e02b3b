// Package layers holds the code against the architecture. It has tests only.
//
// Packages stand in layers, and a package imports packages of lower layers alone. That keeps each
// of them understandable without those above it: policy without actors, actors without
// configuration, connectors without any of it. The table is in rules_test.go; its reasons are in
// docs/adr/0002-layers.md. Tests may import what they like: they link into nothing.
//
// The second rule is that two engines in one process share nothing: no package has an init
// function or a variable that somebody writes to.
package layers
