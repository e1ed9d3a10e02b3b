package config

import (
	"slices"
	"strconv"
	"strings"
)

// secrets are the values that came from the environment or from files.
type secrets struct {
	hidden []string // every one of them: diagnostics show none
	kept   []string // those that became texts, for the redactor of the logs
}

// shortestHidden is the length from which on a value is looked for in messages of others: a connector's
// word is not torn to pieces because some variable holds a single letter.
const shortestHidden = 3

// hide replaces what came from elsewhere in a message that somebody else wrote.
func (s *secrets) hide(message string) string {
	for _, value := range s.hidden {
		if len(value) < shortestHidden {
			continue
		}
		quoted := strconv.Quote(value)
		message = strings.ReplaceAll(message, value, "[redacted]")
		message = strings.ReplaceAll(message, quoted[1:len(quoted)-1], "[redacted]")
	}
	return message
}

// learn adds a value to those that diagnostics hide. Longer values come first, so that one which
// contains another is hidden whole.
func (s *secrets) learn(value string) {
	if value == "" || slices.Contains(s.hidden, value) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.hidden, value, func(a, b string) int { return len(b) - len(a) })
	s.hidden = slices.Insert(s.hidden, i, value)
}

// keep adds values to those that logs must not show.
func (s *secrets) keep(values ...string) {
	for _, value := range values {
		if value != "" && !slices.Contains(s.kept, value) {
			s.kept = append(s.kept, value)
		}
	}
}
