package telemetry

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// Format is how log lines look.
type Format string

// The formats.
const (
	FormatAuto Format = "auto" // tint on a terminal, JSON otherwise
	FormatTint Format = "tint" // for people, in colours unless NO_COLOR is set
	FormatJSON Format = "json" // one JSON object a line
)

// LogOptions are the settings of a log. The zero value logs from level info up, in format auto.
type LogOptions struct {
	Level  slog.Leveler // nil: info. A *slog.LevelVar may be changed while the log is in use.
	Format Format       // empty: auto
	// Secrets never appear in the log: each is replaced by "[redacted]" wherever it occurs in a
	// message, a key or a value, also as it stands in a URL or in quotes. Secrets of less than
	// four bytes are ignored: they would be found, and so betrayed, everywhere.
	Secrets []string
}

// timeFormat is that of tinted lines: people who watch know the day.
const timeFormat = "15:04:05.000"

// NewLogger makes a logger that writes each line to w with one call of Write, never two at the same
// time. It bounds messages and values, and in format tint it replaces control characters, so that
// what a record or a peer contains can neither break a line nor steer a terminal; JSON escapes them
// by itself.
func NewLogger(w io.Writer, options LogOptions) *slog.Logger {
	level := options.Level
	if level == nil {
		level = slog.LevelInfo
	}
	if tinted(w, options.Format) {
		inner := tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: timeFormat, NoColor: os.Getenv("NO_COLOR") != ""})
		return slog.New(&cleanHandler{inner: inner, cleaner: newCleaner(options.Secrets, printable)})
	}
	inner := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	return slog.New(&cleanHandler{inner: inner, cleaner: newCleaner(options.Secrets, nil)})
}

func tinted(w io.Writer, format Format) bool {
	switch format {
	case FormatTint:
		return true
	case FormatJSON:
		return false
	}
	return isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
