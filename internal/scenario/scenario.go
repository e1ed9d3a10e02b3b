// Package scenario plays golden conversations in virtual time.
//
// A scenario is a text file of scenes. A scene is some commands, a line of dashes, and the transcript of what came
// of them, each line with the time since the scenario began, in microseconds at the finest:
//
//	# Comments stand between scenes.
//	deliver a
//	wait 1s
//	----
//	0s       write a
//	1ms      outcome a delivered
//
// What happens at the same instant is sorted, so that a transcript does not depend on which goroutine was first; only
// lines that begin with the same "voice: " keep their order. With the flag -update the transcripts are written anew:
// commit only a difference that you understand.
package scenario

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var update = flag.Bool("update", false, "write the transcripts of scenarios anew")

// Transcript collects what happens in a scene. It is safe for concurrent use.
type Transcript struct {
	start time.Time
	mu    sync.Mutex
	lines []line
}

type line struct {
	at   time.Duration
	text string
}

// Printf notes what happens now.
func (tr *Transcript) Printf(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.lines = append(tr.lines, line{time.Since(tr.start).Round(time.Microsecond), fmt.Sprintf(format, args...)})
}

// voice returns what lines of the same instant are sorted by.
func (l line) voice() string {
	if voice, _, ok := strings.Cut(l.text, ": "); ok {
		return voice
	}
	return l.text
}

// take returns what was noted since it was called last, in the order of time and then of the voice.
func (tr *Transcript) take() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	slices.SortStableFunc(tr.lines, func(x, y line) int {
		return cmp.Or(cmp.Compare(x.at, y.at), strings.Compare(x.voice(), y.voice()))
	})
	var text strings.Builder
	for _, l := range tr.lines {
		fmt.Fprintf(&text, "%-8s %s\n", l.at, l.text)
	}
	tr.lines = nil
	return text.String()
}

// Stage is what a scenario is played on.
type Stage interface {
	// Do carries out one command. It panics when it does not know it.
	Do(command string, args []string)
	// End stops everything; no goroutine may be left.
	End()
}

// Run plays each file that matches glob on a stage of its own, in a bubble of its own (testing/synctest). The command
// "wait DURATION" is known already; after each command everything comes to rest before the next.
func Run(t *testing.T, glob string, set func(*testing.T, *Transcript) Stage) {
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no scenarios (%v)", glob, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var played string
			synctest.Test(t, func(t *testing.T) {
				transcript := &Transcript{start: time.Now()}
				played = play(string(text), transcript, set(t, transcript))
			})
			if *update {
				err = os.WriteFile(file, []byte(played), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !*update && played != string(text) {
				t.Errorf("%s is played differently:\n%s", file, difference(string(text), played))
			}
		})
	}
}

// play returns the text of the scenario with the transcripts as they were played.
func play(text string, transcript *Transcript, stage Stage) string {
	defer stage.End()
	var played strings.Builder
	for scene := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, hasTranscript := strings.Cut(scene, "----")
		commands = strings.TrimRight(commands, "\n")
		for command := range strings.Lines(commands) {
			if words := strings.Fields(command); len(words) > 0 && words[0] != "#" {
				do(stage, words)
			}
		}
		if played.Len() > 0 {
			played.WriteString("\n")
		}
		played.WriteString(commands + "\n")
		if said := transcript.take(); said != "" || hasTranscript {
			played.WriteString("----\n" + said)
		}
	}
	return played.String()
}

func do(stage Stage, words []string) {
	if words[0] == "wait" {
		wait, err := time.ParseDuration(words[1])
		if err != nil {
			panic(err)
		}
		time.Sleep(wait)
	} else {
		stage.Do(words[0], words[1:])
	}
	synctest.Wait()
}

// difference shows the first line that differs, with the lines before it.
func difference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	n := 0
	for n < len(wants) && n < len(gots) && wants[n] == gots[n] {
		n++
	}
	from := max(0, n-6)
	return fmt.Sprintf("line %d, want:\n%s\ngot:\n%s", n+1,
		strings.Join(wants[from:min(len(wants), n+4)], "\n"), strings.Join(gots[from:min(len(gots), n+4)], "\n"))
}
