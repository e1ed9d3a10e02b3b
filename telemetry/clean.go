package telemetry

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/acktor/acktor/connector"
)

const (
	// maxText bounds a message, a key and a value, in bytes: enough for the top of a stack.
	maxText = 4 << 10
	// minSecret is the length below which a secret is too common a text to be replaced.
	minSecret = 4

	redacted = "[redacted]"
)

// cleaner makes texts fit for a log. It is immutable.
type cleaner struct {
	secrets *strings.Replacer   // nil when there are none
	escape  func(string) string // nil when the format escapes by itself
}

func newCleaner(secrets []string, escape func(string) string) *cleaner {
	c := &cleaner{escape: escape}
	if forms := secretForms(secrets); len(forms) > 0 {
		pairs := make([]string, 0, 2*len(forms))
		for _, form := range forms {
			pairs = append(pairs, form, redacted)
		}
		c.secrets = strings.NewReplacer(pairs...)
	}
	return c
}

// secretForms returns the secrets as they may occur in a text, the longest first, so that a secret
// that begins with another one is replaced as a whole.
func secretForms(secrets []string) []string {
	var forms []string
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret) // files end with a line break, headers do not
		if len(secret) < minSecret {
			continue
		}
		quoted := strconv.Quote(secret)
		forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), quoted[1:len(quoted)-1])
	}
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(forms)
}

// text replaces secrets before it cuts: the other way round half a secret could remain at the cut.
func (c *cleaner) text(text string) string {
	if c.secrets != nil {
		text = c.secrets.Replace(text)
	}
	text = connector.Bound(text, maxText)
	if c.escape != nil {
		text = c.escape(text)
	}
	return text
}

// printable replaces what is not printable by a visible sign. It uses no backslashes, because tint
// quotes some values, which would double them, and turns a quoted \x1b back into the escape
// character, wherever it comes from.
func printable(text string) string {
	text = strings.ToValidUTF8(text, string(unicode.ReplacementChar))
	if strings.IndexFunc(text, unprintable) >= 0 {
		text = strings.Map(visible, text)
	}
	return strings.ReplaceAll(text, `\x1b`, "␛")
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func visible(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case r < ' ':
		return '␀' + r // the control pictures stand in the order of the characters
	case r == '\u007f':
		return '␡'
	case unicode.IsSpace(r):
		return ' '
	}
	return unicode.ReplacementChar
}
