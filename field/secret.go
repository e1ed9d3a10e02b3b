package field

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that is never shown: every way of printing it writes [redacted]. Package fmt does not ask
// an unexported field how it is printed, so keep secrets in exported ones or out of what is printed.
type Secret string

const redacted = "[redacted]"

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}

// Format writes [redacted], whatever the verb.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// String returns [redacted].
func (Secret) String() string { return redacted }

// GoString returns [redacted].
func (Secret) GoString() string { return redacted }

// MarshalText writes [redacted].
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue logs [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// FieldKind returns "secret".
func (Secret) FieldKind() string { return "secret" }

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }
