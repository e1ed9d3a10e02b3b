package store

import (
	"slices"
	"testing"

	"github.com/acktor/acktor/connector"
)

func opened(t *testing.T, path string) *Directory {
	t.Helper()
	d, err := OpenDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func save(t *testing.T, s Positions, pipeline string, positions ...connector.Position) {
	t.Helper()
	if err := s.Save(t.Context(), pipeline, positions); err != nil {
		t.Fatal(err)
	}
}

func loads(t *testing.T, s Positions, pipeline string, want ...connector.Position) {
	t.Helper()
	got, err := s.Load(t.Context(), pipeline)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q: got %v, %v; want %v", pipeline, got, err, want)
	}
}

func at(partition string, offset int64) connector.Position {
	return connector.Position{Partition: partition, Offset: offset}
}

var oddNames = []string{"", "orders", "Orders", "../orders", "a/b", "%"}
