package config_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acktor/acktor/config"
)

func TestTheMarkStandsBelowThePlace(t *testing.T) {
	long := "log: {level: info, format: auto} # " + strings.Repeat("x", 400) + "\n"
	tests := []struct{ name, text, want string }{
		{"wide characters", "log: {level: \"é\", fromat: json}" + least,
			"    log: {level: \"é\", fromat: json}\n                      ^^^^^^\n"},
		{"tabs", "log: {level: info,\tfromat: json}" + least,
			"    log: {level: info,\tfromat: json}\n                      \t^^^^^^\n"},
		{"a long line", strings.Replace(long, "format:", "fromat:", 1) + least,
			"    log: {level: info, fromat: auto} # " + strings.Repeat("x", 125) + "\n                       ^^^^^^\n"},
	}
	for _, test := range tests {
		_, found := load(t, test.text, nil)
		if got := rendered(t, found); !strings.Contains(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestAPlaceFarInALongLineIsShown(t *testing.T) {
	text := "log: {level: info, " + strings.Repeat(" ", 1000) + "fromat: json}" + least
	_, found := load(t, text, nil)
	lines := strings.Split(rendered(t, found), "\n")
	if len(lines) != 4 || strings.Index(lines[1], "fromat") != strings.Index(lines[2], "^^^^^^") || !strings.Contains(lines[2], "^") || len(lines[1]) > 200 {
		t.Errorf("got %q", lines)
	}
}

func TestColourIsAddedOnlyWhenAskedFor(t *testing.T) {
	_, found := load(t, "log: {level: x}"+least, nil)
	var coloured bytes.Buffer
	if err := found.Render(&coloured, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(coloured.String(), "\x1b[31m^\x1b[0m") || strings.Contains(rendered(t, found), "\x1b") {
		t.Errorf("got %q", coloured.String())
	}
}

func TestLineEndsAndByteOrderMarksDoNotMovePlaces(t *testing.T) {
	text := "log:\n  level: info\n  fromat: json" + least
	_, want := load(t, text, nil)
	for _, variant := range []string{"\ufeff" + text, strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r")} {
		if _, found := load(t, variant, nil); rendered(t, found) != rendered(t, want) {
			t.Errorf("got\n%swant\n%s", rendered(t, found), rendered(t, want))
		}
	}
}

func TestHostileFilesAreRefusedInTime(t *testing.T) {
	tests := map[string]string{
		"brackets":       "a: " + strings.Repeat("[", 20_000),
		"brackets below": strings.Repeat("[\n", 1_000_000),
		"dashes":         strings.Repeat("- ", 1_000_000),
		"questions":      strings.Repeat("? ", 1_000_000),
		"size":           strings.Repeat("# comment\n", 1_000_000),
	}
	for name, text := range tests {
		start := time.Now()
		loaded, found := config.Load([]config.Source{{Name: "a", Text: []byte(text)}}, registry(t), config.Options{})
		if loaded != nil || len(found) != 1 || found[0].Line < 1 {
			t.Errorf("%s: %d diagnostics", name, len(found))
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestALargeConfigurationIsReadInTime(t *testing.T) {
	var text strings.Builder
	text.WriteString("pipelines:\n")
	for i := range 500 {
		text.WriteString(strings.Replace(strings.TrimPrefix(least, "\npipelines:\n"), "  a:", fmt.Sprintf("  p%d:", i), 1))
	}
	if got := len(mustLoad(t, text.String(), nil).Pipelines); got != 500 {
		t.Errorf("%d pipelines", got)
	}
}
