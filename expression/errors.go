package expression

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"

	"github.com/acktor/acktor/connector"
)

// maxDetail bounds Error.Detail, in bytes.
const maxDetail = 400

// Error is a mistake in an expression or template, or the reason why one could not be evaluated over a record.
type Error struct {
	Text   string // the whole source text
	Offset int    // in bytes into Text, where the mistake is
	Detail string // what is wrong and what would be right
	cause  error
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the cause, where there is one.
func (e *Error) Unwrap() error { return e.cause }

// The limits of an evaluation, when they are reached.
var (
	ErrTooManySteps = fmt.Errorf("expression: more than %d passes through its loops", maxSteps)
	ErrTooLarge     = fmt.Errorf("expression: makes more than %d MiB of text", maxBytes>>20)
)

var (
	errNoRecord   = errors.New("there is no record here")
	errNoResponse = errors.New("there is no response here")
)

// within moves an error of a part, which begins at offset of the text whole, to the whole.
func (e *Error) within(whole string, offset int) *Error {
	return &Error{Text: whole, Offset: offset + e.Offset, Detail: e.Detail, cause: e.cause}
}

// locate makes an Error of what expr returned. Its own texts come with a drawing of the place, and its
// offsets count runes.
func locate(text string, err error) *Error {
	located, ok := errors.AsType[*file.Error](err)
	if !ok {
		detail, _, _ := strings.Cut(err.Error(), "\n")
		return &Error{Text: text, Detail: connector.Bound(detail, maxDetail), cause: err}
	}
	detail, _, _ := strings.Cut(located.Message, "\n")
	return &Error{
		Text: text, Offset: byteOffset(text, located.From),
		Detail: connector.Bound(explain(detail), maxDetail), cause: located.Prev,
	}
}

func byteOffset(text string, runes int) int {
	offset := 0
	for range runes {
		if offset >= len(text) {
			break
		}
		_, size := utf8.DecodeRuneInString(text[offset:])
		offset += size
	}
	return offset
}

var goTypes = strings.NewReplacer(
	"map[string]interface {}", "an object", "[]interface {}", "a list", "map[string]string", "an object",
	"interface {}", "any", "<nil>", "nil", "float64", "float",
)

// explain puts the words of expr and of the Go runtime into those of a configuration.
func explain(message string) string {
	if name, ok := strings.CutSuffix(message, " from <nil>"); ok {
		name = strings.TrimPrefix(name, "cannot fetch ")
		return fmt.Sprintf("cannot read %q of nil; write ?. where a field may be missing", name)
	}
	if conversion, ok := strings.CutPrefix(message, "interface conversion: interface {} is "); ok {
		found, wanted, _ := strings.Cut(conversion, ", not ")
		return fmt.Sprintf("found %s where %s is needed", goTypes.Replace(found), goTypes.Replace(wanted))
	}
	if strings.HasPrefix(message, "reflect: ") {
		return "the value is of the wrong kind"
	}
	return goTypes.Replace(message)
}

// suggest returns the candidate that is most like name, as "; did you mean ...?", or "".
func suggest(name string, candidates []string) string {
	best, distance := "", len(name)/3+2
	for _, candidate := range candidates {
		if d := editDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance is the optimal string alignment distance: insertions, deletions, replacements, and swaps of
// neighbours.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
