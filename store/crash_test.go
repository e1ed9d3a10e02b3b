package store

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
)

// stored returns a directory with a file of three positions, and the path and content of that file.
func stored(t *testing.T) (d *Directory, path string, text []byte) {
	t.Helper()
	d = opened(t, t.TempDir())
	save(t, d, "orders", at("a", 1), at("b", 22), connector.Position{Partition: "c", Token: "t"})
	path = d.file("orders").path
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	return d, path, text
}

// refuses checks that neither Load nor Save gets past a file with this text, and that both leave it as it is.
func refuses[E error](t *testing.T, d *Directory, path, text string) E {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := d.Load(t.Context(), "orders")
	cause, ok := errors.AsType[E](err)
	if err2 := d.Save(t.Context(), "orders", []connector.Position{at("a", 1)}); !ok || err2 == nil || err2.Error() != err.Error() {
		t.Fatalf("%q: got %v, then %v", text, err, err2)
	}
	if now, _ := os.ReadFile(path); string(now) != text {
		t.Fatalf("%q became %q", text, now)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it away") && !strings.Contains(err.Error(), "move the file away") {
		t.Fatalf("%v names no file or no cure", err)
	}
	return cause
}

func TestEveryTruncationAndEveryFlippedByteIsNoticed(t *testing.T) {
	d, path, text := stored(t)
	d = opened(t, d.path)
	for i := range text {
		refuses[*DamagedError](t, d, path, string(text[:i]))
		for _, mask := range []byte{0x01, 0x20, 0xff} {
			flipped := []byte(string(text))
			flipped[i] ^= mask
			refuses[*DamagedError](t, d, path, string(flipped))
		}
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	loads(t, d, "orders", at("a", 1), at("b", 22), connector.Position{Partition: "c", Token: "t"})
}

func sealed(body string) string { return body + checksum([]byte(body)) }

func TestForeignFileIsRefusedWithAReason(t *testing.T) {
	d, path, text := stored(t)
	d = opened(t, d.path)
	for content, reason := range map[string]string{
		"":                      "it is empty",
		"hello\n":               "it is no positions file",
		"acktor-positions 1\n":  "checksum does not match",
		"acktor-positions ":     "checksum does not match",
		string(text) + "\n":     "checksum does not match",
		string(text) + "more\n": "checksum does not match",
		sealed("acktor-positions 0\npipeline \"orders\"\n"):                                   `its first line is "acktor-positions 0"`,
		sealed("acktor-positions one\n"):                                                      `its first line is "acktor-positions one"`,
		sealed("acktor-positions 1\n"):                                                        "names no pipeline",
		sealed("acktor-positions 1\nposition \"\" 1 \"\"\n"):                                  "line 2 is",
		sealed("acktor-positions 1\npipeline \"other\"\n"):                                    `belongs to pipeline "other", not "orders"`,
		sealed("acktor-positions 1\npipeline \"orders\"\nposition \"a\" x \"\"\n"):            "line 3 is",
		sealed("acktor-positions 1\npipeline \"orders\"\nposition \"a\" 1 \n"):                "line 3 is",
		sealed("acktor-positions 1\npipeline \"orders\"\nposition a 1 \"\"\n"):                "line 3 is",
		sealed("acktor-positions 1\npipeline \"orders\"\nposition \"a\" 1 \"\"\nlate \"\"\n"): "line 4 is",
	} {
		if err := refuses[*DamagedError](t, d, path, content); !strings.Contains(err.Reason, reason) || err.Path != path {
			t.Errorf("%q: got %+v, want %s", content, err, reason)
		}
	}
}

func TestFileOfANewerEngineIsLeftUntouched(t *testing.T) {
	d, path, _ := stored(t)
	d = opened(t, d.path)
	err := refuses[*VersionError](t, d, path, sealed("acktor-positions 2\nsomething new\n"))
	if err.Found != 2 || err.Known != 1 || err.Path != path {
		t.Errorf("got %+v", err)
	}
}

func TestCrashWhileWritingLeavesTheOldPositions(t *testing.T) {
	d, path, text := stored(t)
	if err := os.WriteFile(path+".tmp", text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	d = opened(t, d.path)
	loads(t, d, "orders", at("a", 1), at("b", 22), connector.Position{Partition: "c", Token: "t"})
	save(t, d, "orders", at("a", 2))
	if got := tree(t, d.path); len(got) != 2 {
		t.Errorf("there is %q", got)
	}
}

func TestCrashAfterTheLockLeavesAnEmptyStore(t *testing.T) {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "lock"), []byte("no number"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := opened(t, path)
	loads(t, d, "orders")
	save(t, d, "orders", at("a", 1))
	loads(t, d, "orders", at("a", 1))
}

func TestSaveThatFailsIsToldAndTheNextOneWorks(t *testing.T) {
	d, path, _ := stored(t)
	d = opened(t, d.path)
	if err := os.Mkdir(path+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	err := d.Save(t.Context(), "orders", []connector.Position{at("a", 2)})
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), `"orders"`) {
		t.Errorf("got %v", err)
	}
	loads(t, d, "orders", at("a", 1), at("b", 22), connector.Position{Partition: "c", Token: "t"})
	_ = os.Remove(path + ".tmp")
	save(t, d, "orders", at("a", 2))
	loads(t, d, "orders", at("a", 2), at("b", 22), connector.Position{Partition: "c", Token: "t"})
}

func TestFileIsReadAgainAfterASaveThatFailed(t *testing.T) {
	d, path, _ := stored(t)
	d = opened(t, d.path)
	_ = os.Mkdir(path+".tmp", 0o700)
	if err := d.Save(t.Context(), "orders", []connector.Position{at("a", 2)}); err == nil {
		t.Fatal("saved")
	}
	// The failure may have come after the renaming: then the file has the new content.
	if err := os.WriteFile(path, encode("orders", ledger{"a": at("a", 2)}), 0o600); err != nil {
		t.Fatal(err)
	}
	loads(t, d, "orders", at("a", 2))
}

func TestKilledEngineLosesNothingThatWasSavedAndItsLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	for range 3 {
		writer := exec.CommandContext(t.Context(), os.Args[0])
		writer.Env = append(os.Environ(), writerVariable+"="+path)
		output, err := writer.StdoutPipe()
		if err == nil {
			err = writer.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		var told int64
		for told < 25 && lines.Scan() {
			told, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		_, err = OpenDirectory(path)
		if locked, ok := errors.AsType[*LockedError](err); !ok || locked.Process != writer.Process.Pid {
			t.Errorf("while the other runs: %v", err)
		}
		_ = writer.Process.Kill()
		for lines.Scan() {
			told, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		_ = writer.Wait()
		d := opened(t, path)
		got, err := d.Load(t.Context(), "orders")
		if err != nil || len(got) != 1 || got[0].Offset < told || told < 25 || got[0].Token != strconv.FormatInt(got[0].Offset, 10) {
			t.Errorf("told %d, found %v, %v", told, got, err)
		}
		_ = d.Close()
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("acktor-positions 1\npipeline \"orders\"\nposition \"a\" 1 \"\"\n")
	f.Add("acktor-positions 2\n")
	f.Fuzz(func(t *testing.T, body string) {
		positions, err := decode("path", "orders", []byte(sealed(body)))
		if err != nil {
			return
		}
		again, err := decode("path", "orders", encode("orders", positions))
		if err != nil || len(again) != len(positions) {
			t.Errorf("%q: %v becomes %v, %v", body, positions, again, err)
		}
	})
}
