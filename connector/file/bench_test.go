package file

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

const benchLine = 200

func BenchmarkSource(b *testing.B) {
	path := filepath.Join(b.TempDir(), "in.log")
	const count = 200_000
	if err := appendFile(path, []byte(strings.Repeat(strings.Repeat("x", benchLine)+"\n", count)), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, credit := range map[string]connector.Credit{"single": {Records: 1, Bytes: 1 << 20}, "batch": {Records: 1024, Bytes: 64 << 20}} {
		b.Run(name, func(b *testing.B) {
			config := field.Defaults[SourceConfig]()
			config.Path = path
			source, err := NewSource(config, connector.Env{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(benchLine)
			b.ReportAllocs()
			if err := source.Open(context.Background(), nil); err != nil {
				b.Fatal(err)
			}
			for left := b.N; left > 0; {
				records, err := source.Read(context.Background(), credit)
				if err != nil {
					if err := source.Open(context.Background(), nil); err != nil {
						b.Fatal(err)
					}
				}
				left -= len(records)
			}
			source.Close(context.Background()) //nolint:errcheck // nothing was written
		})
	}
}

func BenchmarkSink(b *testing.B) {
	for name, size := range map[string]int{"single": 1, "batch": writeBatch} {
		b.Run(name, func(b *testing.B) {
			s := setupSink(b, filepath.Join(b.TempDir(), "out.log"), func(c *SinkConfig) {
				c.Fsync, c.Rotate = Never, &Rotation{Size: 64 << 20, Keep: 1}
			})
			batch := make([]*connector.Record, size)
			for i := range batch {
				batch[i] = &connector.Record{Data: []byte(strings.Repeat("x", benchLine))}
			}
			b.SetBytes(benchLine)
			b.ReportAllocs()
			for left := b.N; left > 0; left -= size {
				s.Write(context.Background(), batch)
			}
		})
	}
}
