package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/acktor/acktor/cmd/engine/demo"
)

func TestTheNumbersOfTheDemoAddUp(t *testing.T) {
	dir := t.TempDir()
	code, out, text := engine(t, dir, "demo", "--for", "3s")
	if code != 0 || text != "" {
		t.Fatalf("exit %d, err %s, out %s", code, text, out)
	}
	match := regexp.MustCompile(`accepted (\d+) = delivered (\d+) \+ failed (\d+) \+ filtered (\d+)\n`).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("no summary in:\n%s", out)
	}
	var n [5]int
	for i := range n[1:] {
		var err error
		if n[i+1], err = strconv.Atoi(match[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if n[1] != n[2]+n[3]+n[4] || n[2] == 0 || n[3] == 0 || n[4] == 0 {
		t.Errorf("%d != %d + %d + %d, or nothing to see", n[1], n[2], n[3], n[4])
	}
	for _, want := range []string{"brittle goes down", "the breaker of brittle opens", "brittle is back", "the breaker of brittle closes"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q was not told:\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > demo.Width || strings.Contains(line, "\x1b") {
			t.Errorf("this is for wider screens: %q", line)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestTheDemoSpeaksJSON(t *testing.T) {
	code, out, text := engine(t, t.TempDir(), "demo", "--for", "1s", "--json")
	var s demo.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != 0 {
		t.Fatalf("exit %d, %v, out %s, err %s", code, err, out, text)
	}
	if !s.OK || s.Accepted == 0 || s.Answered != s.Accepted || s.Accepted != s.Delivered+s.Failed+s.Filtered || s.Retries == 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheDemoEndsEarlyWhenInterrupted(t *testing.T) {
	p := start(t, t.TempDir(), "demo", "--for", "10m")
	p.out.await(t, "the first order has its outcome")
	interrupt(t, p)
	if code := p.exit(t); code != 0 || !strings.Contains(p.out.String(), "one for each order") {
		t.Errorf("exit %d, out %s", code, p.out)
	}
}
