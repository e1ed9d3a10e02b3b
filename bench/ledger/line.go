package ledger

import (
	"bytes"
	"fmt"
	"strconv"
)

const (
	numberMark   = `{"seq":"`
	numberDigits = 12
	keyMark      = `","key":"`
	keyDigits    = 4
	closing      = `"}`
	// numberAt and keyAt are where the digits stand behind the beginning of a record.
	numberAt = len(numberMark)
	keyAt    = numberAt + numberDigits + len(keyMark)
	// MinSize is the least size of a record without a URL.
	MinSize = 64
	// Keys is the limit of key numbers.
	Keys = 10_000
)

// Form is the form of a record's data: JSON of one size, with the record's number, its key and, where there is one, the URL
// that it is for.
type Form struct {
	Size int
	// Keys is how many keys records have in turn; at most Keys. 0 is like 1.
	Keys int
	// URLs are the receiving ends that records are for in turn. May be nil.
	URLs []string
}

// Append appends the data of record number n. It is exactly f.Size bytes long unless that is too short for what it holds.
func (f *Form) Append(data []byte, n int64) []byte {
	begin := len(data)
	data = append(data, numberMark...)
	data = appendDigits(data, n, numberDigits)
	data = append(data, keyMark...)
	data = appendDigits(data, int64(f.KeyOf(n)), keyDigits)
	if len(f.URLs) > 0 {
		data = append(data, `","url":"`...)
		data = append(data, f.URLs[n%int64(len(f.URLs))]...)
	}
	data = append(data, `","pad":"`...)
	for len(data)-begin < f.Size-len(closing) {
		data = append(data, 'x')
	}
	return append(data, closing...)
}

// KeyOf is the number of the key of record number n.
func (f *Form) KeyOf(n int64) int { return int(n % int64(max(f.Keys, 1))) }

func appendDigits(data []byte, n int64, digits int) []byte {
	for limit := int64(10); digits > 1; digits-- {
		if n < limit {
			data = append(data, "000000000000"[:digits-1]...)
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(data, n, 10)
}

// Numbers calls found with the number and the key of every record in text, which may hold any number of them.
func Numbers(text []byte, found func(n int64, key int)) error {
	for {
		at := bytes.Index(text, []byte(numberMark))
		if at < 0 {
			return nil
		}
		text = text[at:]
		if len(text) < keyAt+keyDigits {
			return fmt.Errorf("ledger: half a record: %q", text)
		}
		n, ok := digits(text[numberAt : numberAt+numberDigits])
		key, fine := digits(text[keyAt : keyAt+keyDigits])
		if !ok || !fine {
			return fmt.Errorf("ledger: no number in %q", text[:keyAt+keyDigits])
		}
		found(n, int(key))
		text = text[keyAt+keyDigits:]
	}
}

func digits(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
