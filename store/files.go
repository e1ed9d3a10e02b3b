package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	directoryMode = 0o750
	fileMode      = 0o640
	extension     = ".positions"
	// maxName bounds an escaped name, in bytes: file systems take 255, and there are the extensions.
	maxName = 200
)

// fileName is the name of the file of a pipeline. Different pipelines have different names, also on file
// systems that do not tell upper case from lower, and none leads out of the directory: every byte but a-z,
// 0-9, - and _ is written %XX. A long name ends in its hash.
func fileName(pipeline string) string {
	var b strings.Builder
	for i := range len(pipeline) {
		c := pipeline[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	name := b.String()
	if name == "" {
		name = "%"
	}
	if len(name) > maxName {
		name = fmt.Sprintf("%s~%x", name[:maxName/2], sha256.Sum256([]byte(pipeline)))
	}
	return name + extension
}

// replace makes content the content of the file at path, in one step and durably. After an error the file has
// its old content or the new.
func replace(path string, content []byte) error {
	temporary := path + ".tmp"
	if err := write(temporary, content); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// makeDirectory makes the directory path, and those above it, durably. It is no error when it is there.
func makeDirectory(path string) error {
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", path)
		}
		return nil
	}
	parent := filepath.Dir(path)
	if err := makeDirectory(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, directoryMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDirectory(parent)
}

// exists reports whether something is at path.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
