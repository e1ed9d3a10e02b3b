package store

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/acktor/acktor/connector"
	"go.uber.org/goleak"
)

// writerVariable names the directory in which a test process saves until it is killed.
const writerVariable = "STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if directory := os.Getenv(writerVariable); directory != "" {
		saveUntilKilled(directory)
	}
	goleak.VerifyTestMain(m)
}

// saveUntilKilled prints each offset after it was saved.
func saveUntilKilled(directory string) {
	d, err := OpenDirectory(directory)
	for offset := int64(1); err == nil; offset++ {
		err = d.Save(context.Background(), "orders", []connector.Position{{Partition: "p", Offset: offset, Token: fmt.Sprint(offset)}})
		fmt.Println(offset)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
