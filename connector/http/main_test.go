package http

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// clientOfRun is the key client of the sinks that a test makes without saying otherwise, serverOfRun the key server of
// the sources.
var clientOfRun, serverOfRun = clientAuto, serverFast

// eachClient runs all tests once for each client and each server, since they hold for all. Benchmarks choose theirs.
type eachClient struct{ *testing.M }

func (m eachClient) Run() int {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return m.M.Run()
	}
	for _, standard := range []bool{false, true} {
		if standard {
			clientOfRun, serverOfRun = clientStandard, serverStandard
		}
		if code := m.M.Run(); code != 0 {
			fmt.Fprintf(os.Stderr, "client: %s, server: %s\n", clientOfRun, serverOfRun)
			return code
		}
	}
	return 0
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(eachClient{m}) }
