package file

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rotatedLayout is what a rotated file has behind its name: the time of its rotation, so that names sort by age.
const rotatedLayout = "20060102T150405.000000Z"

// due reports whether the file must be rotated before size more bytes are written at now. An empty file never is.
func (s *sink) due(size int64, now time.Time) bool {
	r := s.config.Rotate
	if r == nil || s.size == 0 {
		return false
	}
	full := r.Size > 0 && s.size+size > int64(r.Size)
	old := r.Age > 0 && !s.wrote.UTC().Truncate(r.Age).Equal(now.UTC().Truncate(r.Age))
	return full || old
}

// rotate gives the file another name, so that the next open begins a new one. On an error the file
// keeps its name, and is opened again by the next write.
func (s *sink) rotate(now time.Time) error {
	if err := s.closeFile(); err != nil {
		return err
	}
	for {
		rotated := s.path + "." + now.UTC().Format(rotatedLayout)
		if _, err := os.Lstat(rotated); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(s.path, rotated); err != nil {
				return err
			}
			break
		} else if err != nil {
			return err
		}
		now = now.Add(time.Microsecond)
	}
	if err := s.prune(); err != nil {
		s.log.Warn("old files were not removed", slog.Any("error", err))
	}
	return nil
}

// prune removes the oldest rotated files beyond the number to be kept.
func (s *sink) prune() error {
	if s.config.Rotate.Keep == 0 {
		return nil
	}
	rotated, err := rotatedFiles(s.path)
	if err != nil {
		return err
	}
	for len(rotated) > s.config.Rotate.Keep {
		if err := os.Remove(rotated[0]); err != nil {
			return err
		}
		rotated = rotated[1:]
	}
	return nil
}

// rotatedFiles lists the rotated files of path, the oldest first. Only names that rotate gives are among them.
func rotatedFiles(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var rotated []string
	for _, entry := range entries {
		stamp, ok := strings.CutPrefix(entry.Name(), filepath.Base(path)+".")
		if !ok {
			continue
		}
		if _, err := time.Parse(rotatedLayout, stamp); err == nil {
			rotated = append(rotated, filepath.Join(filepath.Dir(path), entry.Name()))
		}
	}
	slices.Sort(rotated)
	return rotated, nil
}

// maxTorn is the longest half line that a crash is believed to have left.
const maxTorn = 64 << 20

var (
	errLocked  = errors.New("another sink is writing to it")
	errNoLines = errors.New("it does not end in a newline: it seems not to be a file of lines")
)

// openAppend opens path to append to it, and takes it for this sink alone.
func openAppend(path string, mode fs.FileMode, log *slog.Logger) (handle, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return nil, err
	}
	if err = lock(file); err == nil {
		err = mend(file, mode, log)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	return file, nil
}

// mend moves the half line that stands at the end of file after a crash to a file beside it.
func mend(file *os.File, mode fs.FileMode, log *slog.Logger) error {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	good, err := lastNewline(file, info.Size(), info.Size())
	if err != nil || good == info.Size() {
		return err
	}
	if info.Size()-good > maxTorn {
		return errNoLines
	}
	half := make([]byte, info.Size()-good)
	if _, err := file.ReadAt(half, good); err != nil {
		return err
	}
	torn := file.Name() + ".torn"
	if err := appendFile(torn, half, mode); err != nil {
		return err
	}
	log.Warn("half a line at the end of the file was moved away", slog.Int("bytes", len(half)), slog.String("to", torn))
	return file.Truncate(good)
}

func appendFile(path string, text []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	return errors.Join(err, file.Sync(), file.Close())
}
