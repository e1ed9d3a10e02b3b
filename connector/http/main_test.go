package http

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// clientOfRun is the key client of the sinks that a test makes without saying otherwise.
var clientOfRun = clientAuto

// eachClient runs all tests once for each client, since they hold for both. Benchmarks choose theirs.
type eachClient struct{ *testing.M }

func (m eachClient) Run() int {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return m.M.Run()
	}
	for _, clientOfRun = range []string{clientAuto, clientStandard} {
		if code := m.M.Run(); code != 0 {
			fmt.Fprintf(os.Stderr, "client: %s\n", clientOfRun)
			return code
		}
	}
	return 0
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(eachClient{m}) }
