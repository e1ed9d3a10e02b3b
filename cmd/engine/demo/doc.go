// Package demo shows the engine at work, with nothing to set up and nothing left behind: five shops that take orders
// over HTTP on loopback addresses, most of them in some kind of trouble, a pipeline in the form of any other
// (demo.yaml), and callers that send orders at a pace and wait for the outcome of each.
//
//	callers ---- HTTP source ---- steps ---- HTTP sink, one destination for each shop ---- shops
//	   ^                                                                                     |
//	   +------------------------------ the outcome of the order <----------------------------+
//
// It counts twice, at the callers and in the engine, and the two have to agree.
package demo
