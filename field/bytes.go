package field

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size in bytes, written 512, 64KiB, 1MiB, 2GiB, 10KB, 5MB.
type Bytes int64

// maxBytes bounds a size so that sums of a few of them do not overflow.
const maxBytes = 1 << 62

var byteUnits = [...]struct {
	suffix string
	factor int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1},
}

// UnmarshalText reads a size. A fraction is rounded down to whole bytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, unit := range byteUnits {
		number, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, ok := scale(strings.TrimSpace(number), unit.factor)
		if !ok {
			break
		}
		*b = Bytes(n)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 512, 64KiB or 1MiB", s)
}

// scale reads a decimal number and multiplies it. Whole numbers stay exact.
func scale(number string, factor int64) (int64, bool) {
	if number == "" || strings.Trim(number, "0123456789.") != "" {
		return 0, false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n * factor, n <= maxBytes/factor
	}
	f, err := strconv.ParseFloat(number, 64)
	f = math.Floor(f * float64(factor))
	return int64(f), err == nil && f <= maxBytes
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

// FieldKind returns "bytes".
func (Bytes) FieldKind() string { return "bytes" }
