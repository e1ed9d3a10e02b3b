package field_test

import (
	"testing"

	"github.com/acktor/acktor/field"
)

func TestBytesReadsDecimalAndBinaryUnits(t *testing.T) {
	tests := map[string]field.Bytes{
		"0": 0, "512": 512, "512B": 512, "64KiB": 64 << 10, "1 MiB": 1 << 20, "1.5GiB": 3 << 29, "10KB": 10_000, "5MB": 5_000_000,
		" 7 ": 7, "9007199254740993": 9007199254740993, "0.5": 0,
	}
	for text, want := range tests {
		var got field.Bytes
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func TestBytesRejectsWhatIsNoSize(t *testing.T) {
	for _, text := range []string{"", "KiB", "-1", "NaN", "Inf", "1e3", "0x10", "1.2.3", ".", "9999999999GiB", "9223372036854775807", "5 parsecs"} {
		got := field.Bytes(42)
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 42 {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func FuzzBytesThatAreReadAreWrittenTheSame(f *testing.F) {
	for _, seed := range []string{"0", "1", "64KiB", "1.5MiB", "9007199254740993", "3GB", "NaN", "-1KiB", "4294967296GiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second field.Bytes
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if first < 0 {
			t.Fatalf("%q is read as %d", text, first)
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || second != first {
			t.Fatalf("%q is read as %d, written as %s and read as %d, %v", text, first, first, second, err)
		}
	})
}
