package sqlite

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
	"go.uber.org/goleak"
)

// writerVariable names the directory in which a test process keeps until it is killed.
const writerVariable = "STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if directory := os.Getenv(writerVariable); directory != "" {
		keepUntilKilled(directory)
	}
	if directory := os.Getenv(smallDiskVariable); directory != "" {
		os.Exit(onSmallDisk(m, directory))
	}
	goleak.VerifyTestMain(m)
}

// keepUntilKilled prints each offset after it was kept, together with an entry.
func keepUntilKilled(directory string) {
	s, err := Open(context.Background(), directory, Options{})
	for offset := int64(1); err == nil; offset++ {
		err = s.Keep(context.Background(), &store.Change{
			Add:       []*store.Entry{{Pipeline: "orders", Since: time.Now(), Record: &connector.Record{ID: connector.RecordID(fmt.Sprint(offset)), Data: make([]byte, 900)}}},
			Pipeline:  "orders",
			Positions: []connector.Position{{Partition: "p", Offset: offset}},
		})
		fmt.Println(offset)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
