package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what a process has used of the machine, between two moments or so far.
type Usage struct {
	Elapsed time.Duration
	CPU     time.Duration // user and system, of all threads
	Mallocs uint64        // heap objects allocated
}

// Meter measures the usage of this process from Began on.
type Meter struct {
	Began time.Time
	cpu   time.Duration
	heap  uint64
}

// StartMeter begins to measure.
func StartMeter() *Meter {
	return &Meter{heap: mallocs(), cpu: cpu(), Began: time.Now()}
}

// Read is the usage so far.
func (m *Meter) Read() Usage {
	elapsed := time.Since(m.Began)
	return Usage{Elapsed: elapsed, CPU: cpu() - m.cpu, Mallocs: mallocs() - m.heap}
}

func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// cpu is in microseconds precise, where /proc counts in hundredths of a second.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Memory is a process's resident memory in bytes.
type Memory struct{ Now, Peak int64 }

// Memory reads the resident memory of the child, which must not have exited. The peak is since it was started.
func (p *Process) Memory() (Memory, error) { return memoryOf(p.PID()) }

// Resident is the resident memory of a process, in bytes.
func Resident(pid int) (int64, error) {
	memory, err := memoryOf(pid)
	return memory.Now, err
}

func memoryOf(pid int) (Memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, err
	}
	return parseStatus(string(status))
}

// parseStatus reads VmRSS and VmHWM, see proc_pid_status(5).
func parseStatus(status string) (Memory, error) {
	now, err := kilobytes(status, "VmRSS:")
	peak, peakErr := kilobytes(status, "VmHWM:")
	return Memory{Now: now, Peak: peak}, errors.Join(err, peakErr)
}

func kilobytes(status, name string) (int64, error) {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		kilobytes, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil {
			return 0, fmt.Errorf("process: %q in the status of a process", strings.TrimSpace(line))
		}
		return kilobytes << 10, nil
	}
	return 0, fmt.Errorf("process: no %s in the status of a process", name)
}
