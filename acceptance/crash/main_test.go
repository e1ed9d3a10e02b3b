package crash

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(engineVariable) != "" {
		os.Exit(runEngine())
	}
	if code, ran := onSmallDisk(m); ran {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}
