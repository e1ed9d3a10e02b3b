package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/store"
)

// crashed returns the files of an engine that kept so many changes, one entry each, and then was cut off.
func crashed(t *testing.T, changes int) map[string][]byte {
	t.Helper()
	s := opened(t, filepath.Join(t.TempDir(), "data"))
	for i := range changes {
		e := &store.Entry{Pipeline: "orders", Record: &connector.Record{ID: connector.RecordID(fmt.Sprint(i)), Data: make([]byte, 100*i)}}
		if err := s.Keep(t.Context(), &store.Change{Add: []*store.Entry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string][]byte{}
	for _, name := range []string{"acktor.db", "acktor.db-wal"} {
		content, err := os.ReadFile(filepath.Join(s.path, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = content
	}
	return files
}

func place(t *testing.T, files map[string][]byte, log []byte) (path string) {
	t.Helper()
	path = t.TempDir()
	for name, content := range files {
		if name == "acktor.db-wal" {
			content = log
		}
		if err := os.WriteFile(filepath.Join(path, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// recovered opens a crashed directory and returns how many entries are there, and what is reported as lost.
func recovered(t *testing.T, path string) (entries int, lost []store.Damage) {
	t.Helper()
	s := opened(t, path)
	list, err := s.Fresh(t.Context(), "orders", 0, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	if lost, err = s.Damage(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return len(list), lost
}

func TestTornEndOfTheLogIsNoDamage(t *testing.T) {
	files := crashed(t, 6)
	log := files["acktor.db-wal"]
	last := 0
	for _, cut := range []int{0, 10, logHeader, logHeader + 10, len(log) / 2, len(log) - pageSize - frameHeader, len(log) - 100, len(log) - 1, len(log)} {
		n, lost := recovered(t, place(t, files, log[:cut]))
		if len(lost) != 0 || n < last {
			t.Errorf("cut at %d: %d entries, lost %v", cut, n, lost)
		}
		last = n
	}
	if last != 6 {
		t.Errorf("the whole log has %d entries", last)
	}
	if n, lost := recovered(t, place(t, files, append(log[:len(log):len(log)], make([]byte, 9000)...))); n != 6 || len(lost) != 0 {
		t.Errorf("with zeros at the end: %d entries, lost %v", n, lost)
	}
}

func TestBrokenFrameInTheMiddleOfTheLogIsReportedAndTheLogIsKept(t *testing.T) {
	files := crashed(t, 6)
	log := append([]byte(nil), files["acktor.db-wal"]...)
	log[len(log)/2] ^= 4
	path := place(t, files, log)
	n, lost := recovered(t, path)
	if n >= 6 || len(lost) != 1 || lost[0].Part != "wal" || !strings.Contains(lost[0].Reason, "transactions that had been kept end in it or behind it: they are lost") {
		t.Errorf("%d entries, lost %+v", n, lost)
	}
	kept, _ := filepath.Glob(filepath.Join(path, "acktor.db-wal.damaged-*"))
	if len(kept) != 1 || !strings.Contains(lost[0].Reason, kept[0]) {
		t.Fatalf("kept %q", kept)
	}
	if copied, err := os.ReadFile(kept[0]); err != nil || string(copied) != string(log) {
		t.Errorf("the copy is another: %v", err)
	}
	if n2, lost2 := recovered(t, path); n2 != n || len(lost2) != 1 {
		t.Errorf("at the next start: %d entries, lost %+v", n2, lost2)
	}
}

// Whatever bit flips: what is lost of what had been kept is reported, but for the last transaction, which cannot be told from a torn end.
func TestAnyFlippedBitInTheLogIsHarmlessOrReported(t *testing.T) {
	const changes = 6
	files := crashed(t, changes)
	log := files["acktor.db-wal"]
	random := rand.New(rand.NewPCG(1, 2))
	bits := []int{0, 24, 31, 8 * 9, 8*10 + 5, 8 * 14, 8 * 17, 8 * 25, 8*logHeader + 7, 8*logHeader + 8*5, 8*logHeader + 8*9, 8*logHeader + 8*17}
	for range 8 {
		bits = append(bits, random.IntN(8*len(log)))
	}
	for _, bit := range bits {
		flipped := append([]byte(nil), log...)
		flipped[bit/8] ^= 1 << (bit % 8)
		n, lost := recovered(t, place(t, files, flipped))
		if n < changes-1 && len(lost) == 0 {
			t.Errorf("bit %d: %d of %d entries are there, and nothing is reported", bit, n, changes)
		}
		if n == changes && len(lost) > 0 {
			t.Errorf("bit %d: nothing is lost, and %v is reported", bit, lost)
		}
	}
}

func TestFlippedBitInTheHeaderOfTheLogIsNoticed(t *testing.T) {
	log := crashed(t, 2)["acktor.db-wal"]
	path := filepath.Join(t.TempDir(), "log")
	for bit := 0; bit < 8*logHeader; bit += 3 {
		log[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, log, 0o600); err != nil {
			t.Fatal(err)
		}
		if gap, err := scanLog(path); gap.commits < 3 || err != nil {
			t.Errorf("bit %d: %+v, %v", bit, gap, err)
		}
		log[bit/8] ^= 1 << (bit % 8)
	}
}

func TestBrokenDatabaseIsRefused(t *testing.T) {
	files := crashed(t, 1)
	s := opened(t, place(t, files, files["acktor.db-wal"]))
	change := &store.Change{}
	for range 300 {
		change.Add = append(change.Add, &store.Entry{Pipeline: "orders", Record: &connector.Record{ID: "a", Data: make([]byte, 500)}})
	}
	if err := s.Keep(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	content, err := os.ReadFile(s.database())
	if err != nil {
		t.Fatal(err)
	}
	for page := 3; page < len(content)/pageSize; page += 2 {
		copy(content[page*pageSize:], "\x0d\xff\xff\xff\xff\xff\xff\xff")
	}
	path := place(t, map[string][]byte{"acktor.db": content, "acktor.db-wal": nil}, files["acktor.db-wal"][:logHeader])
	_, err = Open(t.Context(), path, Options{})
	if damaged, ok := errors.AsType[*store.DamagedError](err); !ok || damaged.Path != filepath.Join(path, "acktor.db") {
		t.Errorf("got %v", err)
	}
	if now, _ := os.ReadFile(filepath.Join(path, "acktor.db")); string(now) != string(content) {
		t.Error("the database was changed")
	}
}

func TestForeignFileIsRefusedAndLeftAsItIs(t *testing.T) {
	foreign := opened(t, t.TempDir())
	save(t, foreign, "orders", at("a", 1))
	_ = foreign.Close()
	for want, statement := range map[string]string{
		"it is a database of another program":                               `PRAGMA application_id = 7`,
		"has schema version 9, and this engine knows":                       `UPDATE acktor_schema_version SET version = 9`,
		"it is no SQLite database: restore it from a backup, or move it aw": ``,
	} {
		content, err := os.ReadFile(foreign.database())
		if err != nil {
			t.Fatal(err)
		}
		if statement == "" {
			content = []byte(strings.Repeat("some text\n", 1000))
		}
		path := filepath.Join(t.TempDir(), "acktor.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if statement != "" {
			execute(t, path, statement)
		}
		before, _ := os.ReadFile(path)
		if _, err := Open(t.Context(), filepath.Dir(path), Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %s", err, want)
		}
		after, _ := os.ReadFile(path)
		if string(before) != string(after) {
			t.Errorf("%s: the file was changed", want)
		}
		if got := tree(t, filepath.Dir(path)); len(got) != 2 {
			t.Errorf("there is %q", got)
		}
	}
}
