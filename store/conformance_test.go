package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acktor/acktor/connector"
	"pgregory.net/rapid"
)

// kind is a kind of store under the conformance suite.
type kind struct {
	name string
	// open returns a new, empty store, and a way to open it again after it is closed; nil: it forgets.
	open func(t *testing.T) (Positions, func() Positions)
}

var kinds = []kind{
	{"memory", func(*testing.T) (Positions, func() Positions) { return NewMemory(), nil }},
	{"directory", func(t *testing.T) (Positions, func() Positions) {
		path := t.TempDir()
		open := func() Positions { return opened(t, path) }
		return open(), open
	}},
}

func opened(t *testing.T, path string) *Directory {
	t.Helper()
	d, err := OpenDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func conform(t *testing.T, test func(t *testing.T, s Positions, reopen func() Positions)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s, reopen := k.open(t)
			test(t, s, reopen)
		})
	}
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

func TestStoreIsEmptyAtFirst(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, _ func() Positions) {
		loads(t, s, "orders")
		save(t, s, "orders")
		loads(t, s, "orders")
	})
}

func TestSaveReplacesTheNamedPartitionsAndNoOthers(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, _ func() Positions) {
		save(t, s, "orders", at("b", 1), at("a", 1))
		save(t, s, "orders", at("b", 2), at("c", 1), at("c", 3))
		save(t, s, "invoices", at("a", 9))
		loads(t, s, "orders", at("a", 1), at("b", 2), at("c", 3))
		loads(t, s, "invoices", at("a", 9))
		save(t, s, "orders", at("b", 1)) // the store does not judge whether a position is ahead
		loads(t, s, "orders", at("a", 1), at("b", 1), at("c", 3))
	})
}

func TestStoreKeepsNothingOfItsArgumentsAndGivesNothingOfItsOwn(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, _ func() Positions) {
		positions := []connector.Position{at("a", 1)}
		save(t, s, "orders", positions...)
		positions[0] = at("a", 2)
		got, _ := s.Load(t.Context(), "orders")
		got[0] = at("a", 3)
		loads(t, s, "orders", at("a", 1))
	})
}

var oddNames = []string{"", "orders", "Orders", "../orders", "a/b", `a\b`, "%", "%6F", "con", "ünï", "\xff\x00\n\"", "a b", ".", strings.Repeat("x", 5000), strings.Repeat("x", 5001)}

func TestAnyNameAndAnyTokenIsKeptByteForByte(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, reopen func() Positions) {
		for i, name := range oddNames {
			save(t, s, name, connector.Position{Partition: name, Offset: int64(i), Token: name + "\r\n"})
		}
		if reopen != nil {
			_ = s.Close()
			s = reopen()
		}
		for i, name := range oddNames {
			loads(t, s, name, connector.Position{Partition: name, Offset: int64(i), Token: name + "\r\n"})
		}
	})
}

func TestClosedStoreRefuses(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, _ func() Positions) {
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		_, err := s.Load(t.Context(), "orders")
		if err2 := s.Save(t.Context(), "orders", []connector.Position{at("a", 1)}); !errors.Is(err, ErrClosed) || !errors.Is(err2, ErrClosed) {
			t.Errorf("got %v, %v", err, err2)
		}
	})
}

func TestStoreHeedsItsContext(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, _ func() Positions) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Load(ctx, "orders")
		if err2 := s.Save(ctx, "orders", []connector.Position{at("a", 1)}); !errors.Is(err, context.Canceled) || !errors.Is(err2, context.Canceled) {
			t.Errorf("got %v, %v", err, err2)
		}
		loads(t, s, "orders")
	})
}

func TestStoreServesManyAtOnce(t *testing.T) {
	conform(t, func(t *testing.T, s Positions, reopen func() Positions) {
		var workers sync.WaitGroup
		for worker := range 6 {
			workers.Go(func() {
				pipeline := fmt.Sprint(worker % 2)
				for offset := range int64(10) {
					if err := s.Save(t.Context(), pipeline, []connector.Position{at(fmt.Sprint(worker), offset)}); err != nil {
						t.Error(err)
					}
					if _, err := s.Load(t.Context(), pipeline); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		if reopen != nil {
			_ = s.Close()
			s = reopen()
		}
		loads(t, s, "0", at("0", 9), at("2", 9), at("4", 9))
		loads(t, s, "1", at("1", 9), at("3", 9), at("5", 9))
	})
}

func TestStoreBehavesLikeAMap(t *testing.T) {
	position := rapid.Custom(func(t *rapid.T) connector.Position {
		return connector.Position{
			Partition: rapid.SampledFrom([]string{"", "a", "b", "\xff"}).Draw(t, "partition"),
			Offset:    rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}).Draw(t, "offset"),
			Token:     string(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "token")),
		}
	})
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s, reopen := k.open(t)
				twin := map[string]map[string]connector.Position{"x": {}, "y": {}}
				for range rapid.IntRange(1, 6).Draw(rt, "steps") {
					pipeline := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "pipeline")
					positions := rapid.SliceOfN(position, 0, 3).Draw(rt, "positions")
					save(t, s, pipeline, positions...)
					for _, p := range positions {
						twin[pipeline][p.Partition] = p
					}
					if reopen != nil && rapid.Bool().Draw(rt, "reopen") {
						_ = s.Close()
						s = reopen()
					}
				}
				for pipeline, want := range twin {
					got, err := s.Load(t.Context(), pipeline)
					if err != nil || len(got) != len(want) {
						rt.Fatalf("got %v, %v; want %v", got, err, want)
					}
					for _, p := range got {
						if want[p.Partition] != p {
							rt.Fatalf("got %v, want %v", p, want[p.Partition])
						}
					}
				}
				_ = s.Close()
			})
		})
	}
}
