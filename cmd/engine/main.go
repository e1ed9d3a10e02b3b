package main

import "os"

// version is set by the linker: go build -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	os.Exit(execute(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
