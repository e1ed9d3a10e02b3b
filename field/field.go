// Package field describes configuration: Go structs whose tags are the keys, the defaults, the
// limits and the documentation at once. From them come the decoder's checks, the JSON Schema, the
// reference documentation, and Defaults for those who configure in Go.
//
// The tags of a field:
//
//	config:"key"            the key; "key,required"; ",inline" merges an embedded struct's keys
//	doc:"text"              one or two sentences
//	default:"text"          used when the key is absent; text as it would stand in YAML
//	example:"text"          for the documentation
//	enum:"a,b,c"            the values allowed
//	min:"n" max:"n"         limits, inclusive, in the field's own notation (1s, 64KiB, 0.5)
//
// A field without a config tag is not configuration. The types that a field may have: string, bool,
// int, int64, float64, time.Duration, Bytes, Secret, a struct, a pointer to a struct (absent: nil),
// a slice or a map[string] of these, and any type whose pointer is an encoding.TextUnmarshaler (such as
// the expressions); a type may name itself for documentation by a method FieldKind() string.
// A pointer to a struct may have a method Validate() error, called after decoding; a
// *connector.ConfigError names the key.
package field

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Bytes is a size in bytes, written 512, 64KiB, 1MiB, 2GiB, 10KB, 5MB.
type Bytes int64

var byteUnits = []struct {
	suffix string
	factor float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1},
}

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, unit := range byteUnits {
		if number, ok := strings.CutSuffix(s, unit.suffix); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil || n < 0 || n*unit.factor > 1<<62 {
				break
			}
			*b = Bytes(n * unit.factor)
			return nil
		}
	}
	return fmt.Errorf("%q is not a size such as 512, 64KiB or 1MiB", s)
}

// String writes the size with the largest unit that divides it.
func (b Bytes) String() string {
	switch {
	case b == 0:
		return "0"
	case b%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", b>>30)
	case b%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", b>>20)
	case b%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", b>>10)
	}
	return strconv.FormatInt(int64(b), 10)
}

// MarshalText writes the size as String does.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// Secret is a text that is never shown: every way of printing it writes [redacted].
type Secret string

const redacted = "[redacted]"

// String returns [redacted].
func (Secret) String() string { return redacted }

// GoString returns [redacted].
func (Secret) GoString() string { return redacted }

// MarshalText writes [redacted].
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue logs [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }
