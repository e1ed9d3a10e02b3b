package roles

import (
	"context"
	"errors"
	"os"
	"runtime/pprof"

	"github.com/acktor/acktor/bench/process"
)

// profiled writes profiles of a contestant's work, from its start to its end. With an empty path it does nothing.
func profiled(path string, c process.Contestant) process.Contestant {
	if path == "" {
		return c
	}
	start, stop := c.Start, c.Stop
	var file *os.File
	c.Start = func(ctx context.Context) (err error) {
		if file, err = os.Create(path + ".cpu"); err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		return start(ctx)
	}
	c.Stop = func() (process.Report, error) {
		pprof.StopCPUProfile()
		report, err := stop()
		return report, errors.Join(err, file.Close(), writeAllocs(path+".allocs"))
	}
	return c
}

func writeAllocs(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
