package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/acktor/acktor/store"
)

// recover looks at a database whose last engine did not close it, before SQLite does. It returns what was lost.
func (s *Store) recover(ctx context.Context, path string) (lost string, err error) {
	wal := path + "-wal"
	info, err := os.Stat(wal)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return "", nil // it was closed
	}
	if err != nil {
		return "", explainFile(err)
	}
	gap, err := scanLog(wal)
	if err != nil {
		return "", explainFile(err)
	}
	if lost = gap.String(); lost != "" {
		kept := fmt.Sprintf("%s.damaged-%d", wal, time.Now().UnixNano())
		if err := copyFile(kept, wal); err != nil {
			kept = fmt.Sprintf("nowhere (%v)", err)
		}
		lost += "; the log as it was is kept in " + kept
	}
	return lost, s.check(ctx, path)
}

// check returns a DamagedError when the structure of the database is broken.
func (s *Store) check(ctx context.Context, path string) error {
	return s.once(ctx, source(path, "ro", "busy_timeout(10000)"), func(db *sql.DB) error {
		var result string
		if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&result); err != nil {
			return err
		}
		if result != "ok" {
			return &store.DamagedError{Path: path, Reason: result}
		}
		return nil
	})
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	if _, err = io.Copy(target, source); err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close())
}

// logGap is a place in a write-ahead log where SQLite stops reading, with whole frames behind it.
type logGap struct {
	frame   int // the first one that does not match; 0 is the header
	commits int // transactions that end in it or behind it
	behind  int // those of them that end behind it
}

// String says what a gap means, or "" where there is none.
func (g logGap) String() string {
	switch {
	case g.behind == 0:
		return ""
	case g.commits == 1:
		return fmt.Sprintf("frame %d of the write-ahead log does not match its checksum, and one transaction ends behind it: it is lost, unless the power failed while it was written, before anybody was told that it was kept", g.frame)
	}
	return fmt.Sprintf("frame %d of the write-ahead log does not match its checksum, and %d transactions that had been kept end in it or behind it: they are lost", g.frame, g.commits)
}

// The form of a write-ahead log: https://www.sqlite.org/fileformat2.html, section 4.
const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // with the lowest bit set, checksums are over big-endian numbers
)

// logSum is the checksum of a log, over all frames up to one.
type logSum struct {
	order  interface{ Uint32([]byte) uint32 }
	s0, s1 uint32
}

func (c *logSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

// is reports whether the sum is the one that stands at b.
func (c *logSum) is(b []byte) bool {
	return c.s0 == binary.BigEndian.Uint32(b) && c.s1 == binary.BigEndian.Uint32(b[4:])
}

// goOn continues from the sum that stands at b.
func (c *logSum) goOn(b []byte) {
	c.s0, c.s1 = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
}

// scanLog looks for whole frames behind the first that is not. Each frame's checksum goes on from that of the one before, as
// that is written there; so frames behind a broken one can be told from old or torn ones.
func scanLog(path string) (gap logGap, err error) {
	file, err := os.Open(path)
	if err != nil {
		return gap, err
	}
	defer func() { _ = file.Close() }() // it was only read
	in := bufio.NewReaderSize(file, 1<<20)
	header := make([]byte, logHeader)
	if _, err := io.ReadFull(in, header); err != nil {
		return gap, whole(err)
	}
	sum := logSum{order: binary.LittleEndian}
	if binary.BigEndian.Uint32(header) == logMagic|1 {
		sum.order = binary.BigEndian
	}
	size := binary.BigEndian.Uint32(header[8:])
	if size < 512 || size > 65536 || size&(size-1) != 0 {
		size = pageSize // the header is broken; what follows is as we write it
	}
	sum.add(header[:24])
	broken := !sum.is(header[24:]) || binary.BigEndian.Uint32(header)&^1 != logMagic
	sum.goOn(header[24:])
	if broken {
		sum.order = binary.NativeEndian // what the header says is not to be relied on; this is how SQLite writes
	}
	return scanFrames(in, header, sum, int(size), broken)
}

func scanFrames(in io.Reader, header []byte, sum logSum, size int, broken bool) (gap logGap, err error) {
	frame := make([]byte, frameHeader+size)
	salts := string(header[16:24])
	for number := 1; ; number++ {
		if _, err := io.ReadFull(in, frame); err != nil {
			return gap, whole(err)
		}
		if broken && number == 1 {
			salts = string(frame[8:16]) // the header's are not to be relied on
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		ours := string(frame[8:16]) == salts
		matches, commits := ours && sum.is(frame[16:]), ours && binary.BigEndian.Uint32(frame[4:]) != 0
		if !broken && !matches {
			broken, gap.frame = true, number
			if commits {
				gap.commits++
			}
		} else if broken && matches && commits {
			gap.commits++
			gap.behind++
		}
		sum.goOn(frame[16:])
	}
}

// whole takes the end of the file for no error: a torn end is harmless.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
