package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
)

// credentials has a secret in each place that fmt finds.
type credentials struct {
	User, Password string
	Extra          map[string]string
}

type token string

func (t token) String() string { return "token " + string(t) }

type lazy string

func (l lazy) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", string(l))) }

var formats = []Format{FormatTint, FormatJSON}

// logged returns what one call of log writes.
func logged(options LogOptions, log func(*slog.Logger)) string {
	var out bytes.Buffer
	log(NewLogger(&out, options))
	return out.String()
}

func TestSecretsNeverAppear(t *testing.T) {
	const secret = `s3cr&t "key"`
	nilURL := (*url.URL)(nil)
	calls := map[string]func(*slog.Logger){
		"in the message":     func(l *slog.Logger) { l.Info("using " + secret) },
		"in a string":        func(l *slog.Logger) { l.Info("x", "key", secret) },
		"in a key":           func(l *slog.Logger) { l.Info("x", secret, 1) },
		"in bytes":           func(l *slog.Logger) { l.Info("x", "key", []byte(secret)) },
		"in raw JSON":        func(l *slog.Logger) { l.Info("x", "key", json.RawMessage(`"`+secret+`"`)) },
		"in an error":        func(l *slog.Logger) { l.Info("x", "err", fmt.Errorf("wrapped: %w", errors.New(secret))) },
		"in a quoting error": func(l *slog.Logger) { l.Info("x", "err", fmt.Errorf("header %q is odd", secret)) },
		"in a URL's query":   func(l *slog.Logger) { l.Info("x", "url", "https://h/p?k="+url.QueryEscape(secret)) },
		"in a URL's path":    func(l *slog.Logger) { l.Info("x", "url", &url.URL{Scheme: "https", Host: "h", Path: "/" + secret}) },
		"in a Stringer":      func(l *slog.Logger) { l.Info("x", "key", token(secret)) },
		"in a struct": func(l *slog.Logger) {
			l.Info("x", "key", credentials{Password: secret, Extra: map[string]string{"a": secret}})
		},
		"behind a pointer":       func(l *slog.Logger) { l.Info("x", "key", &credentials{Password: secret}) },
		"in a slice":             func(l *slog.Logger) { l.Info("x", "key", []string{"a", secret}) },
		"in a group":             func(l *slog.Logger) { l.Info("x", slog.Group("g", slog.Group("h", slog.String("key", secret)))) },
		"in a LogValuer":         func(l *slog.Logger) { l.Info("x", "key", lazy(secret)) },
		"in the logger's own":    func(l *slog.Logger) { l.With("key", secret).Info("x") },
		"in a group's own":       func(l *slog.Logger) { l.WithGroup("g").With("key", secret).Info("x") },
		"in a group's name":      func(l *slog.Logger) { l.WithGroup(secret).Info("x", "key", secret) },
		"beside a nil Stringer":  func(l *slog.Logger) { l.Info("x "+secret, "key", nilURL) },
		"where the text is long": func(l *slog.Logger) { l.Info("x", "key", strings.Repeat("a", maxText-5)+secret) },
	}
	for _, format := range formats {
		for name, call := range calls {
			line := logged(LogOptions{Format: format, Secrets: []string{secret + "\n"}}, call)
			if strings.Contains(line, "s3cr") {
				t.Errorf("%s, %s: %s", format, name, line)
			}
		}
	}
}

func TestLongerSecretWins(t *testing.T) {
	line := logged(LogOptions{Format: FormatJSON, Secrets: []string{"pass", "password"}}, func(l *slog.Logger) { l.Info("the password") })
	if strings.Contains(line, "word") {
		t.Error(line)
	}
}

func TestShortSecretsAreIgnored(t *testing.T) {
	line := logged(LogOptions{Format: FormatJSON, Secrets: []string{"", " ", "abc"}}, func(l *slog.Logger) { l.Info("abc d") })
	if !strings.Contains(line, "abc d") {
		t.Error(line)
	}
}

func TestValuesKeepTheirTypesInJSON(t *testing.T) {
	line := logged(LogOptions{}, func(l *slog.Logger) {
		l.Info("m", "n", 42, "ok", true, "f", 1.5, "class", connector.Refused, "err", errors.New("no"), slog.Group("g", "k", "v"))
	})
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	want := map[string]any{"msg": "m", "level": "INFO", "n": 42.0, "ok": true, "f": 1.5, "class": "refused", "err": "no", "g": map[string]any{"k": "v"}}
	for key, value := range want {
		if fmt.Sprint(got[key]) != fmt.Sprint(value) {
			t.Errorf("%s is %v, want %v", key, got[key], value)
		}
	}
}

// TestNoTextBreaksALine tries texts that are hostile in parts against every place of a line.
func TestNoTextBreaksALine(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	hostile := []string{"\n", "\r", "\x1b[2J", `\x1b[2J`, "\x9b", "\u009b31m", "\u202e", "\u2028", "\x00", "\x7f", " ", "=", `"`, `\`, "ok", "é"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(hostile)).Draw(t, "text"), "")
		format := rapid.SampledFrom(formats).Draw(t, "format")
		line := logged(LogOptions{Format: format}, func(l *slog.Logger) {
			l.With(text, text).WithGroup(text).Info(text, "key", text, "err", errors.New(text), text, []byte(text))
		})
		checkLine(t, line, format)
	})
}

func checkLine(t *rapid.T, line string, format Format) {
	body, ended := strings.CutSuffix(line, "\n")
	if !ended || strings.Contains(body, "\n") {
		t.Fatalf("not one line: %q", line)
	}
	if format == FormatTint {
		if i := strings.IndexFunc(body, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("unprintable at %d: %q", i, line)
		}
	} else if !json.Valid([]byte(line)) {
		t.Fatalf("not JSON: %q", line)
	}
}

func TestColoursComeFromTheLoggerAlone(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	clean := logged(LogOptions{Format: FormatTint}, func(l *slog.Logger) { l.Info("m m", "key", "a b") })
	for _, text := range []string{"a\x1b[31m b", `a\x1b[31m b`, `a\\x1b[31m b`} {
		line := logged(LogOptions{Format: FormatTint}, func(l *slog.Logger) { l.Info("m "+text, "key", text) })
		if strings.Count(line, "\x1b") != strings.Count(clean, "\x1b") {
			t.Errorf("%q got an escape character through: %q", text, line)
		}
	}
}

func TestControlCharactersStayVisible(t *testing.T) {
	if got, want := printable("a\tb\r\nc\x1b[0m\x7f \u00a0\u202e\xff"), "a␉b␍␊c␛[0m␡  ��"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongValuesAreCut(t *testing.T) {
	for _, format := range formats {
		long := strings.Repeat("x", 1<<20)
		line := logged(LogOptions{Format: format}, func(l *slog.Logger) { l.Info(long, "key", long) })
		if len(line) > 2*maxText+200 || !strings.Contains(line, "xxx...") {
			t.Errorf("%s: a line of %d bytes", format, len(line))
		}
	}
}

func TestLevelsBelowTheLimitAreDropped(t *testing.T) {
	var level slog.LevelVar
	var out bytes.Buffer
	log := NewLogger(&out, LogOptions{Level: &level})
	log.Debug("quiet")
	if out.Len() > 0 {
		t.Error(out.String())
	}
	level.Set(slog.LevelDebug)
	log.Debug("loud")
	if !strings.Contains(out.String(), "loud") {
		t.Error("the new level is not honoured")
	}
}

func TestFormatFollowsTheWriter(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		w      io.Writer
		format Format
		want   bool
	}{
		{file, "", false},
		{file, FormatAuto, false},
		{&bytes.Buffer{}, FormatAuto, false},
		{file, FormatTint, true},
		{file, FormatJSON, false},
	} {
		if got := tinted(c.w, c.format); got != c.want {
			t.Errorf("tinted(%T, %q) = %t", c.w, c.format, got)
		}
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	for value, coloured := range map[string]bool{"": true, "1": false} {
		t.Setenv("NO_COLOR", value)
		line := logged(LogOptions{Format: FormatTint}, func(l *slog.Logger) { l.Info("m") })
		if strings.Contains(line, "\x1b[") != coloured {
			t.Errorf("NO_COLOR=%s: %s", value, strconv.Quote(line))
		}
	}
}

func TestDisabledLevelAllocatesNothing(t *testing.T) {
	log := NewLogger(io.Discard, LogOptions{Secrets: []string{"secret"}})
	if n := testing.AllocsPerRun(100, func() {
		log.LogAttrs(t.Context(), slog.LevelDebug, "m", slog.String("pipeline", "orders"), slog.Int("n", 1))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDisabledLevel(b *testing.B) {
	log := NewLogger(io.Discard, LogOptions{Secrets: []string{"secret"}})
	b.Run("Bare", func(b *testing.B) {
		for b.Loop() {
			log.Debug("m")
		}
	})
	b.Run("LogAttrs", func(b *testing.B) {
		for b.Loop() {
			log.LogAttrs(b.Context(), slog.LevelDebug, "m", slog.String("pipeline", "orders"), slog.Int("n", 1))
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for _, format := range formats {
		b.Run(string(format), func(b *testing.B) {
			log := NewLogger(io.Discard, LogOptions{Format: format, Secrets: []string{"correct horse", "battery staple"}})
			b.ReportAllocs()
			for b.Loop() {
				log.LogAttrs(b.Context(), slog.LevelInfo, "breaker open", slog.String("sink", "orders/crm"), slog.Int("waiting", 12))
			}
		})
	}
}
