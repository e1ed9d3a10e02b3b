package suite

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/acktor/acktor/bench/ledger"
)

// maxInput bounds the size of an input file.
const maxInput = 512 << 20

// files are those that heats read and write, in a directory that belongs to the suite.
type files struct {
	directory string
	made      map[string]string // inputs by what is in them
	heats     int
}

func newFiles(parent string) (*files, error) {
	directory, err := os.MkdirTemp(parent, "acktor-bench-")
	if err != nil {
		return nil, err
	}
	return &files{directory: directory, made: map[string]string{}}, nil
}

// places returns where a heat may keep positions and where it may write its output; neither exists yet.
func (f *files) places() (store, output string, err error) {
	f.heats++
	heat := filepath.Join(f.directory, fmt.Sprintf("heat-%d", f.heats))
	return filepath.Join(heat, "store"), filepath.Join(heat, "output"), os.Mkdir(heat, 0o700)
}

// clear removes what a heat wrote.
func (f *files) clear(rig *Rig) error { return os.RemoveAll(filepath.Dir(rig.Output)) }

// forget removes the inputs.
func (f *files) forget() error {
	var all []error
	for _, path := range f.made {
		all = append(all, os.Remove(path))
	}
	clear(f.made)
	return errors.Join(all...)
}

func (f *files) close() error { return os.RemoveAll(f.directory) }

// input returns a file with the records from 1 to records, one a line.
func (f *files) input(form *ledger.Form, records int64) (string, error) {
	key := fmt.Sprint(records, *form)
	if path, ok := f.made[key]; ok {
		return path, nil
	}
	path := filepath.Join(f.directory, fmt.Sprintf("input-%d-%d", form.Size, len(f.made)))
	if err := writeInput(path, form, records); err != nil {
		return "", err
	}
	f.made[key] = path
	return path, nil
}

func writeInput(path string, form *ledger.Form, records int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	writer := bufio.NewWriterSize(file, 1<<20)
	var line []byte
	for n := int64(1); n <= records; n++ {
		line = append(form.Append(line[:0], n), '\n')
		if _, err := writer.Write(line); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(writer.Flush(), file.Close())
}

// readOutput makes the ledger of a file.
func readOutput(path string) (ledger.Page, error) {
	book := ledger.New()
	file, err := os.Open(path)
	if err != nil {
		return book.Page(), err
	}
	defer file.Close() //nolint:errcheck // it was only read
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 1<<20), 1<<20)
	for scanner.Scan() {
		book.Take(scanner.Bytes())
	}
	return book.Page(), scanner.Err()
}
