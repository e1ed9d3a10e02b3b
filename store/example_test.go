package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// What was saved is there after the store is opened again.
func ExampleOpenDirectory() {
	parent, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(parent)
	path := filepath.Join(parent, "data")
	ctx := context.Background()

	positions, _ := store.OpenDirectory(path)
	_ = positions.Save(ctx, "orders", []connector.Position{{Partition: "events.ndjson", Offset: 4096}})
	_, err := store.OpenDirectory(path)
	_, locked := err.(*store.LockedError)
	fmt.Println("a second engine is refused:", locked)
	_ = positions.Close()

	positions, _ = store.OpenDirectory(path)
	defer positions.Close()
	loaded, _ := positions.Load(ctx, "orders")
	fmt.Println(loaded[0].Partition, loaded[0].Offset)
	// Output:
	// a second engine is refused: true
	// events.ndjson 4096
}
