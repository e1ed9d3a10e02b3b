package file

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/acktor/acktor/connector"
)

// resume continues behind a position: in the file at the path, or in the one that stood there and was renamed.
func (t *tail) resume(from connector.Position) error {
	id, generation, err := parseToken(from.Token)
	if err != nil {
		return err
	}
	t.generation = generation
	file, renamed := id.openIf(t.path), false
	if file == nil {
		file, renamed = id.find(t.path), true
	}
	if file == nil {
		return t.restart("the file was replaced")
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if info.Size() < from.Offset {
		return errors.Join(file.Close(), t.restart("the file was truncated"))
	}
	err = t.use(file, from.Offset)
	t.draining, t.grown = renamed, time.Now()
	return err
}

// restart reads what stands at the path from its beginning, as a file not seen before.
func (t *tail) restart(why string) error {
	t.log.Warn("reading from the beginning", slog.String("why", why))
	t.generation++
	t.lines.Reset(0)
	return t.open(0)
}

// over reports whether the end of the file, which was just reached, is final.
func (t *tail) over() bool {
	return !t.config.Follow || t.draining && time.Since(t.grown) >= t.config.RotateWait
}

// watch looks whether the file was truncated, rewritten or replaced, before more of it is read.
func (t *tail) watch() error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if same, err := t.identity.is(t.file); err != nil {
		return err
	} else if !same || info.Size() < t.lines.Taken() {
		return t.rewind(0)
	}
	if info.Size() < t.lines.Filled() { // an unfinished line was taken back
		return t.rewind(t.lines.Taken())
	}
	at, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // renamed or removed, and nothing stands in its place yet
	}
	if err != nil {
		return err
	}
	if !os.SameFile(info, at) {
		t.log.Info("the file was rotated")
		t.draining, t.grown = true, time.Now()
	}
	return nil
}

// rewind reads the same file again from offset; from 0 it counts as another file.
func (t *tail) rewind(offset int64) error {
	if offset == 0 {
		t.log.Warn("reading from the beginning", slog.String("why", "the file was truncated"))
		t.generation++
	}
	file := t.file
	t.file = nil
	return t.use(file, offset)
}

// succeed goes on to the file that stands at the path now, or returns errFinished.
func (t *tail) succeed() error {
	if !t.draining {
		return errFinished
	}
	if err := t.close(); err != nil {
		return err
	}
	t.draining = false
	t.generation++
	t.lines.Reset(0)
	if err := t.appear(); err != nil || t.file != nil {
		return err
	}
	if !t.config.Follow {
		return errFinished
	}
	return nil
}

// appear opens the file at the path if there is one.
func (t *tail) appear() error {
	file, err := openRegular(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.use(file, 0)
}

// endOfLines returns the offset just behind the last newline in file; when the last limit bytes have
// none, the size.
func endOfLines(file *os.File, limit int64) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	offset, err := lastNewline(file, size, limit)
	if offset == 0 && size > limit {
		return size, err
	}
	return offset, err
}

// lastNewline returns the offset just behind the last newline in the last limit bytes of a file of that
// size, or 0.
func lastNewline(file io.ReaderAt, size, limit int64) (int64, error) {
	block := make([]byte, 64<<10)
	for end := size; end > max(0, size-limit); {
		begin := max(0, end-int64(len(block)))
		n, err := file.ReadAt(block[:end-begin], begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := n - 1; i >= 0; i-- {
			if block[i] == '\n' {
				return begin + int64(i) + 1, nil
			}
		}
		end = begin
	}
	return 0, nil
}
