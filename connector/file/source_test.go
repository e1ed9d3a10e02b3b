package file

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

func TestSourceReadsEveryLineAndEnds(t *testing.T) {
	b := setupSource(t, "one\r\ntwo\n\nfour")
	b.open()
	records := b.want("one", "two", "", "four")
	b.wantEnd()
	b.wantEnd()
	if got := records[0].Headers.Get("file-path"); got != b.path {
		t.Errorf("file-path %q, want %q", got, b.path)
	}
	if got := records[0].Headers.Get("content-type"); got != "text/plain" {
		t.Errorf("content-type %q", got)
	}
}

func TestSourceContinuesBehindEveryPositionWithTheSameIDs(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "%d %s\n", i, strings.Repeat("x", rand.IntN(300)))
	}
	b := setupSource(t, text.String())
	b.open()
	all := b.want(linesOf(text.String())...)
	for i := 0; i < len(all); i += 37 {
		b.open(all[i].Position)
		rest := b.want(texts(all[i+1:])...)
		b.wantEnd()
		for j, record := range rest {
			if again := all[i+1+j]; record.ID != again.ID || record.Position.Offset != again.Position.Offset {
				t.Fatalf("%s at %d the first time, %s at %d the second", again.ID, again.Position.Offset, record.ID, record.Position.Offset)
			}
		}
	}
}

func TestSourceFinishesARenamedFileAfterARestart(t *testing.T) {
	b := setupSource(t, "a\nb\nc\n")
	b.open()
	records := b.take(1)
	b.rename(b.path, b.path+".1")
	b.write(b.path, "d\ne\n")
	b.open(records[0].Position)
	records = append(records, b.want("b", "c", "d", "e")...)
	b.wantEnd()
	wantDistinct(t, records)
	b.open(records[3].Position)
	b.want("e")
}

func TestSourceBeginsAnewWhenItsFileWasReplaced(t *testing.T) {
	for name, replace := range map[string]func(b *sourceBench){
		"rewritten in place": func(b *sourceBench) { b.write(b.path, "x\ny\nz and more\n") },
		"truncated":          func(b *sourceBench) { b.write(b.path, "x\n") },
		"removed and made":   func(b *sourceBench) { os.Remove(b.path); b.write(b.path, "x\ny\nz\n") },
	} {
		t.Run(name, func(t *testing.T) {
			b := setupSource(t, "a\nb\nc\n")
			b.open()
			before := b.want("a", "b", "c")
			replace(b)
			b.open(before[1].Position)
			after := b.take(1)
			if string(after[0].Data) != "x" {
				t.Fatalf("read %q, want the new file from its beginning", after[0].Data)
			}
			wantDistinct(t, append(before, after...))
		})
	}
}

func wantDistinct(t *testing.T, records []*connector.Record) {
	t.Helper()
	seen := map[connector.RecordID]string{}
	for _, record := range records {
		if other, ok := seen[record.ID]; ok {
			t.Errorf("%q and %q have the same id %s", other, record.Data, record.ID)
		}
		seen[record.ID] = string(record.Data)
	}
}

func TestSourceReadsAPatternInOrder(t *testing.T) {
	b := setupSource(t, "")
	b.write(filepath.Join(filepath.Dir(b.path), "b.ndjson"), "3\n")
	b.write(filepath.Join(filepath.Dir(b.path), "a.ndjson"), "1\n2\n")
	b.config.Path = filepath.Join(filepath.Dir(b.path), "*.ndjson")
	b.open()
	records := b.want("1", "2", "3")
	b.wantEnd()
	b.open(records[0].Position, records[2].Position)
	b.want("2")
	b.wantEnd()
}

func TestSourceRefusesWhatItCannotRead(t *testing.T) {
	directory := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(directory, "none"):   "no such file",
		filepath.Join(directory, "*.none"): "no file matches",
		directory:                          "not a regular file",
	} {
		config := field.Defaults[SourceConfig]()
		config.Path = path
		source, err := NewSource(config, connector.Env{})
		if err != nil {
			t.Fatal(err)
		}
		err = source.Open(t.Context(), nil)
		if _, permanent := errors.AsType[*connector.PermanentError](err); !permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("open %s: %v, want a PermanentError with %q", path, err, want)
		}
	}
	config := SourceConfig{Path: "*.log", Follow: true}
	if _, err := NewSource(config, connector.Env{}); err == nil {
		t.Error("a pattern can be followed")
	}
}

func TestSourceStopsAtALineThatIsTooLong(t *testing.T) {
	b := setupSource(t, "short\n"+strings.Repeat("x", 200)+"\n")
	b.config.MaxLine = 100
	b.open()
	b.want("short")
	_, err := b.Read(b.Context(), plenty)
	_, permanent := errors.AsType[*connector.PermanentError](err)
	if !permanent || !strings.Contains(err.Error(), b.path) || !strings.Contains(err.Error(), "byte 6 ") {
		t.Errorf("%v, want a PermanentError that names the file and byte 6", err)
	}
}

func TestFollowedSourceWaitsForTheRestOfALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupSource(t, "a\nhal")
		b.config.Follow = true
		b.open()
		b.want("a")
		go func() { time.Sleep(time.Minute); b.add(b.path, "f\nnext\n") }()
		b.want("half", "next")
	})
}

func TestFollowedSourceReturnsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupSource(t, "")
		b.config.Follow = true
		b.open()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if records, err := b.Read(ctx, plenty); err != context.DeadlineExceeded || records != nil {
			t.Errorf("%v, %v", records, err)
		}
	})
}

func TestFollowedSourceFinishesTheOldFileThenReadsTheNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupSource(t, "a\n")
		b.config.Follow = true
		b.open()
		all := b.want("a")
		go func() {
			time.Sleep(time.Second)
			b.rename(b.path, b.path+".1")
			time.Sleep(time.Second)
			b.write(b.path, "new\n")
			for range 5 { // the writer still has the old file
				time.Sleep(b.config.RotateWait / 2)
				b.add(b.path+".1", "late\n")
			}
			b.add(b.path+".1", "last")
		}()
		all = append(all, b.want("late", "late", "late", "late", "late", "last", "new")...)
		wantDistinct(t, all)
		b.open(all[3].Position)
		b.want("late", "late", "last", "new")
	})
}

func TestFollowedSourceSeesTruncation(t *testing.T) {
	for name, text := range map[string]string{"shorter": "x\n", "longer": "xxxxxxxxxxxx\nyyyyyyyyy\n"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setupSource(t, "a\nbbbb\nunfini")
				b.config.Follow = true
				b.open()
				all := b.want("a", "bbbb")
				go func() { time.Sleep(time.Second); b.write(b.path, text) }()
				wantDistinct(t, append(all, b.want(linesOf(text)...)...))
			})
		})
	}
}

func TestFollowedSourceForgetsAnUnfinishedLineThatIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupSource(t, "a\nb\nhalf a li")
		b.config.Follow = true
		b.open()
		b.want("a", "b")
		go func() {
			time.Sleep(time.Second)
			if err := os.Truncate(b.path, 4); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			b.add(b.path, "c\n")
		}()
		b.want("c")
	})
}

func TestFollowedSourceWaitsForItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupSource(t, "")
		os.Remove(b.path) //nolint:errcheck // it is there
		b.config.Follow = true
		b.open()
		go func() { time.Sleep(time.Second); b.write(b.path, "came\n") }()
		b.want("came")
	})
}

func TestSourceThatStartsAtTheEndReadsWhatCameSinceItsFirstOpen(t *testing.T) {
	b := setupSource(t, "old\nhalf")
	b.config.Start, b.config.Follow = End, true
	b.open()
	b.add(b.path, " done\nnew\n")
	first := b.want("half done", "new")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.add(b.path, "newer\n")
	if err := b.Open(t.Context(), nil); err != nil { // restarted before anything was committed
		t.Fatal(err)
	}
	again := b.want("half done", "new", "newer")
	if again[0].ID != first[0].ID {
		t.Errorf("id %s, the first time %s", again[0].ID, first[0].ID)
	}
}

func TestSourceRefusesAPositionThatIsNotItsOwn(t *testing.T) {
	b := setupSource(t, "a\n")
	source, err := NewSource(b.config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Open(t.Context(), []connector.Position{{Partition: b.path, Offset: 1, Token: "foreign"}}); err == nil {
		t.Error("a foreign token was taken")
	}
}
