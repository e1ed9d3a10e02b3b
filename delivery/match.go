package delivery

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/acktor/acktor/connector"
)

// Match names failures: a class ("timeout"), a status ("409") or a hundred of them ("5xx"). Matches can be
// compared with ==. The zero Match names nothing.
type Match struct {
	class     connector.Class
	low, high uint16 // the statuses, both inclusive; 0: none
}

// MatchClass names the failures of a class.
func MatchClass(class connector.Class) Match { return Match{class: class} }

// MatchStatus names the failures with a status from 100 to 999; any other status gives the zero Match.
func MatchStatus(status int) Match {
	if status < 100 || status > 999 {
		return Match{}
	}
	return Match{low: uint16(status), high: uint16(status)}
}

// ParseMatch reads a class, a status or a hundred of statuses. Its error names what is allowed, and the
// class that was perhaps meant.
func ParseMatch(text string) (Match, error) {
	var class connector.Class
	if class.UnmarshalText([]byte(text)) == nil {
		return MatchClass(class), nil
	}
	if len(text) == 3 && '1' <= text[0] && text[0] <= '9' {
		if strings.EqualFold(text[1:], "xx") {
			low := uint16(text[0]-'0') * 100
			return Match{low: low, high: low + 99}, nil
		}
		if status, err := strconv.ParseUint(text, 10, 16); err == nil {
			return MatchStatus(int(status)), nil
		}
	}
	return Match{}, matchError(text)
}

func matchError(text string) error {
	var names []string
	for _, class := range connector.Classes() {
		names = append(names, class.String())
	}
	hint := ""
	if near, ok := nearest(strings.ToLower(text), names); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("%q is neither a failure class nor a status%s (allowed: a status such as 409, a hundred of them such as 5xx, or one of %s)",
		connector.Bound(text, 40), hint, strings.Join(names, ", "))
}

// UnmarshalText does what ParseMatch does. After an error m is what it was.
func (m *Match) UnmarshalText(text []byte) error {
	parsed, err := ParseMatch(string(text))
	if err == nil {
		*m = parsed
	}
	return err
}

// String returns what ParseMatch reads: "timeout", "409", "5xx"; "" for the zero Match.
func (m Match) String() string {
	switch {
	case m.class != 0:
		return m.class.String()
	case m.low == 0:
		return ""
	case m.low == m.high:
		return strconv.Itoa(int(m.low))
	}
	return strconv.Itoa(int(m.low/100)) + "xx"
}

// MarshalText writes what String returns.
func (m Match) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// FieldKind names the type in the documentation of the configuration.
func (Match) FieldKind() string { return "class or status" }

func (m Match) names(class connector.Class, status int) bool {
	if m.class != 0 {
		return m.class == class
	}
	return m.low != 0 && int(m.low) <= status && status <= int(m.high)
}

func anyNames(matches []Match, class connector.Class, status int) bool {
	return slices.ContainsFunc(matches, func(m Match) bool { return m.names(class, status) })
}

// nearest returns the name that takes the fewest edits to become text, if that is few for its length.
func nearest(text string, names []string) (string, bool) {
	best, fewest := "", 3
	for _, name := range names {
		if len(text) > len(name)+2 {
			continue
		}
		if n := edits(text, name); n < fewest && n*2 <= len(name) {
			best, fewest = name, n
		}
	}
	return best, best != ""
}

// edits is the Levenshtein distance of a and b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
