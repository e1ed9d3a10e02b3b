package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interrupts returns a context that the first SIGINT or SIGTERM ends. The second ends the process at once, with 128
// and its number as the exit code. stop gives the signals back.
func (s streams) interrupts() (ctx context.Context, stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case received := <-signals:
				if n > 0 {
					fmt.Fprintln(s.err, "engine: second signal, ending at once")
					os.Exit(codeOf(received))
				}
				cancel()
			case <-stopped:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
		close(stopped)
	}
}

func codeOf(received os.Signal) int {
	if number, ok := received.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return exitFailed
}
