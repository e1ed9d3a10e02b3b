// Package connectortest holds connectors against the contract of package connector: one suite for every source and one for every
// sink. A connector brings a harness, which makes a fresh connector and plays its upstream or its peer:
//
//	connectortest.Source(t, connectortest.SourceHarness{New: newFixture, Resumes: true})
//	connectortest.Sink(t, connectortest.SinkHarness{New: newFixture})
//
// The suite runs in real time, because connectors talk to the network; nothing in it waits for time to pass, except
// that what should happen at once is given ten seconds. It looks for goroutines that are left behind by each test.
package connectortest
