package roles

import (
	"bufio"
	"context"
	"os"
	"slices"

	"github.com/acktor/acktor/bench/process"
)

// CopyTask is for copying a file line by line.
type CopyTask struct {
	Input, Output string
	// Allocate makes each line a value of its own, as a program must that does anything with lines beside copying them.
	Allocate bool
	Fault    Fault
}

// Copy is the role of the copy.
func Copy(ctx context.Context, line *process.Line) error {
	var task CopyTask
	if err := line.Task(&task); err != nil {
		return err
	}
	var count int64
	return process.Compete(ctx, line, process.Contestant{
		Start: func(context.Context) error { return nil },
		Wait: func(ctx context.Context) (err error) {
			count, err = copyLines(ctx, &task)
			return err
		},
		Stop: func() (process.Report, error) { return process.Report{Records: count, Delivered: count}, nil },
	})
}

func copyLines(ctx context.Context, task *CopyTask) (count int64, err error) {
	output, err := os.Create(task.Output)
	if err != nil {
		return 0, err
	}
	defer output.Close() //nolint:errcheck // closed below when it matters
	writer := bufio.NewWriterSize(output, lineBuffer)
	err = eachLine(ctx, task.Input, func(line []byte) error {
		if task.Allocate {
			line = slices.Clone(line)
		}
		count++
		if task.Fault != "" {
			return spoilLine(writer, task.Fault, count, line)
		}
		if _, err := writer.Write(line); err != nil {
			return err
		}
		return writer.WriteByte('\n')
	})
	if err != nil {
		return count, err
	}
	if err := writer.Flush(); err != nil {
		return count, err
	}
	return count, output.Close()
}

// spoilLine writes line number n as the fault would have it.
func spoilLine(writer *bufio.Writer, fault Fault, n int64, line []byte) (err error) {
	fault.apply(n, func(n int64) {
		if n == invented {
			line = inventedData()
		}
		_, err = writer.Write(append(line, '\n'))
	})
	return err
}
