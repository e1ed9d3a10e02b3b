// Command peers plays other programs than the engine in the bench suite, which starts it as its child. It is a module of its own,
// so that what it needs never becomes a need of the engine. See docs/performance.md.
package main

import (
	"fmt"
	"os"

	"github.com/acktor/acktor/bench/process"
)

func main() {
	process.Play(map[string]process.Role{
		"watermill-loop":    watermillLoop,
		"watermill-reverse": watermillReverse,
	})
	fmt.Fprintln(os.Stderr, "peers: it is started by: go run ./bench run --peers")
	os.Exit(2)
}
