package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildPeers builds the program that plays the peers, in its own module, and returns where it is and how it is removed.
func buildPeers(ctx context.Context) (path string, remove func(), err error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	source := filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), "bench", "peers")
	if _, err := os.Stat(source); err != nil {
		return "", nil, &usageError{errors.New("--peers builds them from their source: run it in the folder of the engine's module")}
	}
	directory, err := os.MkdirTemp("", "acktor-peers-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(directory) }
	path = filepath.Join(directory, "peers")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, ".")
	build.Dir = source
	if words, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("the peers cannot be built; their modules are fetched over the network, leave out --peers where there is none: %w\n%s", err, words)
	}
	return path, remove, nil
}
