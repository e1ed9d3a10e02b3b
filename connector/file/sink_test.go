package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/connector/file/lines"
	"github.com/acktor/acktor/field"
)

// newTestSink makes a sink that is not opened.
func newTestSink(t testing.TB, path string, change func(*SinkConfig)) *sink {
	t.Helper()
	config := field.Defaults[SinkConfig]()
	config.Path = template(t, path)
	if change != nil {
		change(&config)
	}
	outlet, err := NewSink(config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := outlet.New(outlet.Name)
	if err != nil {
		t.Fatal(err)
	}
	return made.(*sink)
}

func setupSink(t testing.TB, path string, change func(*SinkConfig)) *sink {
	t.Helper()
	s := newTestSink(t, path, change)
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) }) //nolint:errcheck // closed twice at most
	return s
}

func wantDelivered(t testing.TB, results []connector.Result) {
	t.Helper()
	for i := range results {
		if results[i].Err != nil {
			t.Fatalf("record %d: %v", i, results[i].Err)
		}
	}
}

func TestSinkAppendsLinesAndCreatesDirectories(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "out.log")
	s := setupSink(t, path, func(c *SinkConfig) { c.Mode = "0600" })
	wantDelivered(t, s.Write(t.Context(), records("one", "two")))
	results := s.Write(t.Context(), records("three", "not\none line", "four"))
	if results[0].Err != nil || results[2].Err != nil || connector.Classify(results[1].Err).Class != connector.Invalid {
		t.Errorf("results %+v, want the second alone to be invalid", results)
	}
	if got := content(t, path); got != "one\ntwo\nthree\nfour\n" {
		t.Errorf("wrote %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info.Mode(), err)
	}
}

func TestSinkMovesTheHalfLineOfACrashAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	if err := os.WriteFile(path, []byte("whole\nhal"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := setupSink(t, path, nil)
	wantDelivered(t, s.Write(t.Context(), records("next")))
	if got := content(t, path); got != "whole\nnext\n" {
		t.Errorf("the file holds %q", got)
	}
	if got := content(t, path+".torn"); got != "hal\n" {
		t.Errorf("the torn file holds %q", got)
	}
}

func TestTwoSinksCannotWriteToOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	setupSink(t, path, nil)
	if err := newTestSink(t, path, nil).Open(t.Context()); !errors.Is(err, errLocked) {
		t.Errorf("%v, want %v", err, errLocked)
	}
}

func TestSinkRotatesBySizeAndKeepsTheNewest(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "out.log")
	stranger := path + ".bak"
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := setupSink(t, path, func(c *SinkConfig) { c.Rotate = &Rotation{Size: 10, Keep: 2} })
	for _, line := range []string{"1111", "2222", "3333", "4444", "5555", "a line longer than a file", "7"} {
		wantDelivered(t, s.Write(t.Context(), records(line)))
	}
	rotated, err := rotatedFiles(path)
	if err != nil || len(rotated) != 2 {
		t.Fatalf("%v, %v; want two", rotated, err)
	}
	if content(t, rotated[0]) != "5555\n" || content(t, rotated[1]) != "a line longer than a file\n" || content(t, path) != "7\n" {
		t.Errorf("%q, %q, %q", content(t, rotated[0]), content(t, rotated[1]), content(t, path))
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error("a file that was not rotated is gone")
	}
}

func TestSinkRotatesWithTheDayAlsoAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "out.log")
		daily := func(c *SinkConfig) { c.Rotate = &Rotation{Age: 24 * time.Hour} }
		if err := os.WriteFile(path, []byte("yesterday\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		yesterday := time.Now().Add(-time.Minute) // the bubble's clock begins at midnight UTC
		if err := os.Chtimes(path, yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
		s := setupSink(t, path, daily)
		wantDelivered(t, s.Write(t.Context(), records("morning")))
		time.Sleep(23 * time.Hour)
		wantDelivered(t, s.Write(t.Context(), records("evening")))
		time.Sleep(2 * time.Hour)
		wantDelivered(t, s.Write(t.Context(), records("tomorrow")))
		rotated, err := rotatedFiles(path)
		if err != nil || len(rotated) != 2 {
			t.Fatalf("%v, %v; want two", rotated, err)
		}
		if content(t, rotated[0]) != "yesterday\n" || content(t, rotated[1]) != "morning\nevening\n" || content(t, path) != "tomorrow\n" {
			t.Errorf("%q, %q, %q", content(t, rotated[0]), content(t, rotated[1]), content(t, path))
		}
	})
}

// faulty is a file whose next calls fail as scripted.
type faulty struct {
	handle
	room     int // bytes that can still be written
	truncate error
	sync     error
	syncs    atomic.Int64
	slow     time.Duration // the first sync takes so long
}

func (f *faulty) Write(p []byte) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.handle.Write(p)
	}
	n, _ := f.handle.Write(p[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *faulty) Truncate(size int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.handle.Truncate(size)
}

func (f *faulty) Sync() error {
	if f.syncs.Add(1) == 1 {
		time.Sleep(f.slow)
	}
	return f.sync
}

func setupFaulty(t testing.TB, path string, change func(*SinkConfig)) (*sink, *faulty) {
	t.Helper()
	s := setupSink(t, path, change)
	f := &faulty{handle: s.file, room: 1 << 20}
	s.file = f
	return s, f
}

func wantUnavailable(t testing.TB, results []connector.Result, count int, ambiguous bool) {
	t.Helper()
	if len(results) != count {
		t.Fatalf("%d results, want %d", len(results), count)
	}
	for _, result := range results {
		attempt := connector.Classify(result.Err)
		if attempt.Class != connector.Unavailable || attempt.Ambiguous != ambiguous {
			t.Fatalf("%+v, want unavailable, ambiguous %t", attempt, ambiguous)
		}
	}
}

func TestSinkTakesBackWhatItCouldNotWriteAsAWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	s, f := setupFaulty(t, path, nil)
	f.room = 9
	wantDelivered(t, s.Write(t.Context(), records("good")))
	wantUnavailable(t, s.Write(t.Context(), records("1", "too much")), 2, false)
	if got := content(t, path); got != "good\n" {
		t.Fatalf("the full disk holds %q", got)
	}
	f.room = 100
	wantDelivered(t, s.Write(t.Context(), records("1", "too much")))
	if got := content(t, path); got != "good\n1\ntoo much\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestSinkMendsBeforeItWritesOnWhenItCouldNotTakeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	s, f := setupFaulty(t, path, nil)
	f.room, f.truncate = 7, syscall.EIO
	wantDelivered(t, s.Write(t.Context(), records("good")))
	wantUnavailable(t, s.Write(t.Context(), records("torn")), 1, true)
	f.room = 100
	wantUnavailable(t, s.Write(t.Context(), records("next")), 1, false)
	f.truncate = nil
	wantDelivered(t, s.Write(t.Context(), records("next")))
	if got := content(t, path); got != "good\nnext\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestSinkThatCannotSyncTakesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	s, f := setupFaulty(t, path, func(c *SinkConfig) { c.Fsync = Always })
	f.sync = syscall.EIO
	wantUnavailable(t, s.Write(t.Context(), records("a", "b")), 2, false)
	f.sync = nil
	wantDelivered(t, s.Write(t.Context(), records("a", "b")))
	if got := content(t, path); got != "a\nb\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestSinkSyncsAsOftenAsAsked(t *testing.T) {
	for fsync, want := range map[Fsync]int64{Always: 10, Interval: 2, Never: 0} {
		synctest.Test(t, func(t *testing.T) {
			s, f := setupFaulty(t, filepath.Join(t.TempDir(), "out.log"), func(c *SinkConfig) { c.Fsync = fsync })
			for range 2 {
				for range 5 {
					wantDelivered(t, s.Write(t.Context(), records("x")))
				}
				time.Sleep(10 * time.Second)
			}
			if got := f.syncs.Load(); got != want {
				t.Errorf("fsync %s: %d times, want %d", fsync, got, want)
			}
		})
	}
}

func TestASyncThatTakesLongHoldsUpNoWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := setupFaulty(t, filepath.Join(t.TempDir(), "out.log"), nil)
		f.slow = 5 * time.Second
		began := time.Now()
		for range 40 {
			wantDelivered(t, s.Write(t.Context(), records("x")))
			time.Sleep(100 * time.Millisecond)
		}
		if took, syncs := time.Since(began), f.syncs.Load(); took != 4*time.Second || syncs != 1 {
			t.Errorf("40 writes in %v, %d syncs; want 4s, and the one sync that the first began", took, syncs)
		}
		// The sync began after one second. What was written since then is forced to the disk by Close, behind it.
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took, syncs := time.Since(began), f.syncs.Load(); took != 6*time.Second || syncs != 2 {
			t.Errorf("closed after %v, %d syncs; want 6s and 2", took, syncs)
		}
		synctest.Wait()
	})
}

func TestWhatIsWrittenDuringASyncIsForcedToTheDiskAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := setupFaulty(t, filepath.Join(t.TempDir(), "out.log"), nil)
		f.slow = 5 * time.Second
		wantDelivered(t, s.Write(t.Context(), records("before")))
		time.Sleep(2 * time.Second)
		wantDelivered(t, s.Write(t.Context(), records("meanwhile")))
		time.Sleep(time.Minute)
		synctest.Wait()
		if syncs := f.syncs.Load(); syncs != 2 {
			t.Errorf("%d syncs, want 2", syncs)
		}
	})
}

func TestSinkKeepsItsCountWhenSomebodyEmptiesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.log")
	s, f := setupFaulty(t, path, nil)
	wantDelivered(t, s.Write(t.Context(), records("copied away")))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	f.room = 2
	wantUnavailable(t, s.Write(t.Context(), records("torn")), 1, false)
	if got := content(t, path); got != "" {
		t.Errorf("the file holds %q", got)
	}
}

func TestAnyFaultsLeaveWholeLinesAndEveryDeliveredRecordOnce(t *testing.T) {
	directory := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(directory, "out.log")
		os.Remove(path) //nolint:errcheck // left by the run before
		s, f := setupFaulty(t, path, nil)
		defer s.Close(context.Background()) //nolint:errcheck // the content counts
		var delivered []string
		for range rapid.IntRange(1, 20).Draw(rt, "writes") {
			f.room = rapid.IntRange(0, 30).Draw(rt, "room")
			f.truncate = nil
			if rapid.Bool().Draw(rt, "truncate fails") {
				f.truncate = syscall.EIO
			}
			batch := rapid.SliceOfN(rapid.StringMatching("[a-z]{0,10}"), 1, 4).Draw(rt, "batch")
			results := s.Write(context.Background(), records(batch...))
			if results == nil {
				delivered = append(delivered, batch...)
			}
		}
		f.room, f.truncate = 100, nil
		wantDelivered(t, s.Write(context.Background(), records("end")))
		if got, want := linesOf(content(t, path)), append(delivered, "end"); !slices.Equal(got, want) {
			rt.Fatalf("the file holds %q, want %q", got, want)
		}
	})
}

func TestARecordCannotLeadThePathAway(t *testing.T) {
	config := field.Defaults[SinkConfig]()
	config.Path = template(t, "out/{{ record.key }}.log")
	outlet, err := NewSink(config, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"a": "out/a.log", "a/b": "out/a/b.log", "a..b": "out/a..b.log",
		"": "", "..": "", ".": "", "../x": "", "a/../../x": "", "/etc/x": "", "a//b": "", "a/": "", `..\x`: "", "a\x00": "", "a\n": "", "c:": "",
		".hidden": "", strings.Repeat("x", 201): "",
	} {
		got, err := outlet.Destination(&connector.Record{Key: key})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("key %q: %q, %v; want %q", key, got, err, want)
		}
	}
}

func TestConfinedPathsStayBelowTheirTemplate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.SampledFrom([]rune("./a\\\x00"))).Draw(t, "value")
		confined, err := confine("", value)
		if err != nil {
			return
		}
		for _, around := range []string{"", ".", "..", "a"} {
			path := "root/" + confined + around + confined
			if clean := filepath.Clean(path); !strings.HasPrefix(clean, "root/") || !filepath.IsLocal(clean) {
				t.Fatalf("%q becomes %q", value, clean)
			}
		}
	})
}

func TestSinkDefinitionNamesTheKeyAtFault(t *testing.T) {
	config := SinkConfig{Mode: "rw", Format: lines.Lines}
	_, err := NewSink(config, connector.Env{})
	if mistake, ok := errors.AsType[*connector.ConfigError](err); !ok || mistake.Key != "mode" {
		t.Errorf("%v, want a ConfigError for mode", err)
	}
}
