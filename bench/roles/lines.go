package roles

import (
	"bufio"
	"context"
	"os"
)

// lineBuffer is how much is read of a file at once.
const lineBuffer = 256 << 10

// eachLine calls take with every line of the file; take must not keep it. It stops when ctx ends.
func eachLine(ctx context.Context, path string, take func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, lineBuffer), 1<<20)
	for ctx.Err() == nil && scanner.Scan() {
		if err := take(scanner.Bytes()); err != nil {
			return err
		}
	}
	return scanner.Err()
}
